import { labels } from '../../../src/crypto/labels.ts';
import { utf8 } from '../../../src/primitives/bytes.ts';
import { type Cbor, encodeCbor } from '../../../src/primitives/cbor.ts';
import { blobIdOf } from '../../../src/storage/blob-id.ts';
import { encodeCar } from '../../../src/storage/car.ts';
import { someBlob } from '../../world.ts';
import { joined } from './sealed.ts';

const obj = (fields: Readonly<Record<string, Cbor>>): Cbor => ['obj', ...Object.entries(fields)];
const json = (fields: Readonly<Record<string, Cbor>>): Cbor => ['json', obj(fields)];
const get = (who: string, path: string, ...headers: Cbor[]): Cbor => [
  who,
  'GET',
  `/north/v1${path}`,
  headers,
  null,
];
const post = (who: string, path: string, body: Cbor, ...headers: Cbor[]): Cbor => [
  who,
  'POST',
  `/north/v1${path}`,
  headers,
  body,
];
const none = new Uint8Array(0);
const plain = ['content-type', 'application/octet-stream'];

function tx(who: string, log: string, acts: readonly Cbor[], sender = `{${who}}`): Cbor {
  const nonce = who === 'writer' ? 1 : `{next:${who}}`;
  const body = [2, 1, '{chain}', log, sender, nonce, '{soon}', acts];
  return post('', '/tx?waitMs=1500', json({ tx: ['tx', who, body] }));
}

function read(what: Cbor, grant = 'reading'): Cbor {
  const request = [
    ...[2, 42, '{chain}', '{north}', `{${grant}.id}`, `{${grant}.body}`, `{${grant}.salt}`, what],
    ...['TREAT', '{nonce}', '{now}', '{doctor}', '{doctor.key}'],
  ];
  return post('', '/read', json({ request: ['sign', labels.readSign, 'doctor', request] }));
}

const row = obj({
  salt: '{waiting.salt}',
  leafContent: '{waiting.leafContent}',
  header: '{waiting.header}',
});
const order = ['{ana}', '{writing.id}', 1, '{waiting.root}', 1];
const writeConsent = obj({
  id: '{writing.id}',
  body: ['b64', '{writing.body}'],
  salt: ['b64', '{writing.salt}'],
  signature: ['signature', labels.itemsSign, 'writer', order],
});
const message = (to: string): Cbor => [
  ...[2, 43, '{chain}', to, '{doctor}', '{doctor.key}', new Uint8Array(1_200).fill(7), '{now}'],
];
const proof = ['{chain}', '{north}', '{ana}', '{challenge:ana}'];

/** At least one good request for every route, and some that go from one hospital to the other. */
export async function requestSeeds(): Promise<Uint8Array[]> {
  const bytes = utf8('a blob of its own');
  const stream = await joined(encodeCar([{ id: blobIdOf(bytes), bytes }]));
  const blob = blobIdOf(bytes);
  const requests: Cbor[] = [
    post('', '/session', json({ account: '{ana}' })),
    post(
      '',
      '/session',
      json({
        account: '{ana}',
        challenge: ['b64', '{challenge:ana}'],
        publicKey: ['b64', '{ana.key}'],
        signature: ['signature', labels.sessionSign, 'ana', proof],
      }),
    ),
    tx('ana', 'user', [[10, '{nonce}', new Uint8Array(32), '{now}', '{later}', none]]),
    tx('ana', 'user', [[11, '{ended.id}']]),
    tx('ana', 'user', [[20, none, 1, new Uint8Array(32).fill(1), 3]]),
    tx('ana', 'user', [[4, 1, new Uint8Array(16), [[2, 0]], '{blob}', '{other.blob}']]),
    tx('writer', 'user', [[20, '{writing.id}', 1, '{waiting.root}', 1]], '{ana}'),
    tx('doctor', 'user', [[30, [['{reading.id}', new Uint8Array(32)]]]]),
    get('', '/tx/{tx}'),
    get('', '/tx/{tx}/receipt'),
    get('', '/headers/latest'),
    get('', '/headers/3'),
    get('', '/genesis'),
    get('', '/state/accounts/{ana}?proof=1'),
    get('', '/state/consents/{reading.id}'),
    post(
      'ana',
      '/state',
      json({
        rows: [
          'list',
          obj({ table: 'accounts', key: '{ana}' }),
          obj({ table: 'consents', key: '{reading.id}' }),
        ],
      }),
    ),
    post('ana', '/blobs', stream, ['content-type', 'application/vnd.ipld.car']),
    ['ana', 'PUT', `/north/v1/blobs/${blob}`, [plain], bytes],
    get('ana', '/blobs/{blob}', ['range', 'bytes=10-99']),
    get('doctor', '/blobs/{blob}', ['x-salus-ticket', '{ticket}'], ['range', 'bytes=-5']),
    get('ana', '/blobs/{blob}?at={south}'),
    ['doctor', 'GET', '/south/v1/blobs/{blob}?at={north}', [['x-salus-ticket', '{ticket}']], null],
    post('ana', '/items', json({ account: '{ana}', epoch: 1, rows: ['list', row] })),
    post(
      'doctor',
      '/items',
      json({ account: '{ana}', epoch: 1, consent: writeConsent, rows: ['list', row] }),
    ),
    get('ana', '/items?account={ana}&since=0'),
    get('ana', '/items?account={ana}&changed=1'),
    read([1, 0, 1_000, '']),
    read([0, ['{record}']], 'writing'),
    read([1, 0, 1, ''], 'ended'),
    post(
      'ana',
      '/erase',
      json({
        erase: [
          'sign',
          labels.eraseSign,
          'ana',
          [2, 45, '{chain}', '{ana}', '{ana.key}', ['{leaf}'], '{now}'],
        ],
      }),
    ),
    post('', '/inbox', json({ message: ['sign', labels.inboxSign, 'doctor', message('{ana}')] })),
    [
      '',
      'POST',
      '/south/v1/inbox',
      [],
      json({ message: ['sign', labels.inboxSign, 'doctor', message('{ana}')] }),
    ],
    get('ana', '/inbox?after=0'),
    ['ana', 'DELETE', '/north/v1/inbox/1', [], null],
    get('ana', '/events', ['last-event-id', '2']),
    [
      'ana',
      'PUT',
      '/north/v1/wallet/{locator}',
      [],
      json({ expectedVersion: 1, sealed: 'AAAAAAAA' }),
    ],
    get('', '/wallet/{locator}'),
    post('', '/invitations', json({ role: 'nurse' }), ['authorization', '{desk}']),
    post(
      '',
      '/enrol',
      json({
        invitation: '{invitation}',
        identity: ['b64', '{identity}'],
        role: 'nurse',
        name: 'Nia',
        licence: 'L',
      }),
    ),
    get('ana', '/cards/{newcomer}'),
    get('', '/who'),
    ['', 'GET', '/openapi.json', [], null],
    ['', 'GET', '/health', [], null],
    ['', 'GET', '/', [], null],
    post(
      '',
      '/session',
      ['text', '{"account":"x","account":"y"}'],
      ['content-type', 'application/json'],
    ),
    post(
      'ana',
      '/items',
      ['text', '[1,{"__proto__":{"a":1}}]'],
      ['content-type', 'application/json'],
    ),
  ];
  return requests.map(encodeCbor);
}

const paths = [
  'tx',
  'blobs',
  'items',
  'inbox',
  'wallet',
  'state',
  'events',
  'read',
  'erase',
  'enrol',
];

export const requestWords: readonly Cbor[] = [
  ...[
    'ana',
    'doctor',
    'device',
    'eve',
    'writer',
    'newcomer',
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
