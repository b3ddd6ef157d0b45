// An independent grammar of SOQL: @jetstreamapp/soql-parser-js.
'use strict';
const { parseQuery } = require('@jetstreamapp/soql-parser-js');

// For each text null when it is accepted, or why it is not.
exports.refusals = ({ texts }) =>
  texts.map((text) => {
    try {
      parseQuery(text);
      return null;
    } catch (error) {
      return String(error.message);
    }
  });

exports.parsed = ({ text }) => parseQuery(text);
