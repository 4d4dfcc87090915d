import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { bytesOfText } from '../../src/api/message-parts.ts';
import { signingKeyFromSeed } from '../../src/crypto/signature.ts';
import { decodeTx } from '../../src/ledger/codec.ts';
import { isCoded } from '../../src/primitives/errors.ts';
import type { ConsentId } from '../../src/primitives/ids.ts';
import { type NoteToWrite, Person } from '../../src/sdk/index.ts';
import { Vault } from '../../src/sdk/wallet/vault.ts';
import { memoryWalletStore } from '../wallet-store.ts';
import { type Consortium, type Enrolled, passphrase, startConsortium } from './consortium.ts';

/**
 * Who may write under a grant goes on writing after either side changed keys: the patient's wallet gives the grant a new
 * write key and sends its seed, and only that letter takes the place of the one that he holds.
 */
const day = 24 * 60 * 60_000;
const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
const note = (words: string): NoteToWrite => ({
  ...{ recordClass: 'note', mediaType: 'text/plain', name: 'note.txt' },
  bytes: new TextEncoder().encode(words),
});

let consortium: Consortium;
before(async () => {
  consortium = await startConsortium();
});
after(() => consortium.stop());

interface Pair {
  readonly ana: Enrolled;
  readonly doctor: Enrolled;
  readonly consent: ConsentId;
}

/** A patient and a doctor of another hospital who may write notes, and has written one. */
async function pair(): Promise<Pair> {
  const ana = await consortium.person('Ana', 'north', 'patient');
  const doctor = await consortium.person('Dr Osei', 'harbour', 'clinician');
  await ana.person.addCard(doctor.person.card());
  const { consent } = await ana.person.grant({
    ...{ grantee: 'Dr Osei', readClasses: ['note'], writeClasses: ['note'] },
    ...{ purposes: ['TREAT'], notAfterMs: consortium.now() + 30 * day },
  });
  await doctor.person.inbox();
  await doctor.person.write(consent, [note('before')]);
  return { ana, doctor, consent };
}

/** What the patient has of others' writing, oldest first. */
async function notesOf(person: Person): Promise<readonly string[]> {
  const records = (await person.listRecords()).filter((it) => it.state === 'live');
  const opened = await person.openRecords(records.map((it) => it.recordId));
  return opened.map((it) => textOf(it.bytes)).sort();
}

/** The line drops after her change of keys: nothing that gives a write key gets through, until it is mended. */
async function rotatedAndCutOff({ store }: Enrolled) {
  let isDown = true;
  const cut = async (url: string, init: RequestInit): Promise<Response> => {
    if (isDown && init.method === 'POST' && url.includes('/v1/tx')) {
      const { acts } = decodeTx(bytesOfText(JSON.parse(String(init.body)).tx)).body;
      if (acts.some(({ kind }) => kind === 'WriteKey')) throw new Error('no line');
    }
    return fetch(url, init);
  };
  const phone = await Person.open(
    { store, passphrase },
    { now: consortium.now, http: { fetch: cut, retryDelaysMs: [] } },
  );
  await phone.rotate();
  const heal = (): void => {
    isDown = false;
  };
  return { phone, heal };
}

async function writeKeyOf(consent: ConsentId): Promise<Uint8Array | undefined> {
  return (await consortium.gateway('north').view.consent(consent))?.writeKey;
}

/** A second device of the same person, from the printed code. */
const deviceOf = ({ code }: Enrolled, hospital: string): Promise<Person> =>
  Person.recover(
    { store: memoryWalletStore(), passphrase, code, gatewayUrl: consortium.url(hospital) },
    { now: consortium.now },
  );

test('After the patient changed keys the writer goes on with the letter that follows', async () => {
  const { ana, doctor, consent } = await pair();
  await ana.person.rotate();
  assert.equal(ana.person.pendingCount, 0);
  await doctor.person.inbox();
  await doctor.person.write(consent, [note('after')]);
  assert.deepEqual(await notesOf(ana.person), ['after', 'before']);
  const { code } = ana;
  await ana.person.rotate({ code });
  await doctor.person.inbox();
  await doctor.person.write(consent, [note('after the code')]);
  assert.deepEqual(await notesOf(ana.person), ['after', 'after the code', 'before']);
});

test('After the writer changed keys the old seed counts until the patient’s wallet wakes, and no longer', async () => {
  const { ana, doctor, consent } = await pair();
  const ofBefore = await writeKeyOf(consent);
  await doctor.person.rotate();
  assert.deepEqual(await writeKeyOf(consent), ofBefore);
  await ana.person.sync();
  assert.notDeepEqual(await writeKeyOf(consent), ofBefore);
  await doctor.person.inbox();
  await doctor.person.write(consent, [note('after')]);
  assert.deepEqual(await notesOf(ana.person), ['after', 'before']);
});

test('Two devices of the patient that renew at once give one key, and each device of the writer has it', async () => {
  const { ana, doctor, consent } = await pair();
  const tablet = await deviceOf(ana, 'north');
  const ofBefore = await writeKeyOf(consent);
  await doctor.person.rotate();
  const workstation = await deviceOf(doctor, 'harbour');
  await workstation.sync();
  await Promise.all([ana.person.sync(), tablet.sync()]);
  await ana.person.sync();
  await tablet.sync();
  const ofBoth = await writeKeyOf(consent);
  assert.notDeepEqual(ofBoth, ofBefore);
  const { content } = await Vault.open(ana.store, passphrase);
  const held = content.grants.find((it) => it.consent === consent);
  assert.ok(held);
  assert.deepEqual((await signingKeyFromSeed(held.writeSeed)).publicKey, ofBoth);
  await doctor.person.inbox();
  await workstation.sync();
  await doctor.person.write(consent, [note('one')]);
  await workstation.write(consent, [note('two')]);
  assert.deepEqual(await notesOf(ana.person), ['before', 'one', 'two']);
});

test('What he wrote before the patient’s wallet woke is kept, and stands in her chart once she renewed', async () => {
  const { ana, doctor, consent } = await pair();
  const { phone, heal } = await rotatedAndCutOff(ana);
  await doctor.person.inbox();
  await assert.rejects(
    doctor.person.write(consent, [note('kept')]),
    (error) => isCoded(error, 'WRITE_KEY_ENDED') && error.details.kept === true,
  );
  assert.deepEqual(
    doctor.person.unwritten.map((it) => textOf(it.bytes)),
    ['kept'],
  );
  await doctor.person.inbox();
  assert.equal(doctor.person.unwritten.length, 1);
  heal();
  await phone.sync();
  await doctor.person.inbox();
  assert.deepEqual(doctor.person.unwritten, []);
  assert.deepEqual(await notesOf(phone), ['before', 'kept']);
  await doctor.person.inbox();
  assert.deepEqual(await notesOf(phone), ['before', 'kept']);
});

test('What was on its way when the patient changed keys is written again, and once', async () => {
  const { ana, doctor, consent } = await pair();
  let isDown = true;
  const cut = async (url: string, init: RequestInit): Promise<Response> => {
    if (isDown && init.method === 'POST' && url.includes('/v1/tx')) throw new Error('no line');
    return fetch(url, init);
  };
  const http = { fetch: cut, retryDelaysMs: [] };
  const phone = await Person.open(
    { store: doctor.store, passphrase },
    { now: consortium.now, http },
  );
  await assert.rejects(phone.write(consent, [note('on its way')]), (error) =>
    isCoded(error, 'GATEWAY_UNREACHABLE'),
  );
  assert.equal(phone.pendingCount, 1);
  isDown = false;
  await ana.person.rotate();
  const { resumed } = await phone.sync();
  assert.deepEqual(
    resumed.map((it) => it.refused),
    ['KEY_NOT_CURRENT'],
  );
  assert.deepEqual(await notesOf(ana.person), ['before', 'on its way']);
  assert.deepEqual(phone.unwritten, []);
});

test('A note that a wallet has no room for is said not to be kept; what is kept can be let go', async () => {
  const { ana, doctor, consent } = await pair();
  await rotatedAndCutOff(ana);
  await assert.rejects(
    doctor.person.write(consent, [note('long'.repeat(3_000))]),
    (error) => isCoded(error, 'WRITE_KEY_ENDED') && error.details.kept === false,
  );
  await assert.rejects(doctor.person.write(consent, [note('short')]));
  const [kept] = doctor.person.unwritten;
  assert.ok(kept);
  await doctor.person.dropUnwritten([kept.recordId]);
  assert.deepEqual(doctor.person.unwritten, []);
});

test('A wallet that wakes with nothing to renew sends nothing', async () => {
  const { ana, consent } = await pair();
  const ofBefore = await writeKeyOf(consent);
  await ana.person.sync();
  assert.deepEqual(await writeKeyOf(consent), ofBefore);
});
