import { routes } from '../../../src/api/routes/all.ts';
import { blobGet, ticketHeader } from '../../../src/api/routes/blob-get.ts';
import { blobPut } from '../../../src/api/routes/blob-put.ts';
import { blobsPost, carMediaType } from '../../../src/api/routes/blobs-post.ts';
import { blockGet } from '../../../src/api/routes/block-get.ts';
import { blockKeptGet } from '../../../src/api/routes/block-kept-get.ts';
import { blockWholeGet } from '../../../src/api/routes/block-whole-get.ts';
import { bodiesPost } from '../../../src/api/routes/bodies-post.ts';
import { cardGet } from '../../../src/api/routes/card-get.ts';
import { cardsPost } from '../../../src/api/routes/cards-post.ts';
import { enrolPost } from '../../../src/api/routes/enrol-post.ts';
import { erasePost } from '../../../src/api/routes/erase-post.ts';
import { eventsGet } from '../../../src/api/routes/events-get.ts';
import { genesisGet } from '../../../src/api/routes/genesis-get.ts';
import { grantsGet } from '../../../src/api/routes/grants-get.ts';
import { headerGet } from '../../../src/api/routes/header-get.ts';
import { headerTurnsGet } from '../../../src/api/routes/header-turns-get.ts';
import { inboxEntryDelete } from '../../../src/api/routes/inbox-entry-delete.ts';
import { inboxGet } from '../../../src/api/routes/inbox-get.ts';
import { inboxPost } from '../../../src/api/routes/inbox-post.ts';
import { invitationsGet } from '../../../src/api/routes/invitations-get.ts';
import { invitationsPost } from '../../../src/api/routes/invitations-post.ts';
import { itemsGet } from '../../../src/api/routes/items-get.ts';
import { itemsPost } from '../../../src/api/routes/items-post.ts';
import { logConsistencyGet } from '../../../src/api/routes/log-consistency-get.ts';
import { logHeadsGet } from '../../../src/api/routes/log-heads-get.ts';
import { lookupPost } from '../../../src/api/routes/lookup-post.ts';
import { readPost } from '../../../src/api/routes/read-post.ts';
import { receiptGet } from '../../../src/api/routes/receipt-get.ts';
import { sessionPost } from '../../../src/api/routes/session-post.ts';
import { stateGet } from '../../../src/api/routes/state-get.ts';
import { statePost } from '../../../src/api/routes/state-post.ts';
import { txGet } from '../../../src/api/routes/tx-get.ts';
import { txPost } from '../../../src/api/routes/tx-post.ts';
import { walletGet } from '../../../src/api/routes/wallet-get.ts';
import { walletKeptGet } from '../../../src/api/routes/wallet-kept-get.ts';
import { walletPut } from '../../../src/api/routes/wallet-put.ts';
import { walletShardGet } from '../../../src/api/routes/wallet-shard-get.ts';
import { walletShardPut } from '../../../src/api/routes/wallet-shard-put.ts';
import { whoGet } from '../../../src/api/routes/who-get.ts';
import { copyWrapBytes } from '../../../src/api/wallet-copy.ts';
import { labels } from '../../../src/crypto/labels.ts';
import { utf8 } from '../../../src/primitives/bytes.ts';
import { type Cbor, encodeCbor } from '../../../src/primitives/cbor.ts';
import { blobIdOf } from '../../../src/storage/blob-id.ts';
import { encodeCar } from '../../../src/storage/car.ts';
import { someBlob } from '../../world.ts';
import { json, obj, requestIn, type Seed, sampleRequest } from './http-seed.ts';
import { joined } from './sealed.ts';

const none = new Uint8Array(0);

function tx(who: string, log: string, acts: readonly Cbor[], sender = `{${who}}`): Seed {
  const nonce = who === 'writer' ? 1 : `{next:${who}}`;
  const body = [2, 1, '{chain}', log, sender, nonce, '{soon}', acts];
  return { route: txPost, query: '?waitMs=1500', body: json({ tx: ['tx', who, body] }) };
}

function read(what: Cbor, grant = 'reading'): Seed {
  const request = [
    ...[2, 42, '{chain}', '{north}', `{${grant}.id}`, `{${grant}.body}`, `{${grant}.salt}`, what],
    ...['TREAT', '{nonce}', '{now}', '{doctor}', '{doctor.key}'],
  ];
  return {
    route: readPost,
    body: json({ request: ['sign', labels.readSign, 'doctor', request] }),
  };
}

const row = ['{waiting.salt}', '{waiting.leafContent}', '{waiting.header}'];
const order = ['{ana}', '{writing.id}', 1, '{waiting.root}', 1];
const writeConsent = [
  ...['{writing.id}', '{writing.body}', '{writing.salt}'],
  ['signature', labels.itemsSign, 'writer', order],
];
const message = (to: string): Cbor => [
  ...[2, 43, '{chain}', to, '{doctor}', '{doctor.key}', new Uint8Array(1_200).fill(7), '{now}'],
];
const proof = ['{chain}', '{north}', '{ana}', '{challenge:ana}'];

const letter = json({ message: ['sign', labels.inboxSign, 'doctor', message('{ana}')] });
const opened = json({
  account: '{ana}',
  challenge: ['b64', '{challenge:ana}'],
  publicKey: ['b64', '{ana.key}'],
  signature: ['signature', labels.sessionSign, 'ana', proof],
});
const eraseOrder = [2, 45, '{chain}', '{ana}', '{ana.key}', ['{leaf}'], '{now}'];
const newcomer = json({
  invitation: '{invitation}',
  identity: ['b64', '{identity}'],
  role: 'nurse',
  name: 'Nia',
  licence: 'L',
});
const typed = (text: string): Pick<Seed, 'headers' | 'body'> => ({
  headers: [['content-type', 'application/json']],
  body: ['text', text],
});
const ticket: Cbor = [ticketHeader, '{ticket}'];
const rowsOf = (...consent: readonly Cbor[]): Pick<Seed, 'headers' | 'body'> => ({
  headers: [['content-type', itemsPost.stream]],
  body: ['seq', ['{ana}', 1, consent, 1], row],
});

/** Copies of wallets, written by whoever has the key in use and read with the printed code too. */
function copySeeds(): Seed[] {
  const wraps = Array.from({ length: 8 }, () => new Uint8Array(copyWrapBytes));
  const shards = [['{shard}', '{shard.hash}', 100]];
  const head = [2, 58, '{north}', '{owner}', '{serial:owner}', wraps, utf8('sealed'), shards];
  const signature = ['signature', labels.walletCopySign, 'owner', head];
  const proof = ['{chain}', '{north}', '{owner}', '{challenge:owner}'];
  const byCode = json({
    account: '{owner}',
    challenge: ['b64', '{challenge:owner}'],
    publicKey: ['b64', '{owner.code}'],
    signature: ['signature', labels.sessionRecover, 'owner.code', proof],
    codeKemHash: ['b64', '{owner.codeKem}'],
  });
  return [
    { route: sessionPost, body: byCode },
    {
      ...{ route: walletShardPut, who: 'owner', at: ['cd'.repeat(16)] },
      headers: [['content-type', walletShardPut.stream]],
      body: utf8('a shard'),
    },
    {
      ...{ route: walletPut, who: 'owner', headers: [['content-type', walletPut.stream]] },
      body: [['cbor', head], '{owner.key}', signature],
    },
    { route: walletGet, who: 'owner' },
    { route: walletGet, who: 'withCode', query: '?serial=1' },
    { route: walletKeptGet, who: 'withCode' },
    { route: walletShardGet, who: 'owner', at: ['{shard}'] },
  ];
}

/** Good requests of the spine's routes, and some that go from one hospital to the other. */
async function spineSeeds(): Promise<Seed[]> {
  const bytes = utf8('a blob of its own');
  const id = blobIdOf(bytes);
  const car = await joined(encodeCar([{ id, bytes }]));
  const stateRows = [
    obj({ table: 'accounts', key: '{ana}' }),
    obj({ table: 'consents', key: '{reading.id}' }),
  ];
  return [
    { route: sessionPost, body: json({ account: '{ana}' }) },
    { route: sessionPost, body: opened },
    { route: sessionPost, ...typed('{"account":"x","account":"y"}') },
    tx('ana', 'user', [[10, '{nonce}', new Uint8Array(32), '{now}', '{later}', none]]),
    tx('ana', 'user', [[11, '{ended.id}']]),
    tx('ana', 'user', [[20, none, 1, new Uint8Array(32).fill(1), 3]]),
    tx('ana', 'user', [[4, 1, new Uint8Array(16), [[2, 0]], '{blob}', '{other.blob}']]),
    tx('writer', 'user', [[20, '{writing.id}', 1, '{waiting.root}', 1]], '{ana}'),
    tx('doctor', 'user', [[30, [['{reading.id}', new Uint8Array(32)]]]]),
    { route: txGet, at: ['{tx}'] },
    { route: receiptGet, at: ['{tx}'] },
    { route: headerGet, at: ['latest'] },
    { route: headerGet, at: ['3'] },
    { route: blockGet, at: ['3'] },
    { route: blockWholeGet, who: 'ana', at: ['2'] },
    { route: blockKeptGet, who: 'ana', at: ['2'] },
    { route: headerTurnsGet, who: 'ana', at: ['2'] },
    { route: genesisGet },
    { route: logHeadsGet },
    { route: logConsistencyGet, at: ['user'], query: '?from=1&to=2' },
    { route: logConsistencyGet, at: ['doc'], query: '?from=1&to=9007199254740991' },
    { route: stateGet, at: ['accounts', '{ana}'], query: '?proof=1' },
    { route: stateGet, at: ['consents', '{reading.id}'] },
    { route: statePost, who: 'ana', body: json({ rows: ['list', ...stateRows] }) },
    { route: blobsPost, who: 'ana', headers: [['content-type', carMediaType]], body: car },
    {
      route: blobPut,
      who: 'ana',
      at: [id],
      headers: [['content-type', blobPut.stream]],
      body: bytes,
    },
    { route: blobGet, who: 'ana', at: ['{blob}'], headers: [['range', 'bytes=10-99']] },
    { route: blobGet, who: 'doctor', at: ['{blob}'], headers: [ticket, ['range', 'bytes=-5']] },
    { route: blobGet, who: 'ana', at: ['{blob}'], query: '?at={south}' },
    {
      ...{ route: blobGet, who: 'doctor', hospital: 'south' },
      ...{ at: ['{blob}'], query: '?at={north}', headers: [ticket] },
    },
    {
      ...{ route: bodiesPost, who: 'ana', headers: [['content-type', bodiesPost.stream]] },
      body: ['{ana}', ['{record}']],
    },
    {
      ...{ route: bodiesPost, who: 'doctor', hospital: 'south', query: '?at={north}' },
      ...{ headers: [ticket, ['content-type', bodiesPost.stream]], body: ['{ana}', ['{record}']] },
    },
    { route: itemsPost, who: 'ana', ...rowsOf() },
    { route: itemsPost, who: 'doctor', ...rowsOf(writeConsent) },
    { route: itemsPost, who: 'ana', ...typed('[1,{"__proto__":{"a":1}}]') },
    { route: itemsGet, who: 'ana', query: '?account={ana}&since=0' },
    { route: itemsGet, who: 'ana', query: '?account={ana}&changed=1' },
    read([1, 0, 1_000, '']),
    read([0, ['{record}']], 'writing'),
    read([1, 0, 1, ''], 'ended'),
    {
      route: erasePost,
      who: 'ana',
      body: json({ erase: ['sign', labels.eraseSign, 'ana', eraseOrder] }),
    },
    { route: inboxPost, body: letter },
    { route: inboxPost, hospital: 'south', body: letter },
    { route: grantsGet, who: 'ana' },
    { route: inboxGet, who: 'ana', query: '?after=0' },
    { route: inboxEntryDelete, who: 'ana', at: ['1'] },
    { route: eventsGet, who: 'ana', headers: [['last-event-id', '2']] },
    ...copySeeds(),
    {
      ...{ route: invitationsPost, headers: [['authorization', '{desk}']] },
      body: json({ role: 'nurse', name: 'Nia', licence: 'L' }),
    },
    { route: invitationsGet, headers: [['authorization', '{desk}']], query: '?all=1' },
    {
      ...{ route: lookupPost, headers: [['authorization', '{desk}']] },
      body: json({ who: 'Ada' }),
    },
    { route: enrolPost, body: newcomer },
    { route: cardGet, who: 'ana', at: ['{newcomer}'] },
    { route: cardsPost, who: 'ana', body: json({ name: 'Ada' }) },
    { route: whoGet },
  ];
}

/** At least one request of every route: a good one where the list above has it. */
export async function requestSeeds(declared = routes): Promise<Uint8Array[]> {
  const seeds = await spineSeeds();
  const seeded = new Set(seeds.map(({ route }) => route));
  const atRoot = ['/openapi.json', '/health', '/'].map((path): Cbor => ['', 'GET', path, [], null]);
  const requests = [
    ...seeds.map(requestIn),
    ...declared.filter((route) => !seeded.has(route)).map(sampleRequest),
    ...atRoot,
  ];
  return requests.map(encodeCbor);
}

const paths = [...new Set(routes.map(({ path }) => path.split('/')[2] ?? ''))];

export const requestWords: readonly Cbor[] = [
  ...[
    'ana',
    'doctor',
    'device',
    'eve',
    'writer',
    'newcomer',
    'owner',
    'withCode',
    'GET',
    'PUT',
    'POST',
    'DELETE',
    'HEAD',
  ],
  ...[
    '{ana}',
    '{doctor}',
    '{north}',
    '{south}',
    '{reading.id}',
    '{writing.id}',
    '{ended.id}',
    '{leaf}',
  ],
  ...[
    '{record}',
    '{blob}',
    '{other.blob}',
    '{tx}',
    '{now}',
    '{later}',
    '{soon}',
    '{nonce}',
    '{root}',
  ],
  ...[
    '{reading.body}',
    '{writing.body}',
    '{ticket}',
    '{ana.key}',
    '{doctor.key}',
    '{next:ana}',
    '{chain}',
  ],
  ...[
    'obj',
    'list',
    'b64',
    'sign',
    'json',
    'text',
    'seq',
    'tx',
    'signature',
    someBlob,
    'user',
    'doc',
    'TREAT',
  ],
  ...[labels.readSign, labels.txSign, labels.inboxSign, labels.eraseSign, labels.itemsSign],
  ...paths.map((path) => `/north/v1/${path}`),
  ...paths.map((path) => `/south/v1/${path}?after=-1&since=1e9&waitMs=1&proof=1`),
  ...[
    'bytes=0-',
    'bytes=5-1',
    'bytes=0-0,1-1',
    'bytes=99999999999999999999-',
    'Bearer x',
    'application/json',
  ],
  ...[
    'content-type',
    'content-encoding',
    'range',
    'x-salus-forwarded',
    'authorization',
    'last-event-id',
  ],
  ...[
    'content-length',
    'transfer-encoding',
    'expect',
    'upgrade',
    'if-none-match',
    'accept',
    'origin',
    'host',
  ],
  ...[1, 2, 3, 4, 10, 11, 20, 21, 30, 31, 40, 42, 43, 45],
];
