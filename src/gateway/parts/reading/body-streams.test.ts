import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { after, before, test } from 'node:test';
import { setTimeout as passed } from 'node:timers/promises';
import {
  type Answer,
  accepted,
  acceptedBytes,
  codeOf,
  type Grant,
  Person,
} from '../../../../test/gateway/person.ts';
import { type Sealed, sealedItem } from '../../../../test/gateway/sealed.ts';
import { openTown, portOf, type Town } from '../../../../test/gateway/town.ts';
import { decodeBodiesEnd, decodeNoBody, encodeBodiesAsk } from '../../../api/bodies.ts';
import { randomBytes } from '../../../crypto/random.ts';
import { equalBytes } from '../../../primitives/bytes.ts';
import { CodedError } from '../../../primitives/errors.ts';
import { type AccountId, type RecordId, recordIdOf } from '../../../primitives/ids.ts';
import { blobIdOf, cidBytesOf } from '../../../storage/blob-id.ts';
import { type CarSection, carSections } from '../../../storage/car.ts';

let town: Town;
let ana: Person;
let doctor: Person;
let other: Person;
let chart: Sealed[];
let grant: Grant;
let ticket: string;

before(async () => {
  town = await openTown({ bodyStreamPatienceMs: 2_000 });
  await town.app.listen({ port: 0, host: '127.0.0.1' });
  ana = await Person.enrolled(town, town.north, 'patient');
  doctor = await Person.enrolled(town, town.north, 'clinician');
  other = await Person.enrolled(town, town.south, 'clinician');
  await ana.keySet();
  chart = Array.from({ length: 70 }, () => sealedItem('lab'));
  await ana.keep(chart);
  grant = await ana.grant(doctor.account);
  ticket = (await doctor.reads(grant, town.north)).ticket;
});
after(() => town.close());

const idsOf = (items: readonly Sealed[]): RecordId[] => items.map((it) => it.recordId);

const type = 'application/cbor';

function ask(
  person: Person,
  recordIds: readonly RecordId[],
  shown: { readonly ticket?: string; readonly account?: AccountId; readonly at?: AccountId } = {},
): Promise<Answer> {
  const bytes = encodeBodiesAsk({ account: shown.account ?? ana.account, recordIds });
  const headers: Record<string, string> =
    shown.ticket === undefined ? {} : { 'x-salus-ticket': shown.ticket };
  const query = shown.at === undefined ? '' : `?at=${shown.at}`;
  return person.call('POST', `/v1/bodies${query}`, { bytes, type, headers });
}

/** What a stream says, section by section; the last must be the count of the others. */
async function told(answer: Answer): Promise<(Uint8Array | string)[]> {
  const bytes = acceptedBytes(answer);
  const said: (Uint8Array | string)[] = [];
  async function* once() {
    yield bytes;
  }
  const sections: CarSection[] = [];
  for await (const come of carSections(once())) sections.push(...come);
  for (const { kind, digest, bytes: content } of sections) {
    if (kind === 'leaf') {
      assert.ok(equalBytes(digest, digestOf(content)));
      said.push(content);
      continue;
    }
    try {
      const { recordId, why } = decodeNoBody(content);
      said.push(`${recordId} ${why}`);
    } catch {
      assert.equal(decodeBodiesEnd(content), said.length);
      said.push('end');
    }
  }
  assert.equal(said.pop(), 'end');
  return said;
}

const digestOf = (bytes: Uint8Array): Uint8Array => {
  const id = blobIdOf(bytes);
  assert.ok(id.startsWith('bafkrei'));
  return cidBytesOf(id).subarray(4);
};

test('an owner gets the bodies of her rows in the order asked', async () => {
  const asked = chart.toReversed();
  assert.deepEqual(
    await told(await ask(ana, idsOf(asked))),
    asked.map((it) => it.body),
  );
});

test('a reader gets those of his ticket, and of others a note that tells nothing', async () => {
  const hidden = sealedItem('note');
  await ana.keep([hidden]);
  const unknown = recordIdOf(randomBytes(16));
  const [first, second] = chart;
  assert.ok(first && second);
  const asked = [second.recordId, hidden.recordId, unknown, first.recordId];
  assert.deepEqual(await told(await ask(doctor, asked, { ticket })), [
    second.body,
    `${hidden.recordId} not-stored`,
    `${unknown} not-stored`,
    first.body,
  ]);
});

test('through another hospital a reader gets the same', async () => {
  const own = await ana.grant(other.account);
  const read = await other.reads(own, town.north);
  const at = town.north.organisation;
  const asked = idsOf(chart.slice(0, 5));
  assert.deepEqual(
    await told(await ask(other, asked, { ticket: read.ticket, at })),
    chart.slice(0, 5).map((it) => it.body),
  );
  await ana.revoke(own);
  assert.equal(codeOf(await ask(other, asked, { ticket: read.ticket, at })), 'BLOB_UNKNOWN');
});

test('what was erased, lost or changed in the store is told in its place, and the rest comes', async () => {
  const [a, gone, b, lost, changed] = Array.from({ length: 5 }, () => sealedItem('lab'));
  assert.ok(a && gone && b && lost && changed);
  const items = [a, gone, b, lost, changed];
  await ana.keep(items);
  const shown = (await doctor.reads(grant, town.north)).ticket;
  accepted(await ana.erase([gone.leaf]));
  await town.north.blobs.delete(lost.blobId, ana.account);
  const honest = town.north.blobs.read.bind(town.north.blobs);
  town.north.blobs.read = async (id, options) => {
    if (id === changed.blobId) throw new CodedError('BLOB_CORRUPT', { blobId: id });
    return honest(id, options);
  };
  try {
    for (const [who, by] of [
      [ana, {}],
      [doctor, { ticket: shown }],
    ] as const) {
      assert.deepEqual(await told(await ask(who, idsOf(items), by)), [
        a.body,
        `${gone.recordId} erased`,
        b.body,
        `${lost.recordId} not-stored`,
        `${changed.recordId} corrupt`,
      ]);
    }
  } finally {
    town.north.blobs.read = honest;
  }
});

test('a body of more than one leaf is fetched by itself', async () => {
  const large = sealedItem('image', { body: randomBytes(1_100_000) });
  await ana.keep([large]);
  assert.deepEqual(await told(await ask(ana, [large.recordId])), [`${large.recordId} alone`]);
});

test('nobody else gets anything: another’s account, no ticket, another’s ticket, a ticket of another chart', async () => {
  const eve = await Person.enrolled(town, town.north, 'patient');
  const asked = idsOf(chart.slice(0, 2));
  assert.equal(codeOf(await ask(eve, asked)), 'BLOB_UNKNOWN');
  assert.equal(codeOf(await ask(doctor, asked)), 'BLOB_UNKNOWN');
  assert.equal(codeOf(await ask(eve, asked, { ticket: 'A'.repeat(43) })), 'BLOB_UNKNOWN');
  assert.equal(codeOf(await ask(eve, asked, { ticket })), 'BLOB_UNKNOWN');
  assert.equal(codeOf(await ask(doctor, asked, { ticket, account: eve.account })), 'BLOB_UNKNOWN');
});

test('a ticket ends with the key that signed its look', async () => {
  const nurse = await Person.enrolled(town, town.north, 'clinician');
  const own = await ana.grant(nurse.account);
  const { ticket: shown } = await nurse.reads(own, town.north);
  const asked = idsOf(chart.slice(0, 1));
  assert.equal(codeOf(await ask(nurse, asked, { ticket: shown })), 'accepted');
  await nurse.send([{ kind: 'RevokeKey', account: nurse.account }]);
  assert.equal(codeOf(await ask(nurse, asked, { ticket: shown })), 'SESSION_EXPIRED');
  // Another hospital's session lives on.
  const order = { account: ana.account, recordIds: asked };
  const by = { account: town.south.organisation, role: 'organisation', ticket: shown } as const;
  await assert.rejects(town.north.gateway.bodies.open(order, by), { code: 'BLOB_UNKNOWN' });
});

test('so many streams at once one reader has, and another finds room: STORE_BUSY', async () => {
  const streams: { done: () => void }[] = [];
  const { bodies } = town.north.gateway;
  const order = { account: ana.account, recordIds: idsOf(chart) };
  const by = { account: ana.account, role: 'patient', ticket: undefined } as const;
  for (let n = 0; n < 4; n++) streams.push(await bodies.open(order, by));
  await assert.rejects(bodies.open(order, by), { code: 'STORE_BUSY' });
  (await bodies.open(order, { account: doctor.account, role: 'clinician', ticket })).done();
  for (const stream of streams) stream.done();
  // Given back once, however often it is said.
  streams[0]?.done();
  assert.equal(codeOf(await ask(ana, idsOf(chart))), 'accepted');
});

/** A reader who takes the head of the answer and then nothing, until he is told to go on. */
function slowReader(person: Person, recordIds: readonly RecordId[], shown: string) {
  const bytes = encodeBodiesAsk({ account: ana.account, recordIds });
  const socket = connect(portOf(town), '127.0.0.1');
  socket.write(
    `POST /north/v1/bodies HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${person.token}\r\nX-Salus-Ticket: ${shown}\r\n` +
      `Content-Type: ${type}\r\nContent-Length: ${bytes.length}\r\n\r\n`,
  );
  socket.write(bytes);
  let read = 0;
  const begun = new Promise<void>((resolve) => {
    socket.once('data', (data) => {
      read += data.length;
      socket.pause();
      resolve();
    });
  });
  const ended = new Promise<number>((resolve) => {
    socket.on('error', () => undefined);
    socket.once('close', () => resolve(read));
  });
  return {
    begun,
    ended,
    goOn: () => {
      socket.on('data', (data) => {
        read += data.length;
      });
      socket.resume();
    },
    stop: () => socket.destroy(),
  };
}

const largeChart = async (): Promise<Sealed[]> => {
  const items = Array.from({ length: 40 }, () =>
    sealedItem('lab', { body: randomBytes(1_000_000) }),
  );
  await ana.keep(items);
  return items;
};

test('a slow reader gets nothing more a second after the revocation', async () => {
  const items = await largeChart();
  const own = await ana.grant(doctor.account);
  const { ticket: shown } = await doctor.reads(own, town.north);
  const slow = slowReader(doctor, idsOf(items), shown);
  await slow.begun;
  await ana.revoke(own);
  await passed(1_500);
  slow.goOn();
  const read = await slow.ended;
  assert.ok(read < 20_000_000, `${read} of 40,000,000 bytes came`);
});

test('who takes nothing for too long has left, and his place is free', async () => {
  const items = await largeChart();
  const own = await ana.grant(doctor.account);
  const { ticket: shown } = await doctor.reads(own, town.north);
  const slow = Array.from({ length: 4 }, () => slowReader(doctor, idsOf(items), shown));
  await Promise.all(slow.map((it) => it.begun));
  assert.equal(codeOf(await ask(doctor, idsOf(items), { ticket: shown })), 'STORE_BUSY');
  for (let n = 0; n < 60; n++) {
    await passed(100);
    const answer = await ask(doctor, idsOf(items.slice(0, 1)), { ticket: shown });
    if (codeOf(answer) === 'accepted') break;
    if (n === 59) assert.fail('no place was given back');
  }
  for (const it of slow) it.stop();
});

test('who leaves while his stream is granted takes no place along', async () => {
  const { bodies } = town.north.gateway;
  const own = await ana.grant(doctor.account);
  const { ticket: shown } = await doctor.reads(own, town.north);
  const open = bodies.open.bind(bodies);
  for (let n = 0; n < 5; n++) {
    let hasLeft = () => {};
    const left = new Promise<void>((resolve) => {
      hasLeft = resolve;
    });
    const asked = new Promise<void>((resolve) => {
      bodies.open = async (...order) => {
        resolve();
        await left;
        return open(...order);
      };
    });
    const reader = slowReader(doctor, idsOf(chart), shown);
    await asked;
    reader.stop();
    // The server hears of it a turn or two later.
    await passed(50);
    hasLeft();
    await passed(20);
  }
  bodies.open = open;
  assert.equal(codeOf(await ask(doctor, idsOf(chart), { ticket: shown })), 'accepted');
});
