import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import type { BlobId } from '../../src/primitives/ids.ts';
import type { BlobStore } from '../../src/storage/blob-store.ts';
import { type Consortium, type Enrolled, fileOf, startConsortium } from '../e2e/consortium.ts';
import { bytesOfWords, caught } from './middle.ts';

/**
 * The store is the attacker (a thief in the data centre, a bought cloud, a broken disk): it returns other bytes,
 * old bytes, less, or nothing, and says that it kept what it threw away. The gateway before it is honest but does
 * not check again what it streams.
 *
 * Claim: nobody opens, or seals to, bytes that are not those that were named: BLOB_CORRUPT names the blob. What a
 * store throws away is lost with it; `salus verify` names it, and nothing brings it back.
 */
type Lie = (id: BlobId, honest: () => Promise<Uint8Array>) => Promise<Uint8Array>;

let lie: Lie | undefined;
let throwsAway = false;
let consortium: Consortium;
let ana: Enrolled;
let drB: Enrolled;

function lyingStore(honest: BlobStore): BlobStore {
  const told = async (id: BlobId): Promise<Uint8Array> => {
    const read = () => honest.read(id);
    return lie === undefined ? read() : lie(id, read);
  };
  const isLying = () => lie !== undefined;
  return {
    put: async (source, options) => {
      const stored = await honest.put(source, options);
      if (throwsAway) await honest.delete(stored.id, options.owner);
      return stored;
    },
    putMany: async (blobs, options) => {
      const stored = await honest.putMany(blobs, options);
      if (throwsAway) for (const { id } of stored) await honest.delete(id, options.owner);
      return stored;
    },
    has: async (id) => throwsAway || isLying() || honest.has(id),
    size: async (id) => (isLying() ? (await told(id)).length : honest.size(id)),
    read: (id) => told(id),
    readStream: (id, options) =>
      isLying()
        ? (async function* () {
            yield await told(id);
          })()
        : honest.readStream(id, options),
    delete: (id, owner) => honest.delete(id, owner),
    hasClaim: async (id, owner) => throwsAway || honest.hasClaim(id, owner),
    handOver: async (ids, heirs) => (throwsAway ? [] : honest.handOver(ids, heirs)),
    endUnanchored: (owner, ids) => honest.endUnanchored(owner, ids),
    markAnchored: (ids, owner) => honest.markAnchored(ids, owner),
    collect: (options) => honest.collect(options),
    usage: (owner) => honest.usage(owner),
    total: () => honest.total(),
    verify: (options) => honest.verify(options),
    corrupt: (options) => honest.corrupt(options),
    close: () => honest.close(),
  };
}

before(async () => {
  consortium = await startConsortium({
    storeOf: (hospital, honest) => (hospital === 'north' ? lyingStore(honest) : honest),
  });
  ana = await consortium.person('Ana', 'north', 'patient');
  drB = await consortium.person('Dr B', 'harbour', 'clinician');
  await ana.person.addCard(drB.person.card());
  await ana.person.addFile(fileOf('one.txt', bytesOfWords('one')));
});
after(() => consortium.stop());
afterEach(() => {
  lie = undefined;
  throwsAway = false;
});

const firstRecord = async () => {
  const [first] = await ana.person.listRecords();
  assert.ok(first);
  return first.recordId;
};
const north = () => consortium.gateway('north').options.organisation;

for (const [name, lying] of [
  [
    'one changed bit',
    async (_id, honest) => (await honest()).map((it, i) => (i === 70 ? it ^ 1 : it)),
  ],
  ['bytes of its own choice', async () => new Uint8Array(5_000).fill(7)],
  ['the bytes cut short', async (_id, honest) => (await honest()).subarray(0, 100)],
  ['nothing at all', async () => new Uint8Array(0)],
  ['one byte too many', async (_id, honest) => new Uint8Array([...(await honest()), 0])],
] as const satisfies readonly (readonly [string, Lie])[]) {
  test(`a store that returns ${name} is caught: BLOB_CORRUPT names blob and hospital`, async () => {
    const recordId = await firstRecord();
    lie = lying;
    const error = await caught(ana.person.openRecord(recordId), 'BLOB_CORRUPT');
    assert.match(String(error.details.blobId), /^baf/);
    assert.equal(error.details.servedBy, north());
  });
}

test('a store that returns the body of another record, true and sealed, is caught: BLOB_CORRUPT', async () => {
  await ana.person.addFile(fileOf('two.txt', bytesOfWords('two')));
  const bodies = new Map<BlobId, Uint8Array>();
  lie = async (id, honest) => {
    bodies.set(id, await honest());
    return [...bodies.values()][0] ?? assert.fail('no body');
  };
  const [one, two] = await ana.person.listRecords();
  assert.ok(one && two);
  await ana.person.openRecord(one.recordId);
  await caught(ana.person.openRecord(two.recordId), 'BLOB_CORRUPT');
});

test('a store that swaps key sets cannot make a writer seal to its key: BLOB_CORRUPT', async () => {
  const given = await ana.person.grant({
    grantee: 'Dr B',
    readClasses: ['diagnosis'],
    writeClasses: ['diagnosis'],
    purposes: ['TREAT'],
    notAfterMs: consortium.now() + 3_600_000,
  });
  await drB.person.inbox();
  const other = new Map<BlobId, Uint8Array>();
  const swaps: typeof lie = async (id, honest) => {
    const bytes = await honest();
    other.set(id, bytes);
    return bytes.map((byte, i) => (i === 200 ? byte ^ 1 : byte));
  };
  lie = swaps;
  const bytes = bytesOfWords('{"resourceType":"Condition"}');
  const note = { mediaType: 'application/fhir+json', name: 'C', bytes };
  const error = await caught(drB.person.diagnose(given.consent, note), 'BLOB_CORRUPT');
  // He asked his own hospital, which passed the answer of another one on: it is that one that he can name.
  assert.equal(error.details.servedBy, drB.person.account().organisation);
  assert.ok(other.size > 0);
  lie = undefined;
  await drB.person.diagnose(given.consent, note);
  // Envelope sets the same: the reader does not take keys from another set.
  lie = swaps;
  await caught(drB.person.readShared(given.consent), 'BLOB_CORRUPT');
  lie = undefined;
  assert.equal((await drB.person.readShared(given.consent)).records.length, 1);
});

test('a store that says it kept what it threw away is found out at the first look: BLOB_UNKNOWN', async () => {
  throwsAway = true;
  const added = await ana.person.addFile(fileOf('lost.txt', bytesOfWords('lost')));
  throwsAway = false;
  const [lost] = added.items;
  assert.ok(lost);
  // Withholding and loss look alike: the record is listed, proven and gone. SECURITY.md says so.
  await caught(ana.person.openRecord(lost.recordId), 'BLOB_UNKNOWN');
  const listed = (await ana.person.listRecords()).find((it) => it.recordId === lost.recordId);
  assert.equal(listed?.state, 'live');
});
