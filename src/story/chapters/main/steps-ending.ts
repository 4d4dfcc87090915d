import { setTimeout as wait } from 'node:timers/promises';
import { sha256 } from '../../../crypto/hash.ts';
import { bytesToHex, equalBytes, utf8 } from '../../../primitives/bytes.ts';
import type { RecordId } from '../../../primitives/ids.ts';
import { everythingHeldBy } from '../../cast.ts';
import { type Facts, hold, refused } from '../../chapter.ts';
import { tryEverything } from './raw.ts';
import type { Scene } from './scene.ts';
import { writeReading } from './steps-writing.ts';

const dayMs = 24 * 3_600_000;

/**
 * 8 · The patient adds Dr C and revokes Dr A, one transaction each. Dr A, with everything he ever held and
 * the raw store, cannot open the next item; Dr C can.
 */
export async function revokeDoctor(scene: Scene): Promise<Facts> {
  const { patient } = scene;
  const [recordClass] = scene.classes(['lab', 'medication'], 1);
  hold(recordClass !== undefined, 'the patient has records');
  const added = await patient.person.grant({
    grantee: 'dr-c',
    readClasses: [recordClass],
    fromMs: 0,
    purposes: ['TREAT'],
    notAfterMs: Date.now() + 7 * dayMs,
  });
  scene.consents.set('dr-c', added.consent);
  const revoked = await patient.person.revoke(scene.consent('dr-a'));
  const next = await addNextItem(scene);
  const drA = scene.member('dr-a');
  const code = await refused('Dr A after the revocation', () =>
    drA.person.readShared(scene.consent('dr-a'), { purpose: 'TREAT' }),
  );
  const target = { hospital: patient.hospital, account: patient.account, recordId: next.recordId };
  const tried = await tryEverything(scene, await everythingHeldBy(scene.home, drA), target);
  hold(tried.found && tried.tried > 0 && !tried.opened, 'everything Dr A ever held opens nothing');
  const drC = scene.member('dr-c').person;
  await drC.inbox();
  const read = await drC.readShared(added.consent, {
    recordIds: [next.recordId],
    purpose: 'TREAT',
  });
  hold(
    read.records[0] !== undefined && equalBytes(read.records[0].bytes, next.bytes),
    'Dr C opens it',
  );
  return {
    addedConsentId: added.consent,
    addedHeight: added.confirmed.height,
    consentId: scene.consent('dr-a'),
    revokedHeight: revoked.height,
    revokedTxId: revoked.txId,
    itemIds: [next.recordId],
    sha256: bytesToHex(sha256(next.bytes)),
    code,
    keysTried: tried.tried,
    opened: tried.opened,
    receipt: scene.keepReceipt('revoke-dr-a', revoked.receipt),
  };
}

/** A new record of the class that both doctors were granted: the patient's own last one, once more. */
async function addNextItem(
  scene: Scene,
): Promise<{ readonly recordId: RecordId; readonly bytes: Uint8Array }> {
  const { patient } = scene;
  const [recordClass] = scene.classes(['lab', 'medication'], 1);
  const source = scene.ownItems().findLast(({ item }) => item.recordClass === recordClass);
  hold(source !== undefined, 'a record of the granted class');
  const { bytes } = await patient.person.openRecord(source.item.recordId);
  // Another comment changes the resource and not its meaning: blanks alone would be no other content.
  const isJson = bytes[0] === 0x7b;
  const file = isJson
    ? new Uint8Array([...utf8('{"fhir_comments":["next"],'), ...bytes.subarray(1)])
    : new Uint8Array([...bytes, 0x0a]);
  const added = await patient.person.addFile(
    {
      name: isJson ? 'next.json' : `next ${source.item.name}`,
      byteLength: file.length,
      read: async function* () {
        yield file;
      },
    },
    { recordClass: recordClass === 'private' ? undefined : recordClass },
  );
  const recordId = added.items[0]?.recordId;
  hold(recordId !== undefined, 'the next item was added');
  return { recordId, bytes: (await patient.person.openRecord(recordId)).bytes };
}

/** 9 · A fourth person's grant ends by block time while the patient's device is off. */
export async function letGrantEnd(scene: Scene): Promise<Facts> {
  const { patient } = scene;
  const drD = scene.member('dr-d');
  const notAfterMs = Date.now() + 3_000;
  const given = await patient.person.grant({
    grantee: 'dr-d',
    readClasses: ['iot'],
    fromMs: 0,
    purposes: ['TREAT'],
    notAfterMs,
  });
  // From here on the patient's device does nothing until the grant has ended.
  await drD.person.inbox();
  const before = await drD.person.readShared(given.consent, { purpose: 'TREAT' });
  hold(before.records.length > 0, 'Dr D reads while the grant lives');
  while (Date.now() < notAfterMs) await wait(notAfterMs - Date.now() + 1);
  const after = await writeReading(scene, 141);
  const code = await refused('Dr D after the end', () =>
    drD.person.readShared(given.consent, { purpose: 'TREAT' }),
  );
  const target = { hospital: patient.hospital, account: patient.account, recordId: after.recordId };
  const tried = await tryEverything(scene, await everythingHeldBy(scene.home, drD), target);
  hold(tried.found && tried.tried > 0 && !tried.opened, 'everything Dr D holds opens nothing');
  const drB = scene.member('dr-b').person;
  const read = await drB.readShared(scene.consent('dr-b'), {
    recordIds: [after.recordId],
    purpose: 'TREAT',
  });
  hold(read.records[0] !== undefined, 'Dr B, whose grant goes on, opens it');
  return {
    consentId: given.consent,
    notAfterMs,
    readBefore: before.records.length,
    itemIds: [after.recordId],
    epoch: after.epoch,
    height: after.height,
    code,
    keysTried: tried.tried,
    opened: tried.opened,
  };
}
