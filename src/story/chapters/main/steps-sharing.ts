import { sha256 } from '../../../crypto/hash.ts';
import { bytesToHex, equalBytes } from '../../../primitives/bytes.ts';
import { checkReceipt } from '../../../sdk/actions/check-receipt.ts';
import type { SharedRead } from '../../../sdk/actions/read-shared.ts';
import { enrolMember, everythingHeldBy, type Member } from '../../cast.ts';
import { type Facts, hold, refused } from '../../chapter.ts';
import { readWithStolenLetter } from './raw.ts';
import type { Scene } from './scene.ts';

const dayMs = 24 * 3_600_000;

/** 1 · People make their keys on their own devices; hospitals enrol what they cannot use. */
export async function enrolPeople(scene: Scene): Promise<Facts> {
  const { servers, home } = scene;
  const { hospitals } = servers;
  const enrol = async (
    nickname: string,
    name: string,
    role: Member['role'],
    hospital: string,
  ): Promise<Member> => {
    const member = await enrolMember(servers, home, { nickname, name, role, hospital });
    scene.members.set(nickname, member);
    return member;
  };
  const names = scene.inputs.flatMap((input) => input.patients);
  for (const [i, name] of (names.length > 0 ? names : ['Unnamed Patient']).entries()) {
    const hospital = hospitals[i % hospitals.length]?.name ?? 'north';
    scene.patients.push(await enrol(`patient-${i + 1}`, name, 'patient', hospital));
  }
  await enrol('dr-a', 'Dr Ada Osei', 'clinician', 'harbour');
  await enrol('dr-b', 'Dr Bela Lind', 'clinician', 'north');
  await enrol('dr-c', 'Dr Chidi Amari', 'clinician', 'valley');
  await enrol('dr-d', 'Dr Dana Weiss', 'clinician', 'harbour');
  await enrol('monitor', 'Blood pressure monitor', 'device', scene.patient.hospital);
  for (const who of ['dr-a', 'dr-b', 'dr-c', 'dr-d', 'monitor']) {
    await scene.patient.person.addCard(scene.member(who).person.card(), { nickname: who });
  }
  const people = [...scene.members.values()].map(({ nickname, name, role, hospital, account }) => ({
    ...{ nickname, name, role, hospital, account },
  }));
  return { people };
}

/** 2 · Patients import what they have; `export` gives every file back byte for byte. */
export async function importFiles(scene: Scene): Promise<Facts> {
  const files: Facts[] = [];
  for (const input of scene.inputs) {
    const owner = scene.patients[input.owner] ?? scene.patient;
    const added = await owner.person.addFile(
      {
        name: input.name,
        byteLength: input.bytes.length,
        read: async function* () {
          yield input.bytes;
        },
      },
      { signal: scene.signal, persons: 'all' },
    );
    const { importId } = added;
    hold(importId !== undefined, `import of ${input.name}`);
    scene.brought.push({ owner, input, added });
    const sha256In = bytesToHex(sha256(input.bytes));
    const back = await owner.person.exportImport(importId);
    hold(
      back.sha256 === sha256In && equalBytes(back.bytes, input.bytes),
      `export of ${input.name}`,
    );
    const again = await owner.person.addFile({
      name: input.name,
      byteLength: input.bytes.length,
      read: async function* () {
        yield input.bytes;
      },
    });
    hold(again.items.length === 0, `second import of ${input.name} adds nothing`);
    files.push({
      file: input.name,
      owner: owner.nickname,
      importId: added.importId,
      items: added.items.length,
      sha256In,
      sha256Out: back.sha256,
      height: added.height,
    });
  }
  const itemIds = scene.ownItems().map(({ item }) => item.recordId);
  return { files, itemIds, items: files.reduce((sum, it) => sum + Number(it.items), 0) };
}

/** 3 · The patient grants Dr A two classes for treatment, with all history, and to write diagnoses. */
export async function grantDoctor(scene: Scene): Promise<Facts> {
  const classes = scene.classes(['lab', 'medication'], 2);
  const notAfterMs = Date.now() + 7 * dayMs;
  const given = await scene.patient.person.grant({
    grantee: 'dr-a',
    readClasses: classes,
    fromMs: 0,
    writeClasses: ['diagnosis'],
    purposes: ['TREAT'],
    notAfterMs,
  });
  scene.consents.set('dr-a', given.consent);
  const { txId, height, receipt } = given.confirmed;
  const file = scene.keepReceipt('grant-dr-a', receipt);
  return {
    consentId: given.consent,
    classes,
    writes: ['diagnosis'],
    purpose: 'TREAT',
    history: 'all',
    notAfterMs,
    txId,
    height,
    receipt: file,
  };
}

/** 4 · Dr A finds the grant, checks it on the ledger, reads; the look is committed before bytes leave. */
export async function readAsDoctor(scene: Scene): Promise<Facts> {
  const doctor = scene.member('dr-a');
  const inbox = await doctor.person.inbox();
  const grant = inbox.find((it) => it.consent === scene.consent('dr-a'));
  hold(grant?.state === 'live', 'the grant is in the inbox, and live on the ledger');
  const read = await doctor.person.readShared(grant.consent, { purpose: 'TREAT' });
  const compared = compareWithSource(scene, read);
  hold(
    compared === read.records.length && compared > 0,
    'every record equals the file it came from',
  );
  for (const { head, bytes } of read.records)
    scene.keepOpened(head.recordId, head.mediaType, bytes);
  const [access] = read.accesses;
  hold(access !== undefined, 'the look stands on the ledger');
  const receipt = await doctor.person.receiptOfAccess(access);
  const verdict = await checkReceipt(receipt, doctor.person.trustRootJson());
  hold(
    verdict.claim !== undefined && verdict.height === access.height,
    'the receipt of the look holds',
  );
  return {
    consentId: grant.consent,
    itemIds: read.records.map(({ head }) => head.recordId),
    blobIds: read.records.map(({ row }) => row.blobId),
    bytesEqual: compared,
    lookHeight: access.height,
    lookTxId: access.txId,
    vouchedBy: verdict.vouchedBy,
    receipt: scene.keepReceipt('look-dr-a', receipt),
  };
}

/** How many records are, byte for byte, what stands in the files the patient brought. */
function compareWithSource(scene: Scene, read: SharedRead): number {
  const source = new Map(scene.ownItems().map(({ item, file }) => [item.recordId, { item, file }]));
  return read.records.filter(({ head, bytes }) => {
    const from = source.get(head.recordId);
    return from !== undefined && includesBytes(from.file.input.bytes, bytes);
  }).length;
}

export function includesBytes(whole: Uint8Array, part: Uint8Array): boolean {
  return Buffer.from(whole.buffer, whole.byteOffset, whole.length).includes(Buffer.from(part));
}

/** 5 · Another class, another purpose, another doctor: refused, each with its code. */
export async function refuseOthers(scene: Scene): Promise<Facts> {
  const doctor = scene.member('dr-a').person;
  const consent = scene.consent('dr-a');
  const granted = scene.classes(['lab', 'medication'], 2);
  const other = scene.ownItems().find(({ item }) => !granted.includes(item.recordClass))?.item;
  const codes: Record<string, string> = {};
  if (other !== undefined) {
    codes.otherClass = await refused('a record of another class', () =>
      doctor.readShared(consent, { recordIds: [other.recordId], purpose: 'TREAT' }),
    );
  }
  codes.otherPurpose = await refused('another purpose', () =>
    doctor.readShared(consent, { purpose: 'HRESCH' }),
  );
  const drB = scene.member('dr-b');
  codes.otherDoctor = await refused('Dr B without a grant', () =>
    drB.person.readShared(consent, { purpose: 'TREAT' }),
  );
  codes.stolenLetter = await refused("Dr B with Dr A's letter", async () =>
    readWithStolenLetter(
      scene,
      await everythingHeldBy(scene.home, drB),
      await everythingHeldBy(scene.home, scene.member('dr-a')),
    ),
  );
  const shared = Object.values(codes).every((code) => code !== 'INTERNAL');
  hold(shared, 'every refusal has its code');
  return { consentId: consent, codes };
}
