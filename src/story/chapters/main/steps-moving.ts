import { ordinaryClasses } from '../../../api/classes.ts';
import { fileWalletStore } from '../../../cli/home.ts';
import { equalBytes, utf8 } from '../../../primitives/bytes.ts';
import type { AccountId } from '../../../primitives/ids.ts';
import { contentOf, Person } from '../../../sdk/index.ts';
import { enrolMember, storyPassphrase } from '../../cast.ts';
import { type Facts, hold } from '../../chapter.ts';
import type { Scene } from './scene.ts';
import { fileOf, mover } from './steps-records.ts';
import { includesBytes } from './steps-sharing.ts';

const dayMs = 24 * 3_600_000;

/** 16 · A second device is added by six digits that the person compares; others add none. */
export async function addTelephone(scene: Scene): Promise<Facts> {
  const { person, account } = scene.member(mover);
  const entered: number[] = [];
  // What somebody in the middle would show are other digits: they are entered first.
  const telephone = await join(scene, 'telephone', async (digits) => {
    entered.push((await person.devices()).devices.length);
    const other = `${digits.slice(0, 5)}${(Number(digits[5]) + 1) % 10}`;
    return entered.length === 1 ? other : digits;
  });
  hold(entered.join() === '1,1', 'other digits add no device, and are asked for again');
  hold((await person.devices()).wrongEntriesMs.length === 1, 'that they were entered is told');
  hold((await telephone.devices()).devices.length === 2, 'both devices list two');
  const [first] = (await person.listRecords()).filter((it) => it.state === 'live');
  hold(first !== undefined, 'there is a record');
  const [here, there] = await Promise.all(
    [person, telephone].map((it) => it.openRecord(first.recordId)),
  );
  hold(!!here && !!there && equalBytes(here.bytes, there.bytes), 'the new device opens it');
  const bytes = utf8('Written on the telephone.');
  const added = await telephone.addFile(fileOf('telephone.txt', bytes), { recordClass: 'note' });
  const [note] = added.items;
  hold(note !== undefined, 'the new device writes');
  const opened = await person.openRecord(note.recordId);
  hold(equalBytes(opened.bytes, bytes), 'and the old one reads it');
  hold(opened.head.author === account, 'both are one person');
  return { devices: 2, wrongEntries: 1, itemIds: [note.recordId] };
}

/** Both devices at once, and a person who reads the digits on the new one and types them on the old one. */
async function join(
  scene: Scene,
  name: string,
  typed: (digits: string) => Promise<string>,
): Promise<Person> {
  const { person, account } = scene.member(mover);
  const [link, digits] = [later(), later()];
  const adding = person.addDevice({
    ...{ as: account, onLink: link.resolve },
    askDigits: async () => typed(await digits.promise),
  });
  adding.catch(link.reject);
  const joining = link.promise.then((shown) =>
    Person.join({
      ...{ store: fileWalletStore(scene.home, `${mover}-${name}`), passphrase: storyPassphrase },
      ...{ link: shown, deviceName: name, showDigits: digits.resolve },
      isDoneThere: () => adding.then(() => true),
    }),
  );
  const [added, joined] = await Promise.allSettled([adding, joining]);
  if (added.status === 'rejected') throw added.reason;
  if (joined.status === 'rejected') throw joined.reason;
  await joined.value.sync();
  return joined.value;
}

/** What one device says to the other when it gets there. */
function later() {
  let resolve: (text: string) => void = () => undefined;
  let reject: (reason: unknown) => void = () => undefined;
  const promise = new Promise<string>((give, fail) => {
    resolve = give;
    reject = fail;
  });
  return { promise, resolve, reject };
}

/** 17 · A chart goes to another hospital: nothing is lost, and who wrote what is still proven. */
export async function moveHouse(scene: Scene): Promise<Facts> {
  const robin = scene.member(mover);
  const { person, account: old } = robin;
  const valley = scene.servers.hospital('valley');
  const { account: now } = await person.enrol({
    ...{ gatewayUrl: valley.url, name: robin.name, role: 'patient', code: robin.code },
    invitation: await scene.servers.invite(valley, 'patient', robin.name),
  });
  const files = person.imports.filter((it) => it.account === old);
  const before = await person.listRecords({ as: old });
  const { moved, left } = await person.moveRecords({ as: old, to: now });
  hold(left.length === 0, 'no record stays behind');
  hold(moved === before.filter((it) => it.state === 'live').length, 'all of them move');
  const again = await person.moveRecords({ as: old, to: now });
  hold(again.moved === 0, 'and nothing moves twice');
  const author = await authorOfMoved(scene, now);
  hold(author === scene.member('dr-d').account, 'the diagnosis is still proven to be by Dr D');
  const there = person.imports.filter((it) => it.account === now);
  hold(there.length === files.length && files.length > 0, 'every file goes along');
  for (const file of there) {
    const back = await person.exportImport(file.skeleton, { as: now });
    const was = files.some(({ sha256 }) => back.sha256 === Buffer.from(sha256).toString('hex'));
    hold(was, `${file.fileName} comes back byte for byte`);
  }
  return { from: old, to: now, moved, left: 0, files: there.length, authorOfDiagnosis: author };
}

/** What a doctor at the new hospital learns of who wrote the diagnosis. */
async function authorOfMoved(scene: Scene, as: AccountId): Promise<AccountId> {
  const { person } = scene.member(mover);
  const { consent } = await person.grant(
    {
      ...{ grantee: 'dr-c', readClasses: ['diagnosis'], fromMs: 0, purposes: ['TREAT'] },
      notAfterMs: Date.now() + 7 * dayMs,
    },
    { as },
  );
  const doctor = scene.member('dr-c').person;
  await doctor.inbox();
  const { records } = await doctor.readShared(consent, { purpose: 'TREAT' });
  const [record] = records;
  hold(record !== undefined, 'the doctor there reads the diagnosis');
  hold(record.carried !== undefined, 'it is carried whole');
  hold(record.carried.notVerified === undefined, 'and what is inside verifies');
  return contentOf(record).head.author;
}

/** 18 · A whole chart, of every class, in one answer: opened and shown while the rest still comes. */
export async function readWholeChart(scene: Scene): Promise<Facts> {
  const { patient } = scene;
  let streams = 0;
  const counted = (url: string, init: RequestInit): Promise<Response> => {
    if (new URL(url).pathname.endsWith('/v1/bodies')) streams += 1;
    return fetch(url, init);
  };
  const who = { nickname: 'dr-e', name: 'Dr Edda Roth', role: 'clinician', hospital: 'valley' };
  const member = { ...who, role: 'clinician' } as const;
  const doctor = await enrolMember(scene.servers, scene.home, member, { http: { fetch: counted } });
  scene.members.set('dr-e', doctor);
  await patient.person.addCard(doctor.person.card(), { nickname: 'dr-e' });
  const { consent } = await patient.person.grant({
    ...{ grantee: 'dr-e', readClasses: ordinaryClasses, fromMs: 0, purposes: ['TREAT'] },
    notAfterMs: Date.now() + 7 * dayMs,
  });
  await doctor.person.inbox();
  const order: number[] = [];
  const read = await doctor.person.readShared(consent, {
    purpose: 'TREAT',
    onRecord: ({ row }) => order.push(row.height),
  });
  const own = (await patient.person.listRecords()).filter(
    (it) => it.state === 'live' && it.recordClass !== 'private',
  );
  const ids = new Set(read.records.map(({ head }) => head.recordId));
  hold(own.length > 0 && own.every((it) => ids.has(it.recordId)), 'every record is there');
  hold(ids.size === own.length && read.missing.length === 0, 'and nothing else');
  hold(streams === 1, 'all bodies came in one stream');
  hold(read.accesses.length === 1, 'for one look on the ledger');
  hold(order.length === own.length, 'each was given as it came');
  hold(
    order.every((height, i) => i === 0 || height >= (order[i - 1] ?? 0)),
    'in the order of the ledger',
  );
  const source = new Map(scene.ownItems().map(({ item, file }) => [item.recordId, file.input]));
  for (const { head, bytes } of read.records) {
    const file = source.get(head.recordId);
    const isSame = file === undefined || includesBytes(file.bytes, bytes);
    hold(isSame, 'what came from a file is as it is there');
  }
  return { consentId: consent, records: ids.size, streams, looks: read.accesses.length };
}
