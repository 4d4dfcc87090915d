import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { decodeInboxMessage } from '../../src/api/inbox-message.ts';
import { decodeSigned } from '../../src/api/signed.ts';
import { hmacSha256, sha256 } from '../../src/crypto/hash.ts';
import { decodeTx } from '../../src/ledger/codec.ts';
import type { Act } from '../../src/ledger/protocol.ts';
import type { Tx } from '../../src/ledger/tx.ts';
import { bytesToHex, utf8 } from '../../src/primitives/bytes.ts';
import { type AccountId, type ConsentId, idBytes } from '../../src/primitives/ids.ts';
import { type Consortium, type Enrolled, fileOf, startConsortium } from '../e2e/consortium.ts';
import { identityOfAccount } from './hospital.ts';
import { bytesOfWords } from './middle.ts';
import { withRawDatabase } from './raw-store.ts';

/**
 * The attacker has a full copy of both logs (every block, every transaction) and the whole disk of one hospital:
 * its database, its blobs, and every key set and envelope set of the others, which anybody who is enrolled may
 * fetch. He wants a list of who is whose doctor.
 *
 * Claim: he finds no pair (patient, doctor) of which neither belongs to his hospital. The scripts below are the
 * joins that we know: by what stands in one transaction, by keys, by write keys, by consents, by blob ids, by the
 * tags and sizes of envelope sets, by time. What he does find is asserted as well, and written down in SECURITY.md.
 */
interface Committed {
  readonly height: number;
  readonly timeMs: number;
  readonly bytes: Uint8Array;
  readonly tx: Tx;
}

interface Pair {
  readonly patient: AccountId;
  readonly doctor: AccountId;
}

const hour = 3_600_000;
const hospitals = ['north', 'harbour', 'valley'] as const;
/** The attacker's hospital. */
const own = 'valley';

let consortium: Consortium;
const patients: Enrolled[] = [];
const doctors: Enrolled[] = [];
const truth: (Pair & { readonly consent: ConsentId })[] = [];
let log: Committed[] = [];
const names = new Map<AccountId, string>();
const accountOf = (it: Enrolled): AccountId => it.person.account().account;
const hospitalOf = (account: AccountId): string => names.get(account) ?? '';

before(async () => {
  consortium = await startConsortium();
  for (const hospital of hospitals) {
    for (const n of [1, 2]) {
      const patient = await consortium.person(`P ${hospital} ${n}`, hospital, 'patient');
      const doctor = await consortium.person(`D ${hospital} ${n}`, hospital, 'clinician');
      patients.push(patient);
      doctors.push(doctor);
      names.set(accountOf(patient), hospital);
      names.set(accountOf(doctor), hospital);
    }
  }
  // Every hospital's first patient shares with a doctor at home and one elsewhere; they read and write.
  for (const [i, patient] of patients.entries()) {
    await patient.person.addFile(fileOf('a.txt', bytesOfWords(`record ${i}`)));
    for (const shift of i % 2 === 0 ? [0, 3] : [2]) {
      const doctor = doctors[(i + shift) % doctors.length];
      assert.ok(doctor);
      const consent = await share(patient, doctor);
      await doctor.person.inbox();
      await doctor.person.readShared(consent);
      const bytes = bytesOfWords('{"resourceType":"Condition"}');
      const note = { mediaType: 'application/fhir+json', name: 'C', bytes };
      await doctor.person.diagnose(consent, note);
    }
  }
  // A letter that waits, as while a doctor is away.
  const [[northern], away] = [patients, doctors.at(-1)];
  assert.ok(northern && away);
  await share(northern, away);
  const [revoking] = truth;
  assert.ok(revoking);
  await patients[0]?.person.revoke(revoking.consent);
  for (const hospital of hospitals) await consortium.gateway(hospital).flush();
  log = await wholeLog();
});
after(() => consortium.stop());

async function share(patient: Enrolled, doctor: Enrolled): Promise<ConsentId> {
  await patient.person.addCard(doctor.person.card());
  const { consent } = await patient.person.grant({
    grantee: accountOf(doctor),
    readClasses: ['other', 'diagnosis'],
    writeClasses: ['diagnosis'],
    purposes: ['TREAT'],
    notAfterMs: consortium.now() + 24 * hour,
  });
  truth.push({ patient: accountOf(patient), doctor: accountOf(doctor), consent });
  return consent;
}

async function wholeLog(): Promise<Committed[]> {
  const all: Committed[] = [];
  const { height } = consortium.engine.status();
  for (let at = 1; at <= height; at++) {
    const { timeMs, txs } = await consortium.engine.block(at);
    for (const bytes of txs) all.push({ height: at, timeMs, bytes, tx: decodeTx(bytes) });
  }
  return all;
}

const foreign = (pair: Pair): boolean =>
  hospitalOf(pair.patient) !== own && hospitalOf(pair.doctor) !== own;

/** What stands for an account wherever it is named: its id and every public key. */
async function marksOf(account: AccountId): Promise<Uint8Array[]> {
  const { signKey, kemKey, point } = await identityOfAccount(consortium, account);
  return [idBytes(account), signKey, kemKey.subarray(0, 32), point, utf8(account)];
}

const holds = (bytes: Uint8Array, mark: Uint8Array): boolean =>
  Buffer.from(bytes).includes(Buffer.from(mark));

async function namedIn(bytes: Uint8Array, who: readonly Enrolled[]): Promise<AccountId[]> {
  const found: AccountId[] = [];
  for (const it of who) {
    const marks = await marksOf(accountOf(it));
    if (marks.some((mark) => holds(bytes, mark))) found.push(accountOf(it));
  }
  return found;
}

/** Every pair of which both are named in one piece of bytes. */
async function pairsIn(pieces: Iterable<Uint8Array>): Promise<Pair[]> {
  const pairs: Pair[] = [];
  for (const bytes of pieces) {
    const [ofPatients, ofDoctors] = [await namedIn(bytes, patients), await namedIn(bytes, doctors)];
    for (const patient of ofPatients) {
      for (const doctor of ofDoctors) pairs.push({ patient, doctor });
    }
  }
  return pairs;
}

const actsOf = <Kind extends Act['kind']>(kind: Kind) =>
  log.flatMap(({ tx, height, timeMs }) =>
    tx.body.acts
      .filter((act): act is Extract<Act, { kind: Kind }> => act.kind === kind)
      .map((act) => ({ act, tx, height, timeMs })),
  );

test('there is something to find: grants across hospitals, reads and diagnoses', () => {
  assert.ok(truth.filter(foreign).length >= 3);
  assert.ok(actsOf('AccessLog').length >= 5);
  assert.ok(actsOf('DiagnosisAnchor').length >= 5);
});

test('no transaction names a patient and a doctor, by id or by any key', async () => {
  assert.deepEqual(await pairsIn(log.map(({ bytes }) => bytes)), []);
});

test('no doctor sends anything by which one could join him: his account has an Enrol and no more', () => {
  const senders = new Set(log.map(({ tx }) => tx.body.sender));
  assert.deepEqual(doctors.filter((it) => senders.has(accountOf(it))).map(accountOf), []);
});

test('a write key is made for one grant: it is no account’s key and comes back in no other grant', async () => {
  const keys = actsOf('ConsentGrant').map(({ act }) => bytesToHex(act.writeKey));
  assert.equal(new Set(keys).size, keys.length);
  const ofPeople = new Set<string>();
  for (const it of [...patients, ...doctors]) {
    for (const mark of await marksOf(accountOf(it))) ofPeople.add(bytesToHex(mark));
  }
  assert.ok(keys.every((key) => !ofPeople.has(key)));
  // Anchors under a grant are signed by it alone, in the patient's name.
  for (const { act, tx } of actsOf('DiagnosisAnchor')) {
    const [signer, another] = tx.signatures;
    assert.ok(signer && another === undefined);
    assert.ok(keys.includes(bytesToHex(signer.publicKey)));
    assert.ok(truth.some((it) => it.consent === act.consent && it.patient === tx.body.sender));
  }
});

test('body hashes and entry hashes are salted: who guesses every pair finds none', () => {
  // Without the salt, the hash of a body would fall to trying all doctors, classes and purposes.
  const hashes = new Set([
    ...actsOf('ConsentGrant').map(({ act }) => bytesToHex(act.bodyHash)),
    ...actsOf('AccessLog').flatMap(({ act }) => act.entries.map((it) => bytesToHex(it.entryHash))),
  ]);
  for (const patient of patients) {
    for (const doctor of doctors) {
      const [p, d] = [idBytes(accountOf(patient)), idBytes(accountOf(doctor))];
      for (const guess of [[p, d], [d, p], [d], [p]]) {
        assert.ok(!hashes.has(bytesToHex(sha256(...guess))));
      }
    }
  }
  assert.equal(
    hashes.size,
    truth.length + actsOf('AccessLog').flatMap((it) => it.act.entries).length,
  );
});

/** Every key set and envelope set, of all hospitals: anybody who is enrolled may fetch them. */
async function sharedSets(): Promise<
  { readonly patient: AccountId; readonly bytes: Uint8Array }[]
> {
  const sets: { patient: AccountId; bytes: Uint8Array }[] = [];
  for (const { act, tx } of actsOf('KeySet')) {
    const { blobs } = consortium.gateway(hospitalOf(tx.body.sender)).options;
    for (const id of [act.keySetBlob, act.envelopeSetBlob]) {
      sets.push({ patient: tx.body.sender, bytes: await blobs.read(id) });
    }
  }
  return sets;
}

test('envelope sets name nobody, and their tags join neither with each other nor with a consent', async () => {
  const sets = await sharedSets();
  assert.ok(sets.length > 2 * truth.length);
  for (const { bytes } of sets) {
    assert.deepEqual(await namedIn(bytes, doctors), []);
    for (const { consent } of truth) assert.ok(!holds(bytes, idBytes(consent)));
  }
  // The same doctor's envelopes of one patient have another tag in every set; a tag from public parts fits none.
  const tags = new Map<string, number>();
  for (const { act, tx } of actsOf('KeySet')) {
    const { blobs } = consortium.gateway(hospitalOf(tx.body.sender)).options;
    const bytes = await blobs.read(act.envelopeSetBlob);
    for (const tag of tagsOf(bytes)) tags.set(tag, (tags.get(tag) ?? 0) + 1);
    for (const { consent } of truth) {
      const guess = hmacSha256(idBytes(consent), utf8(act.keySetBlob)).slice(0, 16);
      assert.ok(!holds(bytes, guess));
    }
  }
  assert.ok(tags.size > truth.length);
  assert.ok([...tags.values()].every((times) => times === 1));
});

test('the size of an envelope set tells how many read only up to a power of two', async () => {
  const counts = new Set<number>();
  for (const { act, tx } of actsOf('KeySet')) {
    const { blobs } = consortium.gateway(hospitalOf(tx.body.sender)).options;
    counts.add(tagsOf(await blobs.read(act.envelopeSetBlob)).length);
  }
  for (const count of counts) assert.equal(count & (count - 1), 0);
});

/** 16-byte strings at the head of each `[tag, sealed]` of the set. */
function tagsOf(set: Uint8Array): string[] {
  // CBOR: an array of two, whose first is a byte string of 16: 0x82 0x50; then a sealed one of 3,184 bytes.
  const found: string[] = [];
  const bytes = Buffer.from(set);
  const head = Buffer.from([0x82, 0x50]);
  for (let at = bytes.indexOf(head); at >= 0; at = bytes.indexOf(head, at + 2)) {
    if (bytes[at + 18] !== 0x59) continue;
    found.push(bytes.subarray(at + 2, at + 18).toString('hex'));
  }
  return found;
}

/** Every value of every row of the attacker's own database. */
function ownDisk(): { readonly table: string; readonly row: Uint8Array }[] {
  return withRawDatabase(consortium, own, (db) => {
    const tables = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all();
    return tables.flatMap(({ name }) =>
      db
        .prepare(`SELECT * FROM "${String(name)}"`)
        .all()
        .map((row) => ({
          table: String(name),
          row: Buffer.concat(
            Object.values(row).map((it) =>
              it instanceof Uint8Array ? Buffer.from(it) : Buffer.from(String(it)),
            ),
          ),
        })),
    );
  });
}

test('the disk of one hospital names no pair of the others, whatever stands in one row', async () => {
  const pairs = await pairsIn(ownDisk().map(({ row }) => row));
  assert.deepEqual(pairs.filter(foreign), []);
});

test('what it does hold of others is found: letters that wait for its own doctors name their patients', async () => {
  // The attack works where it must. A letter that was fetched is gone from the disk.
  const found = withRawDatabase(consortium, own, (db) =>
    db
      .prepare("SELECT signed FROM inbox WHERE kind = 'message'")
      .all()
      .map(({ signed }) => {
        assert.ok(signed instanceof Uint8Array);
        const { from, to } = decodeInboxMessage(decodeSigned(signed).bytes);
        return { patient: from, doctor: to };
      }),
  );
  assert.ok(found.length > 0);
  for (const pair of found) {
    assert.equal(hospitalOf(pair.doctor), own);
    assert.ok(truth.some((it) => it.patient === pair.patient && it.doctor === pair.doctor));
  }
});

test('blob ids of others’ records are not on the ledger, so a body that passed through joins with no account', () => {
  const ids = new Set(
    withRawDatabase(consortium, 'north', (db) =>
      db
        .prepare('SELECT blob FROM items WHERE blob IS NOT NULL')
        .all()
        .map(({ blob }) => String(blob)),
    ),
  );
  assert.ok(ids.size > 0);
  for (const { bytes } of log) for (const id of ids) assert.ok(!holds(bytes, utf8(id)));
});

test('time joins a consent with the hospital that served it, and with no doctor', () => {
  // All that stands beside an entry is who served; doctors and their hospitals leave nothing on the ledger to be
  // near in time to. What is visible by design: that a consent of a patient was served, when, by which hospital.
  for (const { act, tx } of actsOf('AccessLog')) {
    for (const { consent } of act.entries) {
      const grant = truth.find((it) => it.consent === consent);
      assert.ok(grant);
      const { organisation } = consortium.gateway(hospitalOf(grant.patient)).options;
      assert.equal(tx.body.sender, organisation, 'the custodian serves, wherever the reader sits');
    }
  }
  const kinds = new Set(
    log.filter(({ tx }) => doctors.some((it) => accountOf(it) === tx.body.sender)),
  );
  assert.equal(kinds.size, 0);
});
