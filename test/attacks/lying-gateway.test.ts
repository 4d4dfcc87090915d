import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { itemLeafHash } from '../../src/api/item.ts';
import { encodeLook } from '../../src/api/look.ts';
import { bytesOfText, textOfBytes } from '../../src/api/message-parts.ts';
import { readEntryHash } from '../../src/api/read-request.ts';
import { decodeItemsPage } from '../../src/api/rows.ts';
import { encodeSigned } from '../../src/api/signed.ts';
import { randomBytes } from '../../src/crypto/random.ts';
import type { ConsentId, RecordId } from '../../src/primitives/ids.ts';
import { Person } from '../../src/sdk/index.ts';
import {
  type Consortium,
  type Enrolled,
  fileOf,
  passphrase,
  startConsortium,
} from '../e2e/consortium.ts';
import { memoryWalletStore } from '../wallet-store.ts';
import { sealNotice, sendAsHospital } from './hospital.ts';
import { changingRows, keeping } from './lies-about-rows.ts';
import { bytesOfWords, caught, changing, type Json, listIn, Middle } from './middle.ts';

/**
 * The gateway is the attacker: it answers the client whatever it likes, but has no keys of patient or reader, and
 * does not sign blocks. test/e2e/liars.test.ts has the single answers with a changed byte; here are the lies that
 * consist of true things: old, foreign, repeated, left out.
 *
 * Claim: what can be checked is refused with a code of kind `verification` that names the hospital; what is left
 * out is either counted on the ledger or written down in SECURITY.md as not detectable.
 */
const hour = 3_600_000;
const minute = 60_000;

let consortium: Consortium;
let ana: Enrolled;
let drA: Enrolled;
let middle: Middle;
let lab: RecordId;
let consent: ConsentId;

const note = (words: string) => fileOf(`${words}.txt`, bytesOfWords(words));

async function granted(notAfterMs = consortium.now() + 24 * hour): Promise<ConsentId> {
  const given = await ana.person.grant({
    grantee: 'Dr A',
    readClasses: ['other', 'lab'],
    purposes: ['TREAT'],
    notAfterMs,
  });
  await drA.person.inbox();
  return given.consent;
}

before(async () => {
  consortium = await startConsortium();
  ana = await consortium.person('Ana', 'north', 'patient');
  drA = await consortium.person('Dr A', 'north', 'clinician');
  await ana.person.addCard(drA.person.card());
  await ana.person.addFile(note('one'));
  const added = await ana.person.addFile(note('two'), { recordClass: 'lab' });
  const [item] = added.items;
  assert.ok(item);
  lab = item.recordId;
  await ana.person.addFile(note('hidden'), { recordClass: 'genetic' });
  consent = await granted();
  middle = new Middle();
});
after(() => consortium.stop());
afterEach(() => {
  middle.lie = undefined;
  middle.instead = undefined;
});

const north = () => consortium.gateway('north').options.organisation;

test('a gateway that serves an old state is caught: GATEWAY_LIED names both heights and the hospital', async () => {
  const own = await granted();
  const person = await middle.serve(drA);
  const live = (await person.received()).find((it) => it.consent === own);
  assert.equal(live?.state, 'live');
  const then = new Map(middle.said);
  await ana.person.revoke(own);
  // The doctor's device sees one newer header, of whatever; then the old answers come again, proofs and all.
  await person.sync();
  middle.freeze(new RegExp(`GET /v1/state/consents/${own}`), then);
  const error = await caught(person.received(), 'GATEWAY_LIED');
  assert.equal(error.details.servedBy, north());
  assert.ok(Number(error.details.height) < Number(error.details.known));
  middle.lie = undefined;
  assert.equal((await person.received()).find((it) => it.consent === own)?.state, 'ended');
});

test('a gateway that stops time for one client hides a revocation for ten minutes and no longer: LEDGER_OLD', async () => {
  const own = await granted();
  let aheadMs = 0;
  const person = await middle.serve(drA, () => consortium.now() + aheadMs);
  await person.received();
  await person.received();
  middle.freeze();
  await ana.person.revoke(own);
  // Within twice the heartbeat nobody can tell a ledger at rest from one that is hidden: SECURITY.md says so.
  assert.equal((await person.received()).find((it) => it.consent === own)?.state, 'live');
  aheadMs = 10 * minute + 1_000;
  const error = await caught(person.received(), 'LEDGER_OLD');
  assert.equal(error.details.servedBy, north());
  assert.ok(Number(error.details.ageMs) > 10 * minute);
  // The custodian's own answer does not depend on what the reader's gateway hides.
  aheadMs = 0;
  await caught(drA.person.readShared(own), 'CONSENT_ENDED');
});

test('a gateway that answers with the row of another account is caught: PROOF_INVALID', async () => {
  const person = await middle.serve(drA);
  const { account } = drA.person.account();
  await person.addCard(drA.person.card());
  const other = [...middle.said].find(([name]) => name.includes(`/state/accounts/${account}`));
  assert.ok(other);
  const [, honest] = other;
  middle.lie = ({ name }) =>
    name.startsWith(`GET /v1/state/accounts/${ana.person.account().account}`) ? honest : undefined;
  const error = await caught(person.readShared(consent), 'PROOF_INVALID', 'GATEWAY_LIED');
  assert.equal(error.details.servedBy, north());
});

test('a gateway that denies a grant that stands is caught: PROOF_INVALID', async () => {
  middle.lie = changing(/state\/consents/, (body) => {
    body.value = null;
  });
  const person = await middle.serve(ana);
  await caught(person.grants(), 'PROOF_INVALID');
});

for (const [name, pattern, keep, codes] of [
  ['the rows of an answer', /GET \/v1\/items/, 0.5, ['GATEWAY_LIED']],
  ['a body', /GET \/v1\/blobs/, 0.5, ['BLOB_CORRUPT']],
  ['everything of a body', /GET \/v1\/blobs/, 0, ['BLOB_CORRUPT']],
] as const) {
  test(`a gateway that cuts off ${name} is caught: ${codes.join()}`, async () => {
    middle.lie = ({ name: call }, honest) =>
      pattern.test(call) ? honest.subarray(0, Math.floor(honest.length * keep)) : undefined;
    const person = await middle.serve(ana);
    await caught(person.openRecord(lab), ...codes);
  });
}

test('a gateway that gives the body of another record is caught: BLOB_CORRUPT names the blob', async () => {
  const person = await middle.serve(ana);
  const bodies: Uint8Array[] = [];
  middle.lie = ({ name }, honest) => {
    if (!name.startsWith('GET /v1/blobs/')) return undefined;
    bodies.push(honest);
    return bodies[0];
  };
  const records = (await person.listRecords()).map((it) => it.recordId);
  assert.ok(records[0] && records[1]);
  await person.openRecord(records[0]);
  const error = await caught(person.openRecord(records[1]), 'BLOB_CORRUPT');
  assert.match(String(error.details.blobId), /^baf/);
  assert.equal(error.details.servedBy, north());
});

test('a gateway that hands a reader more than was granted is caught: GATEWAY_LIED', async () => {
  // True rows, truly anchored: only not his. He would fetch bodies that he cannot open, and learn of them.
  const owners = await middle.serve(ana);
  await owners.listRecords();
  const listing = [...middle.said].find(([name]) => name.startsWith('GET /v1/items?'));
  assert.ok(listing);
  const own = decodeItemsPage(listing[1]).anchors;
  middle.lie = changingRows(/POST \/v1\/read/, () => own);
  const person = await middle.serve(drA);
  await caught(person.readShared(consent), 'GATEWAY_LIED');
});

test('a gateway that calls a record erased which is not is caught: SIGNATURE_WRONG', async () => {
  const tombstone = encodeSigned({ bytes: randomBytes(8), signature: randomBytes(64) });
  middle.lie = changingRows(/GET \/v1\/items/, (anchors) =>
    anchors.map((anchor) => ({
      ...anchor,
      rows: anchor.rows.map((row) => {
        if (row.kind === 'erased') return row;
        const { index, recordId, salt, leafContent } = row;
        const leaf = itemLeafHash(salt, leafContent);
        return { kind: 'erased', index, recordId, leaf, tombstone };
      }),
    })),
  );
  const person = await middle.serve(ana);
  await caught(person.listRecords(), 'PROOF_INVALID', 'SIGNATURE_WRONG', 'CBOR_INVALID');
});

test('a gateway that puts the receipt of another transaction in its place is caught: GATEWAY_LIED', async () => {
  const first = await ana.person.addFile(note('receipt one'));
  const second = await ana.person.addFile(note('receipt two'));
  assert.ok(first.receipt && second.txId);
  const { receipt } = first;
  middle.lie = ({ name }) => (name.endsWith('/receipt') ? receipt : undefined);
  const person = await middle.serve(ana);
  await caught(person.receiptOf(second.txId), 'GATEWAY_LIED');
});

for (const [name, code] of [
  ['no code of ours', 'LOOKS_GOOD'],
  ['a prototype', '__proto__'],
  ['no code at all', undefined],
] as const) {
  test(`a gateway that refuses with ${name} is caught: GATEWAY_LIED`, async () => {
    middle.instead = () => Response.json({ ok: false, code }, { status: 403 });
    const person = await middle.serve(ana);
    await caught(person.listRecords(), 'GATEWAY_LIED');
  });
}

test('a gateway that says no and commits all the same cannot hide the grant that stands', async () => {
  // It may say no to anything: that cannot be told from a true refusal. But the ledger has the last word.
  const person = await middle.serve(ana);
  middle.lie = ({ name }) =>
    name.startsWith('POST /v1/tx')
      ? bytesOfWords('{"ok":false,"code":"CONSENT_ID_TAKEN"}')
      : undefined;
  const honest = middle.fetch;
  const lying = {
    fetch: async (url: string, init: RequestInit): Promise<Response> => {
      const answer = await honest(url, init);
      return url.includes('/v1/tx?') || url.endsWith('/v1/tx')
        ? new Response(answer.body, { status: 409 })
        : answer;
    },
    retryDelaysMs: [],
  };
  const lied = await Person.open({ store: ana.store, passphrase }, { http: lying });
  const before = await person.grants();
  const request = {
    grantee: 'Dr A',
    readClasses: ['lab'] as const,
    purposes: ['TREAT'] as const,
    notAfterMs: consortium.now() + hour,
  };
  await caught(lied.grant(request), 'CONSENT_ID_TAKEN');
  middle.lie = undefined;
  const again = await Person.open({ store: ana.store, passphrase });
  await again.sync();
  const grants = await again.grants();
  const unknown = grants.filter((it) => before.every((old) => old.consent !== it.consent));
  assert.deepEqual(
    unknown.map((it) => it.state),
    ['live'],
    'the patient sees it, and may revoke it',
  );
});

test('a gateway that shows one look twice in place of another is found out by the count on the ledger', async () => {
  await drA.person.readShared(consent);
  await drA.person.readShared(consent);
  middle.lie = changing(/GET \/v1\/inbox/, (body) => {
    const messages = listIn(body, 'messages');
    const looks = messages.filter((it) => it.kind === 'look');
    const [shown] = looks;
    assert.ok(shown && looks.length >= 2);
    body.messages = looks.map((it) => ({ ...shown, id: it.id }));
  });
  const { withheld } = await (await middle.serve(ana)).looked();
  const found = withheld.find((it) => it.consent === consent);
  assert.ok(found);
  assert.equal(found.seen, 1);
  assert.ok(found.counted >= 2);
});

test('a gateway that shows an old count of looks beside a silent inbox is caught', async () => {
  const person = await middle.serve(ana);
  await person.looked();
  const pattern = new RegExp(`GET /v1/(inbox|state/consents/${consent})`);
  await drA.person.readShared(consent);
  await person.sync();
  middle.freeze(pattern);
  await caught(person.looked(), 'GATEWAY_LIED');
});

/** The newest true look: its notice as it travelled, and the signed request inside it. */
async function aTrueLook(): Promise<{ readonly notice: Json; readonly signedRequest: Uint8Array }> {
  const { accesses } = await drA.person.readShared(consent);
  const [access] = accesses;
  assert.ok(access);
  await (await middle.serve(ana)).looked();
  const inbox = [...middle.said].findLast(([name]) => name.startsWith('GET /v1/inbox'));
  assert.ok(inbox);
  const body: Json = JSON.parse(new TextDecoder().decode(inbox[1]));
  const notice = listIn(body, 'messages').findLast((it) => it.kind === 'look');
  assert.ok(notice);
  return { notice, signedRequest: access.signedRequest };
}

/** What a patient sees of one notice in her inbox. */
async function shown(notice: Json) {
  middle.lie = changing(/GET \/v1\/inbox/, (body) => {
    body.messages = [notice];
    body.more = false;
  });
  const { notices } = await (await middle.serve(ana)).looked();
  const [only] = notices;
  assert.ok(only && notices.length === 1);
  return only;
}

async function lookNotice(
  anchor: unknown,
  signedRequest: Uint8Array,
  salt: Uint8Array,
  servedMs = consortium.now(),
) {
  const { account } = ana.person.account();
  const plain = encodeLook({ salt, signedRequest, servedMs, recordIds: [lab] });
  const sealed = textOfBytes(await sealNotice(consortium, account, plain));
  return { id: 900_000, kind: 'look', receivedMs: consortium.now(), sealed, anchor };
}

test('a look that no reader signed is shown as doubtful, never as a look', async () => {
  const { notice, signedRequest } = await aTrueLook();
  const forged = signedRequest.map((byte, i) => (i === signedRequest.length - 5 ? byte ^ 1 : byte));
  const seen = await shown(await lookNotice(notice.anchor, forged, randomBytes(32)));
  assert.deepEqual([seen.kind, 'code' in seen && seen.code], ['doubtful', 'SIGNATURE_WRONG']);
});

test('a true request under an entry that is not its own is doubtful: PROOF_INVALID', async () => {
  const { notice, signedRequest } = await aTrueLook();
  const seen = await shown(await lookNotice(notice.anchor, signedRequest, randomBytes(32)));
  assert.deepEqual([seen.kind, 'code' in seen && seen.code], ['doubtful', 'PROOF_INVALID']);
});

test('a hospital that enters a look under another grant, or under none that lives, is not believed', async () => {
  // Such an entry is not counted for the grant; were it believed, it would stand for one that is withheld.
  const { signedRequest } = await aTrueLook();
  const ended = await granted();
  await ana.person.revoke(ended);
  for (const under of [ended, await granted()]) {
    const salt = randomBytes(32);
    const entries = [{ consent: under, entryHash: readEntryHash(salt, signedRequest) }];
    const { txId, height } = await sendAsHospital(consortium, 'north', [
      { kind: 'AccessLog', entries },
    ]);
    const seen = await shown(await lookNotice({ txId, height, index: 0 }, signedRequest, salt));
    assert.deepEqual([seen.kind, 'code' in seen && seen.code], ['doubtful', 'PROOF_INVALID']);
  }
});

test('a hospital that dates a look out of a report is not believed: the block that has it says when', async () => {
  const { signedRequest } = await aTrueLook();
  const salt = randomBytes(32);
  const entries = [{ consent, entryHash: readEntryHash(salt, signedRequest) }];
  const { txId, height } = await sendAsHospital(consortium, 'north', [
    { kind: 'AccessLog', entries },
  ]);
  for (const servedMs of [1, consortium.now() - 11 * minute, consortium.now() + 24 * hour]) {
    const seen = await shown(
      await lookNotice({ txId, height, index: 0 }, signedRequest, salt, servedMs),
    );
    assert.ok(seen.kind === 'look');
    assert.ok(Math.abs(seen.servedMs - consortium.now()) < minute, String(servedMs));
  }
  const period = { fromMs: consortium.now() - hour, untilMs: consortium.now() + minute };
  const { report } = await (await middle.serve(ana)).accessReport(period);
  assert.ok(report.lines.some((it) => it.kind === 'look'));
});

test('a hospital that enters a look in the name of another hospital is not believed', async () => {
  const { signedRequest } = await aTrueLook();
  const salt = randomBytes(32);
  const entries = [{ consent, entryHash: readEntryHash(salt, signedRequest) }];
  const { txId, height } = await sendAsHospital(consortium, 'valley', [
    { kind: 'AccessLog', entries },
  ]);
  const seen = await shown(await lookNotice({ txId, height, index: 0 }, signedRequest, salt));
  assert.deepEqual([seen.kind, 'code' in seen && seen.code], ['doubtful', 'PROOF_INVALID']);
  // It counts on the ledger, so the patient sees that something is there which nobody explains.
  middle.lie = undefined;
  const { withheld } = await (await middle.serve(ana)).looked();
  assert.ok(withheld.some((it) => it.consent === consent));
});

test('a hospital that enters a reader’s true request a second time invents no look: REQUEST_REPLAYED', async () => {
  const { notice, signedRequest } = await aTrueLook();
  const salt = randomBytes(32);
  const entries = [{ consent, entryHash: readEntryHash(salt, signedRequest) }];
  const { txId, height } = await sendAsHospital(consortium, 'north', [
    { kind: 'AccessLog', entries },
  ]);
  const again = await lookNotice({ txId, height, index: 0 }, signedRequest, salt);
  middle.lie = changing(/GET \/v1\/inbox/, (body) => {
    body.messages = [notice, again];
    body.more = false;
  });
  const { notices } = await (await middle.serve(ana)).looked();
  assert.deepEqual(
    notices.map((it) => ('code' in it ? it.code : it.kind)),
    ['look', 'REQUEST_REPLAYED'],
  );
});

test('what a gateway cannot open it cannot swap: a notice sealed to another patient is doubtful', async () => {
  const eve = await consortium.person('Eve', 'north', 'patient');
  const plain = encodeLook({
    salt: randomBytes(32),
    signedRequest: randomBytes(10),
    servedMs: 1,
    recordIds: [],
  });
  const sealed = await sealNotice(consortium, eve.person.account().account, plain);
  const { notice } = await aTrueLook();
  const seen = await shown({ ...notice, sealed: textOfBytes(sealed) });
  assert.deepEqual([seen.kind, 'code' in seen && seen.code], ['doubtful', 'CANNOT_OPEN']);
});

test('a gateway that withholds a letter leaves the doctor without the grant, and the patient with its count', async () => {
  // Undetectable for the doctor until somebody tells him; SECURITY.md says so. The patient sees that nobody looked.
  const given = await ana.person.grant({
    grantee: 'Dr A',
    readClasses: ['lab'],
    purposes: ['TREAT'],
    notAfterMs: consortium.now() + hour,
  });
  middle.lie = changing(/GET \/v1\/inbox/, (body) => {
    body.messages = [];
    body.more = false;
  });
  const person = await middle.serve(drA);
  assert.ok((await person.inbox()).every((it) => it.consent !== given.consent));
  const listed = (await ana.person.grants()).find((it) => it.consent === given.consent);
  assert.deepEqual([listed?.state, listed?.looks], ['live', 0]);
  middle.lie = undefined;
  assert.ok((await person.inbox()).some((it) => it.consent === given.consent));
});

test('a gateway that leaves a record out of its owner’s listing is found out: the place in its anchor is empty', async () => {
  const file = [1, 2, 3].map((n) => ({
    resourceType: 'Observation',
    id: `o${n}`,
    status: 'final',
  }));
  const lines = file.map((it) => JSON.stringify(it)).join('\n');
  const added = await ana.person.addFile(fileOf('three.ndjson', bytesOfWords(lines)));
  const [dropped] = added.items;
  assert.ok(dropped);
  const person = await middle.serve(ana);
  assert.deepEqual(await person.missingRecords(), []);
  middle.lie = changingRows(
    /GET \/v1\/items/,
    keeping((row) => row.recordId !== dropped.recordId),
  );
  // A device that was shown the row keeps it: only one that starts now can be lied to.
  const started = await middle.serve(ana);
  await caught(started.openRecord(dropped.recordId), 'RECORD_UNKNOWN');
  const [missing, another] = await started.missingRecords();
  assert.deepEqual(
    [missing?.height, missing?.missing, another],
    [added.height, 1, undefined],
    'one place of one anchor',
  );
  middle.lie = changingRows(
    /GET \/v1\/items/,
    keeping((_, anchor) => anchor.height !== added.height),
  );
  const whole = await (await middle.serve(ana)).missingRecords();
  assert.deepEqual(
    whole.map((it) => it.importId),
    [added.importId],
    'an import that this wallet made is missed whole',
  );
});

test('a gateway that leaves records out of a reader’s answer is not found out: SECURITY.md says so', async () => {
  const all = await drA.person.readShared(consent);
  const [first] = all.records;
  middle.lie = changingRows(
    /POST \/v1\/read/,
    keeping((row) => row.recordId !== first?.head.recordId),
  );
  const some = await (await middle.serve(drA)).readShared(consent);
  assert.equal(some.records.length, all.records.length - 1);
});

test('a gateway that offers the genesis of another ledger is not enrolled with: TRUST_ROOT_WRONG', async () => {
  const other = await startConsortium();
  try {
    const response = await fetch(`${other.url('north')}/v1/genesis`);
    const foreign = new Uint8Array(await response.arrayBuffer());
    middle.lie = ({ name }) => (name.startsWith('GET /v1/genesis') ? foreign : undefined);
    const http = { fetch: middle.fetch, retryDelaysMs: [] };
    const store = memoryWalletStore();
    const { person } = await Person.create({ store, passphrase, name: 'New' }, { http });
    const invitation = await consortium.invite('north', 'patient');
    const enrolment = { gatewayUrl: consortium.url('north'), invitation, role: 'patient' } as const;
    await caught(person.enrol(enrolment), 'TRUST_ROOT_WRONG');
  } finally {
    await other.stop();
  }
});

test('a gateway that repeats an old read answer hands out nothing the ledger does not have: GATEWAY_LIED', async () => {
  const person = await middle.serve(drA);
  const { accesses } = await person.readShared(consent);
  assert.ok(accesses[0]);
  middle.freeze(/POST \/v1\/read/);
  // The rows are true, but the look is the old one: the reader's own receipt shows that this one was not entered.
  const { accesses: repeated } = await person.readShared(consent);
  assert.ok(repeated[0]);
  await caught(person.receiptOfAccess(repeated[0]), 'GATEWAY_LIED');
  assert.notDeepEqual(
    bytesOfText(textOfBytes(repeated[0].signedRequest)),
    accesses[0].signedRequest,
  );
});
