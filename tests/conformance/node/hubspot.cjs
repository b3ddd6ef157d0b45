// @hubspot/api-client against the simulated portal. Every function takes the `login` block of HubSpot.
'use strict';
const { Client } = require('@hubspot/api-client');
const clients = new Map();

function client({ login }) {
  const key = `${login.base_url} ${login.access_token}`; // sandboxes of the same seed have the same tokens
  if (!clients.has(key)) {
    clients.set(key, new Client({ accessToken: login.access_token, basePath: login.base_url }));
  }
  return clients.get(key);
}

const plain = (value) => JSON.parse(JSON.stringify(value));

exports.refresh = async (args) => {
  const { login } = args;
  const answer = await client(args).oauth.tokensApi.create(
    'refresh_token', undefined, undefined, login.client_id, login.client_secret, login.refresh_token);
  return plain(answer);
};

exports.getAll = async (args) => (await client(args).crm[args.kind].getAll()).map((r) => r.id);
exports.page = async (args) =>
  plain(await client(args).crm[args.kind].basicApi.getPage(args.limit, args.after, args.properties));
exports.create = async (args) =>
  plain(await client(args).crm[args.kind].basicApi.create({ properties: args.properties, associations: [] }));
exports.get = async (args) => plain(await client(args).crm[args.kind].basicApi.getById(args.id, args.properties));
exports.update = async (args) =>
  plain(await client(args).crm[args.kind].basicApi.update(args.id, { properties: args.properties }));
exports.archive = (args) => client(args).crm[args.kind].basicApi.archive(args.id);
exports.search = async (args) => plain(await client(args).crm[args.kind].searchApi.doSearch(args.search));
exports.batchCreate = async (args) => plain(await client(args).crm[args.kind].batchApi.create({ inputs: args.inputs }));
exports.batchRead = async (args) =>
  plain(await client(args).crm[args.kind].batchApi.read({ inputs: args.inputs, properties: args.properties }));
exports.batchUpdate = async (args) => plain(await client(args).crm[args.kind].batchApi.update({ inputs: args.inputs }));
exports.batchUpsert = async (args) =>
  plain(await client(args).crm.objects.batchApi.upsert(args.kind, { inputs: args.inputs }));
exports.batchArchive = (args) => client(args).crm[args.kind].batchApi.archive({ inputs: args.inputs });
exports.labels = async (args) =>
  plain(await client(args).crm.associations.v4.schema.definitionsApi.getAll(args.from, args.to));
exports.associate = async (args) => {
  const api = client(args).crm.associations.v4.basicApi;
  await api.createDefault(args.from, args.fromId, args.to, args.toId);
  return plain(await api.getPage(args.from, args.fromId, args.to));
};
exports.unassociate = (args) =>
  client(args).crm.associations.v4.basicApi.archive(args.from, args.fromId, args.to, args.toId);
exports.properties = async (args) => (await client(args).crm.properties.coreApi.getAll(args.kind)).results.map((p) => p.name);
exports.createProperty = async (args) => plain(await client(args).crm.properties.coreApi.create(args.kind, args.property));
exports.archiveProperty = (args) => client(args).crm.properties.coreApi.archive(args.kind, args.name);
exports.owners = async (args) => plain(await client(args).crm.owners.ownersApi.getPage());
exports.pipelines = async (args) => plain(await client(args).crm.pipelines.pipelinesApi.getAll(args.kind));
exports.schemas = async (args) => plain(await client(args).crm.schemas.coreApi.getAll());
exports.raw = async (args) => {
  const answer = await client(args).apiRequest({ method: 'GET', path: args.path });
  return { status: answer.status, body: await answer.json() };
};
