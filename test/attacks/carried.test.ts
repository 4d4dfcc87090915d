import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { isCoded } from '../../src/primitives/errors.ts';
import type { AccountId, RecordId } from '../../src/primitives/ids.ts';
import { OwnItems } from '../../src/sdk/actions/add-items.ts';
import { Carrier, noMove, type SignedMove, signMove } from '../../src/sdk/actions/carry.ts';
import { ownChart } from '../../src/sdk/actions/own-records.ts';
import type { Context } from '../../src/sdk/client/context.ts';
import { contentOf, exportAccount, type OpenedRecord, type Person } from '../../src/sdk/index.ts';
import {
  type CarriedFrame,
  carriedMediaType,
  decodeCarrier,
  encodeCarrier,
} from '../../src/sdk/records/carried.ts';
import { emptyLine, type LineOfBytes } from '../../src/sdk/records/headline/headline-format.ts';
import { newRecordId } from '../../src/sdk/records/item-seal.ts';
import { type Consortium, startConsortium } from '../e2e/consortium.ts';

/**
 * A carrier is bytes that its owner wrote: what is in it counts as far as it verifies. Whoever got a record of somebody
 * else, or changed one, has no carrier that a reader takes for moved.
 */
const note = new TextEncoder().encode('no penicillin');

let consortium: Consortium;
let ana: Person;
let eve: Person;
let carrier: Uint8Array;
let move: SignedMove;
let recordId: RecordId;
before(async () => {
  consortium = await startConsortium();
  ({ person: ana } = await consortium.person('Ana', 'north', 'patient'));
  ({ person: eve } = await consortium.person('Eve', 'valley', 'patient'));
  const { person: doctor } = await consortium.person('Dr Osei', 'harbour', 'clinician');
  await ana.addCard(doctor.card());
  const { consent } = await ana.grant({
    ...{ grantee: 'Dr Osei', readClasses: [], writeClasses: ['note'], purposes: ['TREAT'] },
    notAfterMs: consortium.now() + 86_400_000,
  });
  await doctor.inbox();
  const written = {
    recordClass: 'note',
    mediaType: 'text/plain',
    name: 'note',
    bytes: note,
  } as const;
  recordId = (await doctor.write(consent, [written])).recordIds[0] as RecordId;
  const to = eve.account().account;
  [carrier, move] = await as(ana, async (ctx) => {
    const signed = await signMove(ctx, to);
    const chart = await ownChart(ctx);
    const row = chart.rows.liveOf(recordId);
    assert.ok(row);
    return [(await new Carrier(ctx, chart, signed).of(row)).carrier, signed];
  });
});
after(() => consortium.stop());

function as<T>(person: Person, run: (ctx: Context) => Promise<T>): Promise<T> {
  return person.run({ name: 'test/as', run }, undefined);
}

/** What Eve's readers see of a carrier that she puts into her chart. */
async function shownAs(bytes: Uint8Array): Promise<readonly (string | undefined)[]> {
  const { path, head } = contentOf(await put(bytes));
  const isHers = head.author === eve.account().account;
  return [...path.map((it) => it.notVerified), isHers ? 'hers' : 'of its author'];
}

async function put(bytes: Uint8Array, line?: LineOfBytes): Promise<OpenedRecord> {
  const recordId = newRecordId();
  const item = {
    recordId,
    recordClass: 'note',
    mediaType: carriedMediaType,
    name: 'n',
    bytes,
    line,
  } as const;
  await as(eve, async (ctx) => {
    const items = new OwnItems(ctx);
    await items.add({ ...item, previous: undefined });
    await items.anchor();
  });
  return eve.openRecord(recordId);
}

const changed = (change: Partial<CarriedFrame>): Uint8Array => {
  const { frame, body } = decodeCarrier(carrier);
  return encodeCarrier({ ...frame, ...change }, body);
};

test('A record that Ana herself sent to this chart holds', async () => {
  assert.deepEqual(await shownAs(carrier), [undefined, 'of its author']);
});

test('A record of Ana’s that she did not send is not moved: MOVE_NOT_SIGNED', async () => {
  assert.deepEqual(await shownAs(changed(noMove)), ['MOVE_NOT_SIGNED', 'of its author']);
  const own = await as(eve, (ctx) => signMove(ctx, eve.account().account));
  assert.deepEqual(await shownAs(changed(own)), ['MOVE_NOT_SIGNED', 'of its author']);
  const elsewhere = await as(ana, (ctx) => signMove(ctx, 'a'.repeat(64) as AccountId));
  assert.deepEqual(await shownAs(changed(elsewhere)), ['MOVE_NOT_SIGNED', 'of its author']);
  assert.notDeepEqual(elsewhere, move);
});

test('A frame of another chart, leaf, anchor or key opens nothing, or says that it does not hold', async () => {
  const { frame, body } = decodeCarrier(carrier);
  const account = eve.account().account;
  const receipt = frame.receipt.slice(0, -1);
  const wrong = new Uint8Array(32).fill(9);
  for (const [change, code] of [
    [changed({ account }), 'ITEM_FORGED'],
    [changed({ salt: wrong }), 'RECEIPT_INVALID'],
    [changed({ receipt }), 'RECEIPT_INVALID'],
    [changed({ openingSecret: wrong }), 'CANNOT_OPEN'],
    [encodeCarrier(frame, body.slice(0, -1)), 'BLOB_CORRUPT'],
    [carrier.slice(0, 100), 'CARRIER_INVALID'],
    [new Uint8Array(3), 'CARRIER_INVALID'],
    [Uint8Array.of(255, 255, 255, 255, 0), 'CARRIER_INVALID'],
  ] as const) {
    assert.equal((await shownAs(change))[0], code);
  }
});

test('A carrier whose line says something else than what is inside is shown with HEADLINE_WRONG', async () => {
  const { problems } = await put(carrier, { ...emptyLine, value: '5 mg' });
  assert.deepEqual(problems, ['HEADLINE_WRONG']);
  assert.deepEqual((await put(carrier)).problems, []);
});

test('Carriers in carriers end after eight', async () => {
  let bytes = carrier;
  for (let depth = 0; depth < 10; depth += 1) {
    const id = newRecordId();
    bytes = await as(eve, async (ctx) => {
      const items = new OwnItems(ctx);
      const about = { recordClass: 'note', mediaType: carriedMediaType, name: 'n' } as const;
      await items.add({ ...about, recordId: id, bytes, previous: undefined });
      await items.anchor();
      const chart = await ownChart(ctx);
      const row = chart.rows.liveOf(id);
      assert.ok(row);
      return (await new Carrier(ctx, chart, noMove).of(row)).carrier;
    });
  }
  assert.equal((await shownAs(bytes)).length, 9);
});

test('A folder that does not give back what was written stops the export: EXPORT_INCOMPLETE', async () => {
  const folder = { write: async () => undefined, read: async () => new Uint8Array(1) };
  await assert.rejects(ana.run(exportAccount, folder), (error) =>
    isCoded(error, 'EXPORT_INCOMPLETE'),
  );
});
