import assert from 'node:assert/strict';
import { after, before, mock, test } from 'node:test';
import { type Answer, accepted, codeOf, Person } from '../../test/gateway/person.ts';
import { rootOf, type Sealed, sealedItem } from '../../test/gateway/sealed.ts';
import { openTown, type Town } from '../../test/gateway/town.ts';
import type { StoredAnswer } from '../api/items.ts';
import { carMediaType } from '../api/routes/blobs-post.ts';
import { randomBytes } from '../crypto/random.ts';
import type { Act } from '../ledger/protocol.ts';
import { concatBytes, equalBytes } from '../primitives/bytes.ts';
import { blobIdOf } from '../storage/blob-id.ts';
import { encodeCar } from '../storage/car.ts';
import { mayFetch } from './parts/reading/blob-decision.ts';
import { parseRange } from './range.ts';

let town: Town;
let ana: Person;
let doctor: Person;
before(async () => {
  town = await openTown();
  ana = await Person.enrolled(town, town.north, 'patient');
  doctor = await Person.enrolled(town, town.south, 'clinician');
});
after(() => town.close());

const none = { isSignedIn: false, isSharedSet: false, isOwners: false, hasTicket: false };
const table: readonly [string, Partial<typeof none>, boolean][] = [
  ['a stranger, a record', {}, false],
  ['a stranger, a key set', { isSharedSet: true }, false],
  ['somebody signed in, a record', { isSignedIn: true }, false],
  ['somebody signed in, a key set', { isSignedIn: true, isSharedSet: true }, true],
  ['its owner, signed in', { isSignedIn: true, isOwners: true }, true],
  ['who holds a ticket for it', { hasTicket: true }, true],
];
for (const [name, facts, expected] of table) {
  test(`bytes for ${name}: ${expected ? 'yes' : 'no'}`, () => {
    assert.equal(mayFetch({ ...none, ...facts }), expected);
  });
}

const ranges: readonly [
  string | undefined,
  number,
  readonly [number, number] | undefined | 'BLOB_RANGE',
][] = [
  [undefined, 100, undefined],
  ['bytes=0-9', 100, [0, 10]],
  ['bytes=90-', 100, [90, 100]],
  ['bytes=90-500', 100, [90, 100]],
  ['bytes=-10', 100, [90, 100]],
  ['bytes=-500', 100, [0, 100]],
  ['bytes=100-', 100, 'BLOB_RANGE'],
  ['bytes=5-4', 100, 'BLOB_RANGE'],
  ['bytes=-0', 100, 'BLOB_RANGE'],
  ['bytes=0-', 0, 'BLOB_RANGE'],
  ['bytes=0-1,4-5', 100, undefined],
  ['items=0-1', 100, undefined],
  ['bytes=-', 100, undefined],
];
for (const [header, size, expected] of ranges) {
  test(`range ${header} of ${size} bytes: ${expected}`, () => {
    if (expected === 'BLOB_RANGE') {
      assert.throws(() => parseRange(header, size), { code: 'BLOB_RANGE' });
    } else {
      const range = parseRange(header, size);
      assert.deepEqual(range === undefined ? undefined : [range.from, range.to], expected);
    }
  });
}

test('many blobs come in one CAR stream', async () => {
  const blobs = [randomBytes(1), randomBytes(5_000), new Uint8Array(0)].map((bytes) => ({
    id: blobIdOf(bytes),
    bytes,
  }));
  const pieces: Uint8Array[] = [];
  for await (const piece of encodeCar(blobs)) pieces.push(piece);
  const bytes = concatBytes(...pieces);
  const sent = await ana.call('POST', '/v1/blobs', { bytes, type: carMediaType });
  const { stored } = accepted<StoredAnswer>(sent);
  assert.deepEqual(stored.map(({ id }) => id).sort(), blobs.map(({ id }) => id).sort());
  for (const { id } of blobs) assert.ok(await town.north.blobs.has(id));
});

test('a cut CAR stream and bytes under another id are refused', async () => {
  const bytes = randomBytes(100);
  const type = 'application/octet-stream';
  const other = blobIdOf(randomBytes(9));
  assert.equal(
    codeOf(await ana.call('PUT', `/v1/blobs/${other}`, { bytes, type })),
    'BLOB_MISMATCH',
  );
  assert.equal(await town.north.blobs.has(other), false);
  const car = { bytes: bytes.slice(0, 20), type: carMediaType };
  assert.equal(codeOf(await ana.call('POST', '/v1/blobs', car)), 'CAR_INVALID');
});

test('nobody stores without a session', async () => {
  const bytes = randomBytes(100);
  const sent = { bytes, type: 'application/octet-stream', anonymous: true };
  assert.equal(
    codeOf(await ana.call('PUT', `/v1/blobs/${blobIdOf(bytes)}`, sent)),
    'UNAUTHENTICATED',
  );
});

test('key sets and envelope sets are for everybody who is signed in, at any hospital', async () => {
  const { keySetBlob, envelopeSetBlob } = await ana.keySet();
  for (const bytes of [keySetBlob, envelopeSetBlob]) {
    const path = `/v1/blobs/${blobIdOf(bytes)}`;
    const at = `${path}?at=${town.north.organisation}`;
    assert.ok(equalBytes((await doctor.call('GET', at)).bytes, bytes));
    assert.equal(codeOf(await ana.call('GET', path, { anonymous: true })), 'BLOB_UNKNOWN');
    assert.equal((await doctor.call('GET', at, { anonymous: true })).status, 401);
  }
});

test('a body is for its owner alone; others learn as much as of one that does not exist', async () => {
  const item = sealedItem('lab');
  await ana.keep([item]);
  const path = `/v1/blobs/${item.blobId}`;
  assert.ok(equalBytes((await ana.call('GET', path)).bytes, item.body));
  const eve = await Person.enrolled(town, town.north, 'patient');
  const foreign = await eve.call('GET', path);
  const missing = await eve.call('GET', `/v1/blobs/${blobIdOf(randomBytes(9))}`);
  assert.equal(foreign.status, missing.status);
  assert.equal(codeOf(foreign), 'BLOB_UNKNOWN');
  assert.equal(codeOf(missing), 'BLOB_UNKNOWN');
});

test('rows that wait for their anchor give their owner no bytes yet', async () => {
  const bea = await Person.enrolled(town, town.north, 'patient', 'bea');
  await bea.keySet();
  const item = sealedItem('lab');
  accepted(await bea.deliver([item]));
  const path = `/v1/blobs/${item.blobId}`;
  assert.equal(codeOf(await bea.call('GET', path)), 'BLOB_UNKNOWN');
  const root = rootOf([item]);
  await bea.send([{ kind: 'DataAnchor', consent: '', epoch: 1, root, count: 1 }]);
  assert.equal(codeOf(await bea.call('GET', path)), 'accepted');
});

test('a set is for everybody by the name of who stored it, whoever named it before him', async () => {
  const [first, second] = [randomBytes(90), randomBytes(91)];
  const [keySetBlob, envelopeSetBlob] = [blobIdOf(first), blobIdOf(second)];
  const names: Act = {
    kind: 'KeySet',
    ...{ after: 0, salt: randomBytes(16), schedule: [{ epoch: 1, validFromMs: 0 }] },
    ...{ keySetBlob, envelopeSetBlob },
  };
  const [stranger, owner] = [
    await Person.enrolled(town, town.north, 'patient', 'stranger'),
    await Person.enrolled(town, town.north, 'patient', 'owner'),
  ];
  await stranger.send([names]);
  for (const bytes of [first, second]) await owner.putBlob(bytes);
  const path = `/v1/blobs/${keySetBlob}`;
  assert.equal(codeOf(await stranger.call('GET', path)), 'BLOB_UNKNOWN');
  await owner.send([names]);
  assert.ok(equalBytes((await stranger.call('GET', path)).bytes, first));
});

/** What was looked up for one answer, in its order: of the store, and of what the parts know. */
async function lookedUp(work: () => Promise<Answer>): Promise<{ calls: string[]; answer: Answer }> {
  const { blobs, gateway } = town.north;
  const calls: string[] = [];
  const spy = <Name extends string, Of extends object & Record<Name, (...asked: never) => unknown>>(
    of: Of,
    name: Name,
  ) => {
    const real: unknown = Reflect.get(of, name);
    assert.ok(typeof real === 'function');
    return mock.method(
      of as Record<string, (...asked: never) => unknown>,
      name,
      (...asked: unknown[]) => {
        calls.push(name);
        return Reflect.apply(real, of, asked);
      },
    );
  };
  const spies = [
    ...(['has', 'hasClaim', 'size', 'read', 'put', 'handOver'] as const).map((name) =>
      spy(blobs, name),
    ),
    spy(gateway.sets, 'isShared'),
    spy(gateway.rows, 'isBodyOf'),
    spy(gateway.tickets, 'chartOf'),
  ];
  const answer = await work();
  for (const { mock: spied } of spies) spied.restore();
  return { calls, answer };
}

test('nothing is looked up, and nothing said, that tells bytes of others from bytes that nobody stored', async () => {
  const bea = await Person.enrolled(town, town.north, 'patient', 'bea');
  await bea.keySet();
  const item = sealedItem('lab');
  await bea.keep([item]);
  const eve = await Person.enrolled(town, town.north, 'patient', 'eve');
  const long = randomBytes(300 * 1024);
  const asks: readonly ((id: string, naming: Sealed) => Promise<Answer>)[] = [
    (id) => eve.call('GET', `/v1/blobs/${id}`),
    (id) => eve.call('GET', `/v1/blobs/${id}`, { anonymous: true }),
    (id) => eve.call('GET', `/v1/blobs/${id}`, { headers: { 'x-salus-ticket': 'none' } }),
    (id) => eve.call('PUT', `/v1/blobs/${id}`, { bytes: long, type: 'application/octet-stream' }),
    (_, naming) => eve.postItems({ account: eve.account, epoch: 1, consent: [] }, [naming]),
  ];
  for (const ask of asks) {
    const told = async (naming: Sealed) => {
      const { calls, answer } = await lookedUp(() => ask(naming.blobId, naming));
      const text = answer.bytes.toString('utf8').replaceAll(naming.blobId, 'ID');
      return { calls, status: answer.status, text };
    };
    const ofOthers = await told(sealedItem('lab', { body: item.body }));
    assert.deepEqual(ofOthers, await told(sealedItem('lab')));
    assert.match(ofOthers.text, /BLOB_UNKNOWN|BLOB_MISMATCH/);
    assert.ok(ofOthers.calls.length > 0);
  }
});

test('a large body passes both ways through a real socket, whole and in ranges', async () => {
  const address = await town.app.listen({ host: '127.0.0.1', port: 0 });
  const body = randomBytes(5 * 1024 * 1024);
  const item = sealedItem('image', { body });
  const authorization = `Bearer ${ana.token}`;
  const url = `${address}/north/v1/blobs/${item.blobId}`;
  const sent = await fetch(url, {
    method: 'PUT',
    body: new Uint8Array(body),
    headers: { authorization, 'content-type': 'application/octet-stream' },
  });
  assert.equal(sent.status, 200);
  await ana.keep([item]);
  const whole = await fetch(url, { headers: { authorization } });
  assert.ok(equalBytes(new Uint8Array(await whole.arrayBuffer()), body));
  const range = { authorization, range: `bytes=${3_000_000}-${4_000_000}` };
  const part = await fetch(url, { headers: range });
  assert.equal(part.status, 206);
  assert.equal(part.headers.get('content-range'), `bytes 3000000-4000000/${body.length}`);
  assert.ok(equalBytes(new Uint8Array(await part.arrayBuffer()), body.slice(3_000_000, 4_000_001)));
});
