import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { list, refused, salus, text } from '../../../../../test/cli/salus.ts';
import { decodeSigned } from '../../../../api/signed.ts';
import { sha256 } from '../../../../crypto/hash.ts';
import { signingKeyFromSeed, verifyLabelled } from '../../../../crypto/signature.ts';
import { bytesToHex, utf8 } from '../../../../primitives/bytes.ts';
import { accountIdOf } from '../../../../primitives/ids.ts';
import { type Consortium, startConsortium } from '../../../../server/consortium.ts';
import { organisationKeys } from '../../../../server/home-members.ts';
import { leaveStore } from '../../../../server/maintenance/scrub/rounds.ts';
import { scrubHome } from '../../../../server/maintenance/scrub/scrub-home.ts';
import { serversOf } from '../../../../server/process.ts';
import { incidentLabel } from '../../api/incident-label.ts';
import { type IncidentReport, readReport } from '../../api/incident-report.ts';
import { claimedMacOf } from '../../gateway/incidents/machine-facts.ts';
import { signReport } from '../../node/incidents/incident-signing.ts';

const home = mkdtempSync(join(tmpdir(), 'salus-incidents-'));
const north = join(serversOf(home), 'north');
let consortium: Consortium;
before(async () => {
  consortium = await startConsortium({ home, port: 0, logLevel: 'silent', processes: [] });
});
after(async () => {
  await consortium.close();
  rmSync(home, { recursive: true, force: true });
});

async function scrub(): Promise<void> {
  for await (const it of scrubHome(home, { services: [] })) leaveStore(home, it);
}

interface Kept {
  readonly name: string;
  readonly signed: Uint8Array;
  readonly report: IncidentReport;
}

function reports(): Kept[] {
  const folder = join(north, 'incidents');
  if (!existsSync(folder)) return [];
  return readdirSync(folder).map((it) => {
    const signed = new Uint8Array(readFileSync(join(folder, it)));
    return { name: it.replace('.report', ''), signed, report: readReport(signed) };
  });
}

/** Those that satisfy it, once there are some. */
async function reported(is: (report: IncidentReport) => boolean): Promise<Kept[]> {
  for (let i = 0; i < 400; i++) {
    const met = reports().filter(({ report }) => is(report));
    if (met.length > 0) return met;
    await wait(50);
  }
  throw new Error('no such report came');
}

async function onLedger(name: string): Promise<void> {
  const db = new DatabaseSync(join(north, 'gateway.db'), { readOnly: true });
  try {
    const height = db.prepare('SELECT height FROM vitals_reports WHERE name = ?');
    for (let i = 0; i < 400; i++) {
      if (Number(height.get(name)?.height) > 0) return;
      await wait(50);
    }
    throw new Error('the ledger has not taken it');
  } finally {
    db.close();
  }
}

/** As another program with the file would. */
function elsewhere(sql: string): void {
  const db = new DatabaseSync(join(north, 'gateway.db'), { timeout: 5_000 });
  try {
    db.exec(sql);
  } finally {
    db.close();
  }
}

test('a row that somebody else wrote becomes a signed report, once, its hash on the ledger, and another when it is over', async () => {
  elsewhere(
    "INSERT INTO invitations (hash, role, createdMs, id) VALUES (x'00', 'patient', 1, 'forged')",
  );
  await scrub();
  await scrub();
  const [met] = await reported(({ kind, store }) => kind === 'tampering' && store === 'gateway');
  assert.ok(met !== undefined);
  const { report, signed, name } = met;
  assert.deepEqual(
    report.places.map(({ table, bound }) => [table, bound]),
    [['invitations', 'row MAC: foreign']],
  );
  assert.match(report.places[0]?.row ?? '', /^[0-9a-f]{16}$/);
  assert.equal(report.foundBy, 'scrub');
  assert.match(report.attempts[0]?.what ?? '', /^gateway.db, mode \d{3}, written last$/);
  assert.match(report.attempts[0]?.who ?? '', /^owner uid \d+, gid \d+$/);
  assert.ok(report.untold.length > 0);
  const { sign } = await organisationKeys(north);
  const { bytes, signature } = decodeSigned(signed);
  assert.equal(await verifyLabelled(sign.publicKey, incidentLabel, bytes, signature), true);
  assert.equal(bytesToHex(sha256(signed)), name);
  await onLedger(name);
  elsewhere("DELETE FROM invitations WHERE id = 'forged'");
  await scrub();
  const [over] = await reported(({ done }) => done.some(({ what }) => what === 'whole again'));
  assert.equal(bytesToHex(over?.report.follows ?? new Uint8Array(0)), name);
  assert.equal(reports().length, 2, 'each once');
});

test('who is refused at the desk’s doors again and again is reported with his address, and who once is not', async () => {
  const before = reports().length;
  const [hospital] = consortium.hospitals;
  const ask = async () => {
    const answer = await fetch(`${hospital?.url}/v1/invitations`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: 'Desk forged' },
      body: '{}',
    });
    assert.equal(answer.status, 401);
  };
  await ask();
  await wait(2_500);
  assert.equal(reports().length, before, 'once is no attempt');
  for (let i = 0; i < 5; i++) await ask();
  const [met] = await reported(({ kind }) => kind === 'write-attempt');
  const [attempt] = met?.report.attempts ?? [];
  assert.equal(attempt?.way, 'http');
  assert.match(attempt?.from ?? '', /127\.0\.0\.1$/);
  assert.match(attempt?.what ?? '', /^POST \/v1\/invitations: UNAUTHENTICATED, \d+ times$/);
  assert.equal(attempt?.claimedMac, '');
  assert.match(met?.report.untold.join(' ') ?? '', /neighbours has none/);
});

test('a MAC is told only where the machine’s own table of neighbours has it', () => {
  const table = `IP address       HW type     Flags       HW address            Mask     Device
10.1.2.3         0x1         0x2         52:54:00:12:34:56     *        eth0
10.1.2.4         0x1         0x0         00:00:00:00:00:00     *        eth0
`;
  assert.equal(claimedMacOf('10.1.2.3', table), '52:54:00:12:34:56');
  assert.equal(claimedMacOf('::ffff:10.1.2.3', table), '52:54:00:12:34:56');
  assert.equal(claimedMacOf('10.1.2.4', table), '', 'nobody answered');
  assert.equal(claimedMacOf('10.1.2.9', table), '');
});

test('a report of another form in the folder of findings is left out, and stops nothing', async () => {
  const folder = join(north, 'scrub', 'found');
  writeFileSync(join(folder, '0.json'), '{"part": 7}');
  writeFileSync(join(folder, '1.json'), 'no json');
  for (let i = 0; i < 200 && readdirSync(folder).length > 0; i++) await wait(50);
  assert.deepEqual(readdirSync(folder), []);
});

test('reports are listed, shown and exported by their names, and one whose bytes were changed is shown as such', async () => {
  const { incidents } = await salus(['incidents', 'list'], { home });
  const listed = list({ incidents }, 'incidents');
  assert.equal(listed.length, reports().length);
  assert.deepEqual([...new Set(listed.map((it) => it.state))], ['holds']);
  const name = text(listed.find((it) => it.kind === 'tampering') ?? {}, 'name');
  const shown = await salus(['incidents', 'show', name.slice(0, 12)], { home });
  assert.equal(shown.store, 'gateway');
  const out = join(home, 'report.cbor');
  await salus(['incidents', 'export', name, '--out', out], { home });
  assert.equal(bytesToHex(sha256(new Uint8Array(readFileSync(out)))), name);
  const file = join(north, 'incidents', `${name}.report`);
  const bytes = readFileSync(file);
  const other = Buffer.from(bytes);
  other[40] = (other[40] ?? 0) ^ 1;
  writeFileSync(file, other);
  const again = list(await salus(['incidents', 'list'], { home }), 'incidents');
  assert.equal(again.find((it) => it.name === name)?.state, 'changed');
  writeFileSync(file, bytes);
});

test('who was given a report holds it against the ledger: signed by whom it names, and told there as what it says', async () => {
  await salus(['person', 'create', 'ana', '--name', 'Ana Lima', '--hospital', 'north'], { home });
  const [own] = await reported(({ kind }) => kind === 'tampering');
  assert.ok(own);
  const out = join(home, 'given.cbor');
  const check = ['incidents', 'check', out, '--as', 'ana'];
  const given = (bytes: Uint8Array) => writeFileSync(out, bytes);
  given(own.signed);
  const checked = await salus(check, { home });
  assert.deepEqual([checked.holds, checked.name, checked.by], [true, own.name, own.report.by]);
  assert.ok(Number(checked.height) > 0);
  const other = own.signed.slice();
  other[40] = (other[40] ?? 0) ^ 1;
  const { sign } = await organisationKeys(north);
  const stranger = await signingKeyFromSeed(new Uint8Array(32).fill(5));
  const signedBy = async (key: typeof sign, change: Partial<IncidentReport>) =>
    (await signReport(key, { ...own.report, ...change })).signed;
  for (const [bytes, code, exit] of [
    [other, 'SIGNATURE_WRONG', 3],
    [utf8('no report'), 'SIGNATURE_WRONG', 3],
    [await signedBy(stranger, {}), 'SIGNATURE_WRONG', 3],
    [await signedBy(sign, { by: accountIdOf(new Uint8Array(32)) }), 'SIGNATURE_WRONG', 3],
    [await signedBy(sign, { chainId: 'another' }), 'CHAIN_WRONG', 3],
    // Its own, written later.
    [await signedBy(sign, { people: 0, foundMs: 1 }), 'INCIDENT_UNKNOWN', 3],
  ] as const) {
    given(bytes);
    await refused(check, { code, exit }, { home });
  }
});
