import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { accepted, codeOf, type Grant, nobody, Person } from '../../../../test/gateway/person.ts';
import { type Sealed, sealedItem } from '../../../../test/gateway/sealed.ts';
import { openTown, type Town } from '../../../../test/gateway/town.ts';
import { encodeGrantBody } from '../../../api/grant-body.ts';
import { bytesOfText, textOfBytes } from '../../../api/message-parts.ts';
import { encodeReadRequest, readEntryHash } from '../../../api/read-request.ts';
import { decodeSigned, encodeSigned } from '../../../api/signed.ts';
import { sha256 } from '../../../crypto/hash.ts';
import { labels } from '../../../crypto/labels.ts';
import { randomBytes } from '../../../crypto/random.ts';
import { nextLook } from '../../../ledger/acts/access-log.ts';
import { isIncluded } from '../../../ledger/merkle.ts';
import { equalBytes } from '../../../primitives/bytes.ts';
import { recordIdOf } from '../../../primitives/ids.ts';

let town: Town;
let ana: Person;
let doctor: Person;
let lab: Sealed;
let note: Sealed;
let grant: Grant;

before(async () => {
  town = await openTown();
  ana = await Person.enrolled(town, town.north, 'patient');
  doctor = await Person.enrolled(town, town.south, 'clinician');
  await ana.keySet();
  lab = sealedItem('lab');
  note = sealedItem('note');
  await ana.keep([lab, note, sealedItem('diagnosis')]);
  grant = await ana.grant(doctor.account);
});
after(() => town.close());

const idsOf = (rows: readonly { readonly recordId: string }[]) => rows.map((row) => row.recordId);

test('a doctor of another hospital gets the rows of the granted classes, each with its path', async () => {
  const { rows } = await doctor.reads(grant, town.north);
  assert.equal(rows.length, 2);
  const [first] = rows;
  assert.ok(first?.state === 'live');
  assert.equal(first.recordId, lab.recordId);
  const { index, count, path, root } = first;
  const hashes = path.map((hash) => bytesOfText(hash));
  assert.ok(isIncluded(lab.leaf, index, count, hashes, bytesOfText(root)));
});

test('the patient finds the look sealed in her inbox, and its entry in the chain on the ledger', async () => {
  const own = await ana.grant(doctor.account);
  const before = (await ana.inbox()).at(-1)?.id ?? 0;
  const answer = await doctor.reads(own, town.north);
  const [notice, ...others] = await ana.inbox(before);
  assert.equal(others.length, 0);
  assert.equal(notice?.kind, 'look');
  assert.deepEqual(notice?.anchor, answer.access);
  const look = await ana.openNotice(notice.sealed);
  assert.ok(look.kind === 'look');
  assert.deepEqual(look.recordIds, idsOf(answer.rows));
  assert.deepEqual(look.salt, bytesOfText(answer.salt));
  const entry = readEntryHash(look.salt, look.signedRequest);
  const consent = await town.north.gateway.view.consent(own.consent);
  assert.equal(consent?.looks, 1);
  assert.ok(equalBytes(consent.lookChain, nextLook(new Uint8Array(32), entry)));
});

test('nothing leaves before the ledger has committed the look', async () => {
  town.engine.hold();
  let answered = false;
  const reading = doctor.read(grant, town.north).finally(() => {
    answered = true;
  });
  // Everything else runs; only the commit does not come.
  while (town.engine.waiting === 0) await new Promise((resolve) => setImmediate(resolve));
  assert.equal(answered, false);
  town.engine.giveUp();
  assert.equal(codeOf(await reading), 'LEDGER_STALLED');
  town.engine.release();
});

test('a ledger that stands still is not even asked', async () => {
  town.engine.standStill(30_000);
  const before = town.engine.submitted;
  assert.equal(codeOf(await doctor.read(grant, town.north)), 'LEDGER_STALLED');
  assert.equal(town.engine.submitted, before);
  town.engine.standStill(0);
});

test('a revocation that the ledger orders before the read gives no rows, and the patient is told', async () => {
  const ending = await ana.grant(doctor.account);
  town.engine.hold('AccessLog');
  const reading = doctor.read(ending, town.north);
  while (town.engine.waiting === 0) await new Promise((resolve) => setImmediate(resolve));
  await ana.revoke(ending);
  town.engine.release();
  assert.equal(codeOf(await reading), 'CONSENT_ENDED');
  const notices = await ana.inbox();
  const opened = await Promise.all(notices.map(({ sealed }) => ana.openNotice(sealed)));
  const refused = opened.flatMap((it) => (it.kind === 'refusal' ? it : []));
  const about = refused.filter((it) => it.consent === ending.consent);
  assert.equal(about.length, 1);
  const looks = opened.flatMap((it) => (it.kind === 'look' ? sha256(it.signedRequest) : []));
  assert.ok(!looks.some((hash) => about.some((it) => equalBytes(it.requestHash, hash))));
});

test('a request serves once', async () => {
  const bytes = encodeReadRequest(doctor.request(grant, town.north));
  const request = await doctor.signed(labels.readSign, bytes);
  accepted(await doctor.postRead(request));
  assert.equal(codeOf(await doctor.postRead(request)), 'REQUEST_REPLAYED');
});

const refusals: readonly [
  string,
  (grant: Grant) => { change?: Parameters<Person['request']>[2]; grant?: Grant },
  string,
][] = [
  [
    'a purpose that was not granted',
    () => ({ change: { purpose: 'HRESCH' } }),
    'PURPOSE_NOT_GRANTED',
  ],
  [
    'a record of a class that was not granted, like one that does not exist',
    () => ({ change: { what: { kind: 'records', recordIds: [note.recordId] } } }),
    'RECORD_UNKNOWN',
  ],
  [
    'a record that does not exist',
    () => ({ change: { what: { kind: 'records', recordIds: [recordIdOf(randomBytes(16))] } } }),
    'RECORD_UNKNOWN',
  ],
  [
    'a request of ten minutes ago',
    () => ({ change: { issuedMs: Date.now() - 600_000 } }),
    'REQUEST_STALE',
  ],
  [
    'a salt that does not fit',
    () => ({ change: { grantSalt: randomBytes(32) } }),
    'GRANT_BODY_WRONG',
  ],
  [
    'a body that the reader changed',
    () => ({
      change: {
        grantBody: encodeGrantBody({
          ...{ account: ana.account, grantee: doctor.account, recordIds: [], fromMs: 0 },
          ...{ readClasses: ['note'], writeClasses: [], purposes: ['TREAT'] },
        }),
      },
    }),
    'GRANT_BODY_WRONG',
  ],
  ['another chain', () => ({ change: { chainId: 'elsewhere' } }), 'CHAIN_WRONG'],
  ['an account that is not enrolled', () => ({ change: { reader: nobody } }), 'ACCOUNT_UNKNOWN'],
  [
    'a key that is not the reader’s',
    () => ({ change: { readerKey: ana.keys.sign.publicKey } }),
    'KEY_NOT_CURRENT',
  ],
];
for (const [name, make, code] of refusals) {
  test(`a read is refused for ${name}: ${code}`, async () => {
    const { change = {} } = make(grant);
    assert.equal(codeOf(await doctor.read(grant, town.north, change)), code);
  });
}

test('a signature by another key is refused', async () => {
  const bytes = encodeReadRequest(doctor.request(grant, town.north));
  const request = await doctor.signed(labels.readSign, bytes, ana.keys.sign);
  assert.equal(codeOf(await doctor.postRead(request)), 'SIGNATURE_WRONG');
  const { signature } = decodeSigned(bytesOfText(request));
  const changed = Uint8Array.from(bytes, (byte, at) => (at === bytes.length - 1 ? byte ^ 1 : byte));
  const forged = textOfBytes(encodeSigned({ bytes: changed, signature }));
  assert.notEqual(codeOf(await doctor.postRead(forged)), 'accepted');
});

test('a grant for somebody else is of no use', async () => {
  const colleague = await Person.enrolled(town, town.south, 'nurse');
  assert.equal(codeOf(await colleague.read(grant, town.north)), 'NOT_SHARED');
});

test('a hospital that does not keep the patient serves nothing of hers', async () => {
  assert.equal(codeOf(await doctor.read(grant, town.south)), 'NOT_FOUND');
});

test('a grant of single records covers those, and refuses a list of others', async () => {
  const single = await ana.grant(doctor.account, { recordIds: [lab.recordId] });
  assert.deepEqual(idsOf((await doctor.reads(single, town.north)).rows), [lab.recordId]);
  const what = { kind: 'records', recordIds: [note.recordId] } as const;
  assert.equal(codeOf(await doctor.read(single, town.north, { what })), 'RECORD_NOT_GRANTED');
});

test('a grant from now on leaves out what was anchored before', async () => {
  const fromNow = await ana.grant(doctor.account, { fromMs: Date.now() + 60_000 });
  assert.deepEqual((await doctor.reads(fromNow, town.north)).rows, []);
});

test('a write-only grant reads nothing', async () => {
  const writing = await ana.grant(doctor.account, { readClasses: [], writeClasses: ['diagnosis'] });
  assert.equal(codeOf(await doctor.read(writing, town.north)), 'CLASS_NOT_GRANTED');
});

test('a long list comes in pages that hold every row once', async () => {
  const ben = await Person.enrolled(town, town.north, 'patient');
  await ben.keySet();
  const kept = Array.from({ length: 5 }, () => sealedItem('lab'));
  await ben.keep(kept.slice(0, 3));
  await ben.keep(kept.slice(3));
  const all = await ben.grant(doctor.account);
  const seen: string[] = [];
  let cursor: string | undefined = '';
  for (let pages = 0; cursor !== undefined && pages < 10; pages++) {
    const what = { kind: 'since', height: 0, limit: 2, cursor } as const;
    const page: Awaited<ReturnType<Person['reads']>> = await doctor.reads(all, town.north, {
      what,
    });
    seen.push(...idsOf(page.rows));
    cursor = page.next;
  }
  assert.deepEqual(
    seen,
    kept.map(({ recordId }) => recordId),
  );
});

test('the ticket of a read fetches its bodies through the reader’s own hospital, and nothing else', async () => {
  const own = await ana.grant(doctor.account, { readClasses: ['lab'] });
  const { ticket, rows } = await doctor.reads(own, town.north);
  assert.deepEqual(idsOf(rows), [lab.recordId]);
  const at = `?at=${town.north.organisation}`;
  const headers = { 'x-salus-ticket': ticket };
  const fetched = await doctor.call('GET', `/v1/blobs/${lab.blobId}${at}`, { headers });
  assert.equal(fetched.status, 200);
  assert.ok(equalBytes(fetched.bytes, lab.body));
  const range = { ...headers, range: 'bytes=10-19' };
  const part = await doctor.call('GET', `/v1/blobs/${lab.blobId}${at}`, { headers: range });
  assert.equal(part.status, 206);
  assert.ok(equalBytes(part.bytes, lab.body.slice(10, 20)));
  const other = await doctor.call('GET', `/v1/blobs/${note.blobId}${at}`, { headers });
  assert.equal(codeOf(other), 'BLOB_UNKNOWN');
  const without = await doctor.call('GET', `/v1/blobs/${lab.blobId}${at}`);
  assert.equal(codeOf(without), 'BLOB_UNKNOWN');
  await ana.revoke(own);
  const late = await doctor.call('GET', `/v1/blobs/${lab.blobId}${at}`, { headers });
  assert.equal(codeOf(late), 'BLOB_UNKNOWN');
});

test('reads that come together share one transaction, and each gets its own entry', async () => {
  const answers = await Promise.all([1, 2, 3].map(() => doctor.reads(grant, town.north)));
  const places = answers.map(({ access }) => `${access.txId} ${access.index}`);
  assert.equal(new Set(places).size, 3);
  assert.ok(new Set(answers.map(({ access }) => access.txId)).size <= 3);
});

test('a ticket ends with its grant, also when nobody revokes it', async () => {
  const bea = await Person.enrolled(town, town.north, 'patient', 'bea');
  await bea.keySet();
  const item = sealedItem('lab');
  await bea.keep([item]);
  const notAfterMs = Date.now() + 60_000;
  const grant = await bea.grant(doctor.account, {}, { notAfterMs });
  const { ticket, ticketUntilMs } = await doctor.reads(grant, town.north);
  assert.equal(ticketUntilMs, notAfterMs);
  const headers = { 'x-salus-ticket': ticket };
  const path = `/v1/blobs/${item.blobId}?at=${town.north.organisation}`;
  assert.equal(codeOf(await doctor.call('GET', path, { headers })), 'accepted');
  town.clock.aheadMs = 61_000;
  const late = codeOf(await doctor.call('GET', path, { headers }));
  town.clock.aheadMs = 0;
  assert.equal(late, 'BLOB_UNKNOWN');
});
