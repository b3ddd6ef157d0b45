// node-zendesk against the simulated account. Every function takes the `login` block of Zendesk.
'use strict';
const { createClient } = require('node-zendesk');
const clients = new Map();

function client({ login }) {
  const key = `${login.base_url} ${login.access_token}`; // sandboxes of the same seed have the same tokens
  if (!clients.has(key)) {
    const endpointUri = `${login.base_url}/api/v2`;
    const options = { oauth: true, token: login.access_token, endpointUri, throwOriginalException: true };
    clients.set(key, createClient({ ...options, get: (key) => options[key] }));
  }
  return clients.get(key);
}

const unwrapped = (answer) => (answer.result && answer.result.job_status) || answer.result || answer;

exports.me = async (args) => unwrapped(await client(args).users.me());
exports.list = async (args) => client(args)[args.kind].list();
exports.show = async (args) => unwrapped(await client(args)[args.kind].show(args.id));
exports.showMany = async (args) => unwrapped(await client(args)[args.kind].showMany(args.ids));
exports.create = async (args) => unwrapped(await client(args)[args.kind].create(args.record));
exports.update = async (args) => unwrapped(await client(args)[args.kind].update(args.id, args.record));
exports.remove = async (args) => unwrapped(await client(args)[args.kind].delete(args.id));
exports.createMany = async (args) => unwrapped(await client(args)[args.kind].createMany(args.records));
exports.updateMany = async (args) => unwrapped(await client(args)[args.kind].updateMany(args.records));
exports.createOrUpdate = async (args) => unwrapped(await client(args)[args.kind].createOrUpdate(args.record));
exports.job = async (args) => unwrapped(await client(args).jobstatuses.show(args.id));
exports.search = async (args) => client(args).search.queryAll(args.query);
exports.incremental = async (args) => client(args)[args.kind].incremental(args.start);
exports.identities = async (args) => client(args).useridentities.list(args.id);
