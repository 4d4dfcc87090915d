import { encodeSigned } from '../../../../api/signed.ts';
import { sha256 } from '../../../../crypto/hash.ts';
import { signLabelled } from '../../../../crypto/signature.ts';
import type { GatewayBase } from '../../../../gateway/base.ts';
import { definePart } from '../../../../gateway/part.ts';
import {
  type Findings,
  findings,
  type OpenFinding,
} from '../../../../gateway/parts/findings/findings.ts';
import type { Row } from '../../../../gateway/store.ts';
import { bytesToHex, hexToBytes } from '../../../../primitives/bytes.ts';
import { isCoded } from '../../../../primitives/errors.ts';
import type { AccountId } from '../../../../primitives/ids.ts';
import { encodeAs } from '../../../../primitives/shape.ts';
import { incidentLabel } from '../../api/incident-label.ts';
import { type IncidentReport, incidentReport, readReport } from '../../api/incident-report.ts';
import { ReportPace } from '../../api/report-pace.ts';
import { incidentRowId, statIncidents } from '../../ledger/tables/stat-incidents.ts';
import { type IncidentNotices, incidentNotices } from '../incident-notices-part.ts';
import { readKept, readReports, writeReport } from './incident-folder.ts';
import { isSignedBy, owedReport } from './owed-reports.ts';
import { attemptReport, endedReport, foundReport } from './reports.ts';

const turnMs = 2_000;
const commitMs = 30_000;
/** Reports that an operator is shown. */
const mostListed = 200;
/** Reports that are brought to the ledger in one turn. */
const mostSent = 16;
/** Refused so often within an hour at one door, it is no slip of the hand. */
const attemptsReported = 3;

/** A report as the operator's list has it. */
export interface ListedIncident {
  readonly name: string;
  /** 0: its hash is not on the ledger yet. */
  readonly height: number;
  readonly signed: Uint8Array;
  readonly report: IncidentReport;
}

function reportIn(signed: Uint8Array): IncidentReport | undefined {
  try {
    return readReport(signed);
  } catch (error) {
    if (isCoded(error)) return undefined;
    throw error;
  }
}

/**
 * Incidents of this hospital's own stores and doors: what the scrub finds becomes a signed report, which is kept in a folder
 * apart, its hash goes on the ledger, and who is concerned is told. Source: docs/protocol/vitals-tampering.md, VT-20 to VT-23.
 */
export class HospitalReports {
  readonly #base: GatewayBase;
  readonly #findings: Findings;
  readonly #told: IncidentNotices;
  readonly #pace = new ReportPace();
  #areFilesThere = false;

  constructor(base: GatewayBase, of: Findings, told: IncidentNotices) {
    this.#base = base;
    this.#findings = of;
    this.#told = told;
    of.onFinding({
      found: (all, wholeMs) => this.#wait('found', all, wholeMs),
      ended: (all, atMs) => this.#wait('ended', all, atMs),
    });
  }

  /** Inside the transaction in which it is taken in: a crash loses none. */
  #wait(what: 'found' | 'ended', all: readonly OpenFinding[], ms: number): void {
    for (const it of all) {
      this.#base.db.run(
        'INSERT INTO vitals_report_waiting (what, ms, finding, concerned) VALUES (?, ?, ?, ?)',
        ...[what, ms, JSON.stringify(it), this.#findings.concerned(it).join(' ')],
      );
    }
  }

  /** Writes what waits into reports, then brings to the ledger what is not there. */
  async turn(): Promise<void> {
    await this.#report('found');
    await this.#report('ended');
    await this.#attempts();
    await this.#anchor();
    await this.#keepFiles();
  }

  /** Once: in a home that was restored the files of before are not there, and are made again of what it signed. */
  async #keepFiles(): Promise<void> {
    const { db, folder, key } = this.#base;
    if (folder === undefined || this.#areFilesThere) return;
    for (const name of db.all('SELECT name FROM vitals_reports').map((row) => row.text('name'))) {
      if (readKept(folder, name) !== undefined) continue;
      const row = db.get('SELECT signed FROM vitals_reports WHERE name = ?', name);
      const signed = row?.bytes('signed') ?? new Uint8Array(0);
      const isNamed = bytesToHex(sha256(signed)) === name;
      if (isNamed && (await isSignedBy(signed, key.publicKey))) writeReport(folder, name, signed);
    }
    this.#areFilesThere = true;
  }

  async #report(what: 'found' | 'ended'): Promise<void> {
    const rows = this.#base.db.all(
      'SELECT * FROM vitals_report_waiting WHERE what = ? ORDER BY n LIMIT 4096',
      what,
    );
    const stores = new Map<string, Waiting[]>();
    for (const row of rows) {
      const finding = findingIn(row);
      const concerned = row.text('concerned').split(' ').filter(Boolean) as AccountId[];
      const waiting = { n: row.uint('n'), ms: row.uint('ms'), finding, concerned };
      stores.set(finding.store, [...(stores.get(finding.store) ?? []), waiting]);
    }
    for (const waiting of stores.values()) await this.#reportStore(what, waiting);
  }

  async #reportStore(what: 'found' | 'ended', waiting: readonly Waiting[]): Promise<void> {
    const all = waiting.map(({ finding }) => finding);
    const people = new Set(waiting.flatMap(({ concerned }) => concerned));
    const { chainId, organisation: by, folder, now } = this.#base;
    const ms = Math.min(...waiting.map((it) => it.ms));
    const about = { chainId, by, findings: all, people: people.size, nowMs: now(), ms, folder };
    const report =
      what === 'found'
        ? foundReport(about)
        : endedReport({ ...about, follows: this.#reportOf(all[0]?.id ?? '') });
    await this.#keep(report, (name) => {
      for (const { n } of waiting) {
        this.#base.db.run('DELETE FROM vitals_report_waiting WHERE n = ?', n);
      }
      for (const { id } of what === 'found' ? all : []) {
        this.#base.db.run('INSERT OR REPLACE INTO vitals_report_places VALUES (?, ?)', id, name);
      }
      for (const account of people) this.#tell(account, name, report);
    });
  }

  /** The report in which a place was told; empty: none. */
  #reportOf(finding: string): Uint8Array {
    const row = this.#base.db.get(
      'SELECT name FROM vitals_report_places WHERE finding = ?',
      finding,
    );
    return (row && hexToBytes(row.text('name'))) ?? new Uint8Array(0);
  }

  #tell(account: AccountId, report: string, { done, wholeMs, foundMs }: IncidentReport): void {
    const { organisation: by, hospital: server } = this.#base;
    const isOver = done.length > 0;
    const facts = { server, fromMs: wholeMs, untilMs: foundMs, source: '', claimedMac: '' };
    this.#told.note({
      ...{ by, account, report, began: report },
      facts: { ...facts, done: isOver ? 'rebuilt' : 'reported' },
    });
  }

  async #attempts(): Promise<void> {
    const { chainId, organisation: by, now } = this.#base;
    // A flood from many addresses is one report in ten minutes.
    if (!this.#pace.isTime(now())) return;
    const met = this.#findings.attempts.take(attemptsReported);
    if (met.length === 0) return;
    this.#pace.wrote(now());
    await this.#keep(attemptReport({ chainId, by, met, nowMs: now() }), () => {});
  }

  /** The file first: a row never names a report that is not there. */
  async #keep(report: IncidentReport, inStep: (name: string) => void): Promise<void> {
    const { key, db, folder } = this.#base;
    const bytes = encodeAs(incidentReport, report);
    const signature = await signLabelled(key, incidentLabel, bytes);
    const signed = encodeSigned({ bytes, signature });
    const name = bytesToHex(sha256(signed));
    if (folder !== undefined) writeReport(folder, name, signed);
    db.transaction('vitals-reports', () => {
      db.run(
        'INSERT OR IGNORE INTO vitals_reports VALUES (?, ?, ?, 0)',
        name,
        report.foundMs,
        signed,
      );
      inStep(name);
    });
    this.#base.figures.add('reports_total', 1, { kind: report.kind });
  }

  /** A row that another hand changed keeps no other from the ledger. */
  async #anchor(): Promise<void> {
    const { db, sender, key, folder } = this.#base;
    const of = { signKey: key.publicKey, folder };
    const names = db.all('SELECT name FROM vitals_reports WHERE height = 0 ORDER BY atMs');
    let sent = 0;
    for (const { name } of names.map((row) => ({ name: row.text('name') }))) {
      const row = db.get('SELECT signed FROM vitals_reports WHERE name = ?', name);
      const owed = row && (await owedReport({ name, signed: row.bytes('signed') }, of));
      if (owed === undefined) continue;
      const { hash: report, kind: incident } = owed;
      const height = await heightOf(
        sender.send('user', [{ kind: 'Incident', report, incident }], commitMs),
      );
      db.run('UPDATE vitals_reports SET height = ? WHERE name = ?', height, name);
      if (++sent === mostSent) return;
    }
  }

  /** The newest first: its own, and those that its data servers keep in the same folder. Of bytes that are no report nothing is said. */
  async list(): Promise<ListedIncident[]> {
    const { db, folder, view } = this.#base;
    const own = db.all(
      'SELECT name, signed FROM vitals_reports ORDER BY atMs DESC LIMIT ?',
      mostListed,
    );
    const known = new Map(own.map((row) => [row.text('name'), row.bytes('signed')]));
    // Both may be the newest: as many again.
    for (const { name, signed } of folder === undefined
      ? []
      : readReports(folder, 2 * mostListed)) {
      if (!known.has(name) && bytesToHex(sha256(signed)) === name) known.set(name, signed);
    }
    const newest = [...known]
      .flatMap(([name, signed]) => {
        const report = reportIn(signed);
        return report === undefined ? [] : [{ name, signed, report }];
      })
      .toSorted((a, b) => b.report.foundMs - a.report.foundMs)
      .slice(0, mostListed);
    const listed: ListedIncident[] = [];
    for (const it of newest) {
      const row = await view.row(statIncidents, incidentRowId(it.report.by, it.name));
      listed.push({ ...it, height: row?.height ?? 0 });
    }
    return listed;
  }

  countWaiting(): number {
    return (
      this.#base.db.get('SELECT count(*) AS n FROM vitals_reports WHERE height = 0')?.uint('n') ?? 0
    );
  }
}

/** What is no finding is one: whoever wrote it there had the place of another. */
function findingIn(row: Row): OpenFinding {
  const met = foundFinding(row.text('finding'));
  if (met !== undefined) return met;
  const place = { table: 'vitals_report_waiting', row: String(row.uint('n')), column: 'finding' };
  const of = { store: 'gateway', bound: 'form', code: 'ROW_CORRUPT', part: 'gateway' } as const;
  return { ...place, ...of, id: `waiting ${row.uint('n')}`, foundMs: row.uint('ms') };
}

/** Undefined: it is none. */
function foundFinding(text: string): OpenFinding | undefined {
  try {
    const said = Object(JSON.parse(text)) as Readonly<Record<string, unknown>>;
    const words = ['store', 'table', 'row', 'column', 'bound', 'code', 'part', 'id'];
    const isOne =
      words.every((it) => typeof said[it] === 'string') && Number.isSafeInteger(said.foundMs);
    return isOne ? (said as unknown as OpenFinding) : undefined;
  } catch {
    return undefined;
  }
}

interface Waiting {
  readonly n: number;
  readonly ms: number;
  readonly finding: OpenFinding;
  readonly concerned: readonly AccountId[];
}

/** Of a report that stands there already, as after a crash, nobody says where: 1. */
async function heightOf(sent: Promise<{ readonly height: number }>): Promise<number> {
  try {
    return (await sent).height;
  } catch (error) {
    if (isCoded(error, 'INCIDENT_TAKEN')) return 1;
    throw error;
  }
}

export const hospitalReports = definePart({
  name: 'vitals-reports',
  store: {
    owner: 'vitals-reports',
    writes: ['vitals-reports'],
    migrations: [
      `
CREATE TABLE vitals_report_waiting (
  n INTEGER PRIMARY KEY AUTOINCREMENT, what TEXT NOT NULL, ms INTEGER NOT NULL, finding TEXT NOT NULL, concerned TEXT NOT NULL
) STRICT;
CREATE TABLE vitals_report_places (finding TEXT PRIMARY KEY, name TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE vitals_reports (
  name TEXT PRIMARY KEY, atMs INTEGER NOT NULL, signed BLOB NOT NULL, height INTEGER NOT NULL
) STRICT;
CREATE INDEX vitals_reports_by_height ON vitals_reports (height);`,
    ],
  },
  open: (base, parts) => new HospitalReports(base, parts.get(findings), parts.get(incidentNotices)),
  metrics: {
    reports_total: { kind: 'counter', help: 'Signed reports of incidents', labels: ['kind'] },
    reports_waiting: {
      kind: 'gauge',
      help: 'Reports whose hash is not on the ledger yet',
      now: (part) => part.countWaiting(),
    },
  },
  every: (part) => [{ what: 'incidents', everyMs: turnMs, run: () => part.turn() }],
});
