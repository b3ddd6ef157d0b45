// jsforce against the simulated org. Every function takes the `login` block of Salesforce.
'use strict';
const { Connection } = require('jsforce');
const connections = new Map();

function connected({ login }) {
  const { base_url: instanceUrl, access_token: accessToken, api_version: version } = login;
  const key = `${instanceUrl} ${accessToken}`; // sandboxes of the same seed have the same tokens
  if (!connections.has(key)) {
    connections.set(key, new Connection({ instanceUrl, accessToken, version }));
  }
  return connections.get(key);
}

async function authorized({ login }) {
  const connection = new Connection({
    oauth2: { clientId: login.client_id, clientSecret: login.client_secret, loginUrl: login.base_url },
    version: login.api_version,
  });
  return { connection, user: await connection.authorize({ grant_type: 'client_credentials' }) };
}

exports.clientCredentials = async (args) => {
  const { connection, user } = await authorized(args);
  return { user, found: (await connection.query('SELECT Id FROM User LIMIT 1')).totalSize };
};

exports.jwt = async ({ login, assertion }) => {
  const connection = new Connection({
    oauth2: { clientId: login.client_id, loginUrl: login.base_url },
    version: login.api_version,
  });
  return connection.authorize({ grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion });
};

exports.versions = (args) => connected(args).request('/services/data/');
exports.identity = async (args) => (await authorized(args)).connection.identity();
exports.describeGlobal = async (args) => (await connected(args).describeGlobal()).sobjects.map((o) => o.name);
exports.describe = async (args) => {
  const found = await connected(args).describe(args.object);
  return Object.fromEntries(found.fields.map((f) => [f.name, f.type]));
};

exports.queryMore = async (args) => {
  const sizes = [];
  let page = await connected(args).query(args.soql);
  const total = page.totalSize;
  sizes.push(page.records.length);
  while (!page.done) {
    page = await connected(args).queryMore(page.nextRecordsUrl);
    sizes.push(page.records.length);
  }
  return { total, sizes };
};

exports.autoFetch = async (args) => {
  const options = { autoFetch: true, maxFetch: 10000, headers: { 'Sforce-Query-Options': 'batchSize=200' } };
  const records = [];
  await new Promise((resolve, reject) => {
    connected(args).query(args.soql, options)
      .on('record', (r) => records.push(r.Id)).on('end', resolve).on('error', reject).run(options);
  });
  return new Set(records).size;
};

exports.query = async (args) => (await connected(args).query(args.soql)).records;
exports.find = (args) => connected(args).sobject(args.object).find(args.where, args.fields).sort(args.sort).limit(args.limit);
exports.count = (args) => connected(args).sobject(args.object).count(args.where);
const many = { allowRecursive: true };
exports.create = (args) =>
  connected(args).sobject(args.object).create(args.records, { allOrNone: args.allOrNone ?? false, ...many });
exports.retrieve = (args) => connected(args).sobject(args.object).retrieve(args.ids);
exports.update = (args) => connected(args).sobject(args.object).update(args.records, many);
exports.upsert = (args) => connected(args).sobject(args.object).upsert(args.records, args.key, many);
exports.destroy = (args) => connected(args).sobject(args.object).destroy(args.ids, many);
exports.updated = (args) => connected(args).sobject(args.object).updated(new Date(args.from), new Date(args.to));
exports.deleted = (args) => connected(args).sobject(args.object).deleted(new Date(args.from), new Date(args.to));

exports.limits = async (args) => {
  const connection = connected(args);
  return { limits: await connection.limits(), info: connection.limitInfo };
};

exports.composite = (args) =>
  connected(args).requestPost('/composite', { allOrNone: args.allOrNone, compositeRequest: args.requests });

exports.bulkIngest = async (args) => {
  const { object, operation, externalIdFieldName } = args;
  const job = connected(args).bulk2.createJob({ object, operation, externalIdFieldName });
  await job.open();
  await job.uploadData(args.records);
  await job.close();
  await job.poll(50, 20000);
  const { successfulResults, failedResults, unprocessedRecords } = await job.getAllResults();
  return { info: await job.check(), successfulResults, failedResults, unprocessedRecords };
};

exports.bulkQuery = async (args) => {
  const stream = await connected(args).bulk2.query(args.soql, { pollInterval: 50, pollTimeout: 20000 });
  return stream.toArray();
};

exports.metadataRead = (args) => connected(args).metadata.read(args.type, args.names);
exports.metadataCreate = (args) => connected(args).metadata.create(args.type, args.metadata);
exports.metadataDelete = (args) => connected(args).metadata.delete(args.type, args.names);
exports.metadataList = (args) => connected(args).metadata.list([{ type: args.type }], args.login.api_version);
exports.merge = (args) =>
  connected(args).soap.merge({
    masterRecord: { type: args.object, Id: args.master },
    recordToMergeIds: args.losers,
  });
exports.undelete = (args) => connected(args).soap.undelete(args.ids);
exports.tree = (args) => connected(args).requestPost(`/composite/tree/${args.object}`, { records: args.records });
