// One process for a whole test session: a line of JSON asks for a function of a driver beside this file, a line answers.
// {"id": 1, "driver": "jsforce", "call": "limits", "args": {…}}  →  {"id": 1, "result": …} or {"id": 1, "error": {…}}
'use strict';
const readline = require('node:readline');
const drivers = new Set(['hubspot', 'jsforce', 'soql', 'zendesk']);

function told(error) {
  return {
    name: error.name || 'Error',
    message: String(error.message || error),
    code: error.errorCode || error.code || error.statusCode || null,
    stack: error.stack || '',
  };
}

async function answer({ id, driver, call, args }) {
  try {
    if (!drivers.has(driver)) throw new Error(`no driver ${driver}`);
    const result = await require(`./${driver}.cjs`)[call](args);
    return { id, result: result === undefined ? null : result };
  } catch (error) {
    return { id, error: told(error) };
  }
}

console.log = console.error; // standard output belongs to the answers
readline.createInterface({ input: process.stdin }).on('line', async (line) => {
  process.stdout.write(JSON.stringify(await answer(JSON.parse(line))) + '\n');
});
