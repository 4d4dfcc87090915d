import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { sha256 } from '../../../../crypto/hash.ts';
import { signingKeyFromSeed } from '../../../../crypto/signature.ts';
import type { GatewayBase } from '../../../../gateway/base.ts';
import { Causes } from '../../../../gateway/causes.ts';
import type { Finding, StoreReport } from '../../../../gateway/parts/findings/finding.ts';
import { Findings, findings } from '../../../../gateway/parts/findings/findings.ts';
import { Store } from '../../../../gateway/store.ts';
import { bytesToHex } from '../../../../primitives/bytes.ts';
import { CodedError } from '../../../../primitives/errors.ts';
import { accountIdOf } from '../../../../primitives/ids.ts';
import { readReport } from '../../api/incident-report.ts';
import { IncidentNotices, incidentNotices } from '../../gateway/incident-notices-part.ts';
import {
  incidentFolder,
  readReports,
  reportFile,
  writeReport,
} from '../../gateway/incidents/incident-folder.ts';
import { HospitalReports, hospitalReports } from '../../gateway/incidents/incidents-part.ts';
import { signReport } from '../../node/incidents/incident-signing.ts';

/** Who writes into the rows in which a hospital's reports wait for the ledger. */

const organisation = accountIdOf(new Uint8Array(32).fill(1));

async function hospital(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), 'salus-evidence-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const owners = [findings.store, incidentNotices.store, hospitalReports.store].flatMap(
    (it) => it ?? [],
  );
  const waiting: StoreReport[] = [];
  const onLedger: string[] = [];
  let isAway = true;
  let asked = 0;
  const db = new Store(':memory:', owners);
  const base = {
    ...{ db, now: () => 5_000, causes: new Causes(), hospital: 'North', organisation },
    ...{ chainId: 'salus-test', folder },
    key: await signingKeyFromSeed(new Uint8Array(32).fill(9)),
    figures: { add() {}, observe() {}, set() {} },
    view: {
      async row() {
        asked++;
        return undefined;
      },
    },
    sender: {
      async send(_log: string, [act]: readonly { readonly report: Uint8Array }[]) {
        if (isAway) throw new CodedError('GATEWAY_UNREACHABLE');
        if (act !== undefined) onLedger.push(bytesToHex(act.report));
        return { height: 3 };
      },
    },
    reports: {
      take(taken: (report: StoreReport) => void) {
        for (const it of waiting.splice(0)) taken(it);
      },
    },
  } as unknown as GatewayBase;
  const part = new Findings(base, () => []);
  const reports = new HospitalReports(base, part, new IncidentNotices(base, () => true));
  const met = async (row: string) => {
    const found: Finding = {
      ...{ store: 'gateway', table: 'items', row, column: 'body', bound: 'row MAC' },
      code: 'ROW_CORRUPT',
    };
    const of = { part: 'north gateway', atMs: 1_000, isWhole: false };
    waiting.push({ ...of, findings: [found] });
    await part.turn();
  };
  const turn = () => reports.turn().catch(() => {});
  const comesBack = () => {
    isAway = false;
  };
  const again = () => new HospitalReports(base, part, new IncidentNotices(base, () => true));
  return { db, met, turn, onLedger, comesBack, folder, reports, again, asked: () => asked };
}

test('the files of a hospital that was restored are made again of its rows, and of a row that was changed none', async (t) => {
  const { db, met, turn, comesBack, folder, again } = await hospital(t);
  comesBack();
  for (const row of ['one', 'two']) {
    await met(row);
    await turn();
  }
  const before = readReports(folder).map(({ name }) => name);
  assert.equal(before.length, 2);
  rmSync(incidentFolder(folder), { recursive: true });
  const [changed = ''] = before;
  db.run("UPDATE vitals_reports SET signed = x'00' WHERE name = ?", changed);
  await again().turn();
  assert.deepEqual(
    readReports(folder).map(({ name }) => name),
    before.filter((it) => it !== changed),
  );
});

test('a report whose row was changed is not what goes on the ledger, and keeps no other from it', async (t) => {
  const { db, met, turn, onLedger, comesBack, folder } = await hospital(t);
  for (const change of [
    "signed = x'00'",
    "signed = CAST(substr(signed, 1, length(signed) - 1) || x'00' AS BLOB)",
    "name = 'another'",
  ]) {
    await met(change);
    await turn();
    db.run(`UPDATE vitals_reports SET ${change} WHERE height = 0 AND atMs < 6_000`);
    db.run('UPDATE vitals_reports SET atMs = 6_000');
  }
  // Of somebody's own.
  const forged = new Uint8Array(100).fill(7);
  const of = [bytesToHex(sha256(forged)), 1, forged, 0];
  db.run('INSERT INTO vitals_reports VALUES (?, ?, ?, ?)', ...of);
  await met('the newest');
  comesBack();
  await turn();
  // The hospital's own four, each as it was signed, and nothing else.
  const signed = readReports(folder).map(({ name }) => name);
  assert.equal(signed.length, 4);
  assert.deepEqual(onLedger.toSorted(), signed.toSorted());
  await turn();
  assert.equal(onLedger.length, 4);
});

test('what waits to be reported and was changed is told, and the rest is reported', async (t) => {
  const { db, met, turn, onLedger, comesBack, folder } = await hospital(t);
  comesBack();
  await met('1');
  db.run("UPDATE vitals_report_waiting SET finding = 'no finding'");
  await met('2');
  await turn();
  assert.equal(onLedger.length, 1);
  assert.equal(db.get('SELECT count(*) AS n FROM vitals_report_waiting')?.uint('n'), 0);
  const [kept] = readReports(folder);
  assert.deepEqual(
    readReport(kept?.signed ?? new Uint8Array(0)).places.map(({ table, row }) => `${table} ${row}`),
    ['vitals_report_waiting 1', 'items 2'],
  );
});

test('an operator who looks after years of floods is shown the newest, and the ledger asked of no others', async (t) => {
  const { met, turn, reports, asked, folder } = await hospital(t);
  await met('1');
  await turn();
  const [own] = readReports(folder);
  assert.ok(own);
  // As its data server leaves them there, of which the hospital has no row.
  const key = await signingKeyFromSeed(new Uint8Array(32).fill(4));
  const told = readReport(own.signed);
  for (let n = 1; n <= 450; n++) {
    const { signed, hash } = await signReport(key, { ...told, foundMs: n });
    writeReport(folder, bytesToHex(hash), signed);
    const path = join(incidentFolder(folder), reportFile(bytesToHex(hash)));
    utimesSync(path, n, n);
  }
  const listed = await reports.list();
  assert.equal(listed.length, 200);
  assert.equal(listed[0]?.name, own.name);
  assert.equal(listed.at(-1)?.report.foundMs, 450 - 198);
  assert.equal(asked(), 200);
});
