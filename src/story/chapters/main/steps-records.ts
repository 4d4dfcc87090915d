import { equalBytes, utf8, utf8ToText } from '../../../primitives/bytes.ts';
import type { RecordId } from '../../../primitives/ids.ts';
import type { FileInput } from '../../../sdk/actions/file-source.ts';
import { amendmentOf, amendRecord } from '../../../sdk/index.ts';
import { enrolMember, type Member } from '../../cast.ts';
import { type Facts, hold, refused } from '../../chapter.ts';
import type { Scene } from './scene.ts';

/** Whom the steps after the kill follow: with a small chart of her own, so that those before cost what they did. */
export const mover = 'robin';

const dayMs = 24 * 3_600_000;

/** 13 · Two servers name two records alike: they are two, and a newer export is a version of its own server's. */
export async function importFromTwoServers(scene: Scene): Promise<Facts> {
  // The step before left the servers stopped.
  await scene.servers.restart();
  const robin = await enrolRobin(scene);
  const { person } = robin;
  const [a] = (await person.addFile(exportOf(serverA, potassium))).items;
  const [b] = (await person.addFile(exportOf(serverB, weight(81)))).items;
  const [newer] = (await person.addFile(exportOf(serverB, weight(79)))).items;
  hold(a !== undefined && b !== undefined && newer !== undefined, 'all three exports bring one');
  hold(b.previous === undefined, "the second server's record is no version of the first's");
  hold(newer.previous === b.recordId, 'the newer export is the next version at its server');
  hold((await versionsOf(robin, a.recordId)).length === 1, 'the first record stands alone');
  const versions = await versionsOf(robin, b.recordId);
  hold(versions.join() === [newer.recordId, b.recordId].join(), 'the second has two versions');
  hold(a.recordClass === 'lab' && b.recordClass === 'vital', 'each is of its own class');
  return {
    sameId: 'Observation/1',
    itemIds: [a.recordId, b.recordId, newer.recordId],
    versions: [1, versions.length],
    classes: [a.recordClass, b.recordClass],
  };
}

async function enrolRobin(scene: Scene): Promise<Member> {
  const who = { nickname: mover, name: 'Robin Vale', role: 'patient', hospital: 'north' } as const;
  const robin = await enrolMember(scene.servers, scene.home, who);
  scene.members.set(mover, robin);
  for (const doctor of ['dr-c', 'dr-d']) {
    const card = scene.member(doctor).person.card();
    await robin.person.addCard(card, { nickname: doctor });
  }
  return robin;
}

async function versionsOf({ person }: Member, recordId: RecordId): Promise<readonly RecordId[]> {
  return (await person.history(recordId)).map(({ head }) => head.recordId);
}

/** 14 · A laboratory result that its source marked restricted is left out of a grant of the laboratory. */
export async function leaveOutRestricted(scene: Scene): Promise<Facts> {
  const { person } = scene.member(mover);
  const added = await person.addFile(exportOf(serverA, hivTest, '2'));
  const [secret] = added.items;
  hold(secret !== undefined && added.restricted === 1, 'the label of the source is told');
  hold(secret.recordClass === 'private', 'and decides the class');
  const doctor = scene.member('dr-c').person;
  const terms = { grantee: 'dr-c', fromMs: 0, purposes: ['TREAT'] as const };
  const notAfterMs = Date.now() + 7 * dayMs;
  const lab = await person.grant({ ...terms, readClasses: ['lab'], notAfterMs });
  await doctor.inbox();
  const read = await doctor.readShared(lab.consent, { purpose: 'TREAT' });
  const seen = read.records.map(({ head }) => head.recordId);
  hold(seen.length > 0, 'the ordinary results are read');
  hold(!seen.includes(secret.recordId), 'the restricted one is not among them');
  const asked = await refused('asking for the restricted one by its id', () =>
    doctor.readShared(lab.consent, { recordIds: [secret.recordId], purpose: 'TREAT' }),
  );
  const wider = await person.grant({ ...terms, readClasses: ['lab', 'private'], notAfterMs });
  await doctor.inbox();
  const all = await doctor.readShared(wider.consent, { purpose: 'TREAT' });
  const opened = all.records.find(({ head }) => head.recordId === secret.recordId);
  hold(
    opened !== undefined && utf8ToText(opened.bytes) === JSON.stringify(hivTest('2')),
    'a grant of what is restricted opens it',
  );
  return {
    itemIds: [secret.recordId],
    labels: secret.labels,
    consentId: lab.consent,
    seen: seen.length,
    askedById: asked,
    withRestricted: all.records.length,
  };
}

/** 15 · A diagnosis is corrected by who wrote it, and by nobody else. */
export async function correctDiagnosis(scene: Scene): Promise<Facts> {
  const { person } = scene.member(mover);
  const grantTo = async (grantee: string) => {
    const given = await person.grant({
      ...{ grantee, readClasses: ['diagnosis'], writeClasses: ['diagnosis'], purposes: ['TREAT'] },
      notAfterMs: Date.now() + 7 * dayMs,
    });
    await scene.member(grantee).person.inbox();
    return given.consent;
  };
  const consent = await grantTo('dr-d');
  const writer = scene.member('dr-d').person;
  const first = utf8('Fracture of the left wrist.');
  const written = await writer.diagnose(consent, {
    ...{ mediaType: 'text/plain', name: 'Fracture of the wrist', bytes: first },
  });
  const [recordId] = written.recordIds;
  hold(recordId !== undefined, 'the diagnosis has a record id');
  const now = { bytes: utf8('Fracture of the right wrist.'), mediaType: 'text/plain' };
  const request = { recordId, now, reason: 'the other side', enteredInError: false };
  const other = scene.member('dr-c').person;
  await grantTo('dr-c');
  const byAnother = await refused('a correction by somebody else', () =>
    other.run(amendRecord, request),
  );
  const amended = await writer.run(amendRecord, request);
  const [newest, before, more] = await person.history(recordId);
  hold(more === undefined && before !== undefined, 'the patient sees two versions');
  hold(newest !== undefined && equalBytes(newest.bytes, now.bytes), 'the newest is the correction');
  hold(equalBytes(before.bytes, first), 'and what it corrects is still there');
  const reason = amendmentOf(newest.head.mediaType)?.reason;
  hold(reason === request.reason, 'with its reason');
  const { height } = amended.confirmed;
  return { itemIds: [recordId, amended.recordId], byAnother, reason, height };
}

const serverA = 'https://a.example/fhir';
const serverB = 'https://b.example/r4';

/** What a server exports: one resource, by its address there. */
function exportOf(server: string, resource: (id: string) => object, id = '1'): FileInput {
  const entry = { fullUrl: `${server}/Observation/${id}`, resource: resource(id) };
  const bundle = { resourceType: 'Bundle', type: 'collection', entry: [entry] };
  return fileOf(`${new URL(server).hostname}.json`, utf8(JSON.stringify(bundle)));
}

export function fileOf(name: string, bytes: Uint8Array): FileInput {
  return {
    name,
    byteLength: bytes.length,
    read: async function* () {
      yield bytes;
    },
  };
}

const observation = (id: string, category: string, what: object) => ({
  ...{ resourceType: 'Observation', id, status: 'final' },
  category: [{ coding: [{ code: category }] }],
  ...what,
});

const potassium = (id: string) =>
  observation(id, 'laboratory', {
    ...{ code: { text: 'Potassium' }, effectiveDateTime: '2015-02-03' },
    valueQuantity: { value: 4.1, unit: 'mmol/L' },
  });

const weight = (kilograms: number) => (id: string) =>
  observation(id, 'vital-signs', {
    ...{ code: { text: 'Body weight' }, effectiveDateTime: '2020-05-06' },
    valueQuantity: { value: kilograms, unit: 'kg' },
  });

const hivTest = (id: string) =>
  observation(id, 'laboratory', {
    meta: { security: [{ code: 'R' }] },
    ...{ code: { text: 'HIV 1 and 2 antibodies' }, effectiveDateTime: '2016-07-08' },
    valueString: 'not detected',
  });
