import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { decodeBodiesAsk, encodeBodiesEnd, encodeNoBody } from '../../src/api/bodies.ts';
import { bytesOfText } from '../../src/api/message-parts.ts';
import { concatBytes, equalBytes } from '../../src/primitives/bytes.ts';
import type { ConsentId, RecordId } from '../../src/primitives/ids.ts';
import { recordIdOf } from '../../src/primitives/ids.ts';
import { blobIdOf } from '../../src/storage/blob-id.ts';
import {
  type CarSection,
  carHead,
  carSections,
  leafSectionHead,
  noteSection,
} from '../../src/storage/car.ts';
import { type Consortium, type Enrolled, fileOf, startConsortium } from '../e2e/consortium.ts';
import { bytesOfWords, caught, type Lie, Middle } from './middle.ts';

/**
 * The custodian is the attacker, and lies in the stream of bodies: what a reader shows is what its authors signed, in
 * the place where it stands, or nothing.
 */
let consortium: Consortium;
let ana: Enrolled;
let drA: Enrolled;
let consent: ConsentId;
let ids: readonly RecordId[];
const middle = new Middle();
const count = 40;

before(async () => {
  consortium = await startConsortium();
  ana = await consortium.person('Ana', 'north', 'patient');
  drA = await consortium.person('Dr A', 'north', 'clinician');
  const lines = Array.from({ length: count }, (_, n) =>
    JSON.stringify({
      resourceType: 'Observation',
      id: `o${n}`,
      status: 'final',
      category: [{ coding: [{ code: 'vital-signs' }] }],
      code: { text: `Number ${n}` },
    }),
  );
  const added = await ana.person.addFile(fileOf('a.ndjson', bytesOfWords(lines.join('\n'))));
  ids = added.items.map((it) => it.recordId);
  await ana.person.addCard(drA.person.card());
  const given = await ana.person.grant({
    ...{ grantee: 'Dr A', readClasses: ['vital'], purposes: ['TREAT'] },
    notAfterMs: Date.now() + 3_600_000,
  });
  consent = given.consent;
  await drA.person.inbox();
});
after(() => consortium.stop());
beforeEach(() => {
  middle.lie = undefined;
  middle.calls.length = 0;
});

async function sectionsOf(stream: Uint8Array): Promise<CarSection[]> {
  async function* once() {
    yield stream;
  }
  const all: CarSection[] = [];
  for await (const come of carSections(once())) all.push(...come);
  return all;
}

const written = (sections: readonly CarSection[]): Uint8Array =>
  concatBytes(
    carHead(),
    ...sections.map(({ kind, bytes }) =>
      kind === 'note'
        ? noteSection(bytes)
        : concatBytes(leafSectionHead(blobIdOf(bytes), bytes.length), bytes),
    ),
  );

/** Changes the sections of a stream; `times`: so often, then the truth. */
function changingBodies(
  change: (sections: CarSection[]) => readonly CarSection[],
  times = Number.POSITIVE_INFINITY,
): Lie {
  let left = times;
  return async ({ name }, honest) => {
    if (!name.startsWith('POST /v1/bodies') || left === 0) return undefined;
    left -= 1;
    return written(change(await sectionsOf(honest)));
  };
}

const note = (bytes: Uint8Array): CarSection => ({ kind: 'note', digest: bytes, bytes });
const flipped = (bytes: Uint8Array, at: number): Uint8Array =>
  bytes.map((byte, i) => (i === at ? byte ^ 1 : byte));

const lies: readonly (readonly [string, (sections: CarSection[]) => readonly CarSection[]])[] = [
  ['swaps two bodies', ([a, b, ...rest]) => (a && b ? [b, a, ...rest] : [])],
  ['leaves one out', ([, ...rest]) => rest],
  ['gives one twice', ([a, ...rest]) => (a ? [a, a, ...rest] : [])],
  [
    'gives one more behind the last',
    (all) => [...all.slice(0, -1), ...all.slice(0, 1), ...all.slice(-1)],
  ],
  ['counts others', (all) => [...all.slice(0, -1), note(encodeBodiesEnd(count + 1))]],
  ['says something behind its end', (all) => [...all, ...all.slice(-1)]],
  [
    'gives other bytes under their own id',
    (all) => all.map((it, at) => (at === 3 ? { ...it, bytes: flipped(it.bytes, 99) } : it)),
  ],
  [
    'says of another record that it was erased',
    (all) => [
      note(encodeNoBody({ recordId: recordIdOf(new Uint8Array(16)), why: 'erased' })),
      ...all.slice(1),
    ],
  ],
  ['speaks of nothing', (all) => [note(new Uint8Array([0x80])), ...all.slice(1)]],
];
for (const [name, lie] of lies) {
  test(`a custodian who ${name} is caught, and nothing behind it is shown: GATEWAY_LIED`, async () => {
    middle.lie = changingBodies(lie);
    const person = await middle.serve(drA);
    const shown: RecordId[] = [];
    await caught(
      person.readShared(consent, { onRecord: ({ head }) => void shown.push(head.recordId) }),
      'GATEWAY_LIED',
    );
    assert.deepEqual(shown, ids.slice(0, shown.length), 'what is shown is true, and in its place');
    await caught((await middle.serve(ana)).openRecords(ids), 'GATEWAY_LIED');
  });
}

test('a body whose bytes are not those of its id is caught: BLOB_CORRUPT', async () => {
  middle.lie = async ({ name }, honest) => {
    if (!name.startsWith('POST /v1/bodies')) return undefined;
    const [first] = await sectionsOf(honest);
    assert.ok(first);
    // Inside the first body: its section still says the right id.
    return flipped(honest, carHead().length + 40 + first.bytes.length / 2);
  };
  await caught((await middle.serve(drA)).readShared(consent), 'BLOB_CORRUPT');
});

test('a custodian who gives a true body in the place of another record of the same size is caught', async () => {
  const person = await middle.serve(drA);
  middle.lie = changingBodies((all) => all.map((it, at) => (at < count ? (all[0] ?? it) : it)));
  await caught(person.readShared(consent), 'GATEWAY_LIED');
});

test('what the custodian says is erased or lost is told as missing, never left out in silence', async () => {
  const person = await middle.serve(drA);
  const [first, second, third] = ids;
  assert.ok(first && second && third);
  middle.lie = changingBodies((all) =>
    all.map((it, at) => {
      if (at === 0) return note(encodeNoBody({ recordId: first, why: 'erased' }));
      if (at === 1) return note(encodeNoBody({ recordId: second, why: 'not-stored' }));
      if (at === 2) return note(encodeNoBody({ recordId: third, why: 'corrupt' }));
      return it;
    }),
  );
  const { records, missing } = await person.readShared(consent);
  assert.equal(records.length, count - 3);
  assert.deepEqual(missing, [
    { recordId: first, code: 'RECORD_ERASED' },
    { recordId: second, code: 'BLOB_UNKNOWN' },
    { recordId: third, code: 'BLOB_CORRUPT' },
  ]);
  await caught((await middle.serve(ana)).openRecords(ids), 'RECORD_ERASED');
});

/** Ends every stream after so many bytes, so often. */
function cutting(bytes: number, times: number): Lie {
  let left = times;
  return ({ name }, honest) => {
    if (!name.startsWith('POST /v1/bodies') || left === 0) return undefined;
    left -= 1;
    return honest.subarray(0, bytes);
  };
}

const served = (somebody: Enrolled) => middle.serve(somebody, undefined, [0, 0, 0]);

test('a stream that is cut goes on behind the last whole body, in one look', async () => {
  const person = await served(drA);
  middle.lie = cutting(40_000, 3);
  const asked: RecordId[][] = [];
  const honest = middle.lie;
  middle.lie = (call, bytes) => {
    if (call.name.startsWith('POST /v1/bodies') && call.body instanceof Uint8Array) {
      asked.push([...decodeBodiesAsk(call.body).recordIds]);
    }
    return honest(call, bytes);
  };
  const { records, accesses } = await person.readShared(consent);
  assert.deepEqual(
    records.map((it) => it.head.recordId),
    ids,
  );
  assert.equal(accesses.length, 1);
  assert.equal(asked.length, 4);
  for (const [n, again] of asked.entries()) {
    assert.deepEqual(again, ids.slice(count - again.length));
    assert.ok(n === 0 || again.length < (asked[n - 1]?.length ?? 0));
  }
});

test('a stream that never brings a whole body is given up: GATEWAY_UNREACHABLE', async () => {
  const person = await served(drA);
  middle.lie = cutting(1_000, Number.POSITIVE_INFINITY);
  await caught(person.readShared(consent), 'GATEWAY_UNREACHABLE');
  assert.equal(middle.calls.filter((it) => it.startsWith('POST /v1/bodies')).length, 4);
});

test('a stream that is cut after a revocation does not go on: the new look is refused', async () => {
  const own = await ana.person.grant({
    ...{ grantee: 'Dr A', readClasses: ['vital'], purposes: ['TREAT'] },
    notAfterMs: Date.now() + 3_600_000,
  });
  await drA.person.inbox();
  const person = await served(drA);
  await person.inbox();
  const cut = cutting(60_000, 1);
  middle.lie = async (call, honest) => {
    const told = await cut(call, honest);
    if (told !== undefined) await ana.person.revoke(own.consent);
    return told;
  };
  const shown: RecordId[] = [];
  await caught(
    person.readShared(own.consent, { onRecord: ({ head }) => void shown.push(head.recordId) }),
    'CONSENT_ENDED',
  );
  assert.ok(shown.length > 0 && shown.length < count);
});

test('the honest stream gives everything, byte for byte, with the middle as without', async () => {
  const own = await ana.person.openRecords(ids);
  const { records, missing } = await (await middle.serve(drA)).readShared(consent);
  assert.deepEqual(missing, []);
  for (const [at, { bytes, head }] of records.entries()) {
    assert.equal(head.recordId, own[at]?.head.recordId);
    assert.ok(equalBytes(bytes, own[at]?.bytes ?? bytesOfText('')));
  }
});
