import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  decodeItemHeader,
  decodeLeafContent,
  encodeItemHeader,
  encodeLeafContent,
  itemHeaderHash,
  itemLeafHash,
} from '../../src/api/item.ts';
import { randomBytes } from '../../src/crypto/random.ts';
import { signingKeyFromSeed } from '../../src/crypto/signature.ts';
import type { ConsentId, RecordId } from '../../src/primitives/ids.ts';
import { epochNow } from '../../src/sdk/actions/running-epoch.ts';
import type { Context } from '../../src/sdk/client/context.ts';
import { deliverRows } from '../../src/sdk/client/deliver.ts';
import { sendActs } from '../../src/sdk/client/send-tx.ts';
import { uploadBlobs } from '../../src/sdk/client/upload.ts';
import { type GivenBack, type Person, sharedHistory } from '../../src/sdk/index.ts';
import { ownerKeys } from '../../src/sdk/keys/key-ring.ts';
import { newRecordId, sealItem } from '../../src/sdk/records/item-seal.ts';
import { type ItemRow, type Wrapping, wrapItem } from '../../src/sdk/records/item-wrap.ts';
import { blobIdOf } from '../../src/storage/blob-id.ts';
import { type Consortium, startConsortium } from '../e2e/consortium.ts';
import { bytesOfWords, caught } from './middle.ts';

/**
 * Whoever may write is the attacker: what he anchors opens to nothing, or was signed by nobody.
 *
 * Claim: it is told by its id, and hides nothing that somebody else wrote.
 */
let consortium: Consortium;
let ana: Person;
let doctor: Person;
let consent: ConsentId;
let sound: RecordId;
let noise: RecordId;
let forged: RecordId;

before(async () => {
  consortium = await startConsortium();
  ({ person: ana } = await consortium.person('Ana', 'north', 'patient'));
  ({ person: doctor } = await consortium.person('Dr Osei', 'north', 'clinician'));
  await ana.addCard(doctor.card());
  ({ consent } = await ana.grant({
    ...{ grantee: 'Dr Osei', readClasses: ['note'], writeClasses: ['note'], purposes: ['TREAT'] },
    notAfterMs: consortium.now() + 86_400_000,
  }));
  await doctor.inbox();
  noise = await anchored({ isNoise: true });
  forged = await anchored({ isNoise: false });
  const bytes = bytesOfWords('penicillin allergy');
  const note = { recordClass: 'note', mediaType: 'text/plain', name: 'note', bytes } as const;
  const { recordIds } = await doctor.write(consent, [note]);
  sound = recordIds[0] as RecordId;
});
after(() => consortium.stop());

/** A row as its hospital takes it, over a body of noise, or of a key that nobody ever had; `wrap`: of a doubly encrypted one. */
function anchored({
  isNoise,
  wrap,
}: {
  readonly isNoise: boolean;
  readonly wrap?: Uint8Array;
}): Promise<RecordId> {
  const run = async (ctx: Context): Promise<RecordId> => {
    const { account } = ctx.account;
    const keys = await ownerKeys(ctx);
    const epoch = epochNow(keys.account.schedule, ctx.nowMs());
    const wrapping: Wrapping = { kind: 'segment', epoch, sek: keys.sek('note', epoch) };
    const recordId = newRecordId();
    const about = { recordId, recordClass: 'note', mediaType: 'text/plain', name: 'note' } as const;
    const item = { ...about, account, author: account, writtenMs: ctx.now(), previous: undefined };
    const nobody = await signingKeyFromSeed(randomBytes(32));
    const sealed = await sealItem({ ...item, bytes: bytesOfWords('x') }, nobody, wrapping);
    const body = isNoise ? randomBytes(sealed.body.length) : sealed.body;
    const blobId = blobIdOf(body);
    await uploadBlobs(ctx.gateway, [{ id: blobId, bytes: body }]);
    const row = await wrapItem({ ...sealed, recordClass: 'note', blobId }, wrapping);
    if (wrap !== undefined) return sent(ctx, epoch, recordId, doubly(row, wrap));
    return sent(ctx, epoch, recordId, row);
  };
  return ana.run({ name: 'test/anchored', run }, undefined);
}

async function sent(
  ctx: Context,
  epoch: number,
  recordId: RecordId,
  row: ItemRow,
): Promise<RecordId> {
  const { account } = ctx.account;
  const acts = await deliverRows(ctx.gateway, { account, epoch, rows: [row] });
  await sendActs(ctx, { kind: 'import', acts });
  return recordId;
}

/** The same row under a wrap of kind 3 that is none. */
function doubly({ header, leafContent, salt }: ItemRow, wrap: Uint8Array): ItemRow {
  const changed = encodeItemHeader({ ...decodeItemHeader(header), wrapKind: 3, wrap });
  const content = { ...decodeLeafContent(leafContent), headerHash: itemHeaderHash(changed) };
  const encoded = encodeLeafContent(content);
  return { header: changed, leafContent: encoded, salt, leaf: itemLeafHash(salt, encoded) };
}

test('A reader sees everything else, and is told of each that does not open', async () => {
  const { records, missing } = await doctor.readShared(consent);
  assert.deepEqual(
    records.map((it) => it.head.recordId),
    [sound],
  );
  assert.deepEqual(missing, [
    { recordId: noise, code: 'CANNOT_OPEN' },
    { recordId: forged, code: 'ITEM_FORGED' },
  ]);
});

test('The owner is told which of several does not open', async () => {
  const error = await caught(ana.openRecords([sound, forged]), 'ITEM_FORGED');
  assert.equal(error.details.recordId, forged);
});

test('The versions of a record show, whatever else lies in its class', async () => {
  const ofReader = await doctor.run(sharedHistory, { consent, recordId: sound });
  const ofOwner = await ana.history(sound);
  for (const versions of [ofReader, ofOwner]) {
    assert.deepEqual(
      versions.map((it) => it.head.recordId),
      [sound],
    );
  }
  await caught(doctor.run(sharedHistory, { consent, recordId: noise }), 'CANNOT_OPEN');
});

test('A record opens though the one that it calls the one before does not', async () => {
  const about = { mediaType: 'text/plain', name: 'note', bytes: bytesOfWords('newer') } as const;
  const note = { recordClass: 'note', previous: noise, ...about } as const;
  const [recordId] = (await doctor.write(consent, [note])).recordIds;
  assert.ok(recordId);
  assert.deepEqual((await ana.openRecord(recordId)).bytes, note.bytes);
});

test('Everything else is given back, and each that does not open is told', async () => {
  const given: GivenBack[] = [];
  await ana.exportAll(async (it) => void given.push(it));
  const missing = given.flatMap((it) => (it.kind === 'missing' ? [[it.recordId, it.code]] : []));
  assert.deepEqual(missing, [
    [noise, 'CANNOT_OPEN'],
    [forged, 'ITEM_FORGED'],
  ]);
  const there = given.flatMap((it) => (it.kind === 'record' ? it.record.head.recordId : []));
  assert.ok(there.includes(sound));
});

test('A wrap of kind 3 that is none hides nothing from a reader who names it with others', async () => {
  const none = await anchored({ isNoise: false, wrap: randomBytes(60) });
  const { records, missing } = await doctor.readShared(consent, { recordIds: [none, sound] });
  assert.deepEqual(
    records.map((it) => it.head.recordId),
    [sound],
  );
  assert.deepEqual(missing, [{ recordId: none, code: 'CANNOT_OPEN' }]);
  await caught(ana.openRecord(none), 'CANNOT_OPEN');
});
