import { accounts } from '../../../../ledger/tables/accounts.ts';
import { bytesToHex, hexToBytes } from '../../../../primitives/bytes.ts';
import { isCoded } from '../../../../primitives/errors.ts';
import { type IncidentReport, readReport, type WriteAttempt } from '../../api/incident-report.ts';
import { ReportPace } from '../../api/report-pace.ts';
import type { DataServerBase } from '../data-server-base.ts';
import { signReport } from './incident-signing.ts';
import type { RefusedWrites, WriteAttempts } from './refused-writes.ts';
import type { ReportFiles } from './report-files.ts';

const mostAttempts = 64;

/** As a report has it: an address at one route, and how often. */
export const attemptOf = (of: RefusedWrites): WriteAttempt => ({
  ...{ atMs: of.firstMs, way: 'http', who: of.who, from: of.from, claimedMac: of.claimedMac },
  what: `${of.route}: ${of.code}, ${of.times === 1 ? 'once' : `${of.times} times`}, last ${new Date(of.lastMs).toISOString()}`,
});

/**
 * Who tried to write in another's name by HTTP becomes a signed report: nothing was changed, so nothing is put out of use and
 * no patient is told. Source: docs/protocol/vitals-tampering.md, rule VT-18.
 */
export class AttemptReports {
  readonly #base: DataServerBase;
  readonly #attempts: WriteAttempts;
  readonly #files: ReportFiles;
  /** Undefined: what was written before this process began was not looked up yet. */
  #pace: ReportPace | undefined;

  constructor(
    base: DataServerBase,
    { attempts, files }: { readonly attempts: WriteAttempts; readonly files: ReportFiles },
  ) {
    this.#base = base;
    this.#attempts = attempts;
    this.#files = files;
  }

  /** Writes one report of what is due, if it is time for one; the ledger has its hash by `Tampering.tellLedger`. */
  async turn(): Promise<boolean> {
    const { sign, incidents, now } = this.#base;
    await this.#settle();
    const due = this.#attempts.due();
    if (due.length === 0) return false;
    this.#pace ??= new ReportPace(await this.#writtenBefore());
    if (!this.#pace.isTime(now())) return false;
    const named = due.slice(0, mostAttempts);
    const { signed, hash } = await signReport(sign, await this.#report(named, due.length));
    const name = bytesToHex(hash);
    await incidents.keep({ name, signed, quarantines: [], people: [] });
    this.#attempts.told(named, name);
    this.#pace.wrote(now());
    this.#files.keep(name, signed);
    return true;
  }

  /** Where the ledger cannot be asked, what is sure already is told all the same. */
  async #settle(): Promise<void> {
    const { ledger } = this.#base;
    try {
      await this.#attempts.settle(
        async (account) => (await ledger.row(accounts, account))?.keyGeneration,
      );
    } catch (error) {
      if (!isCoded(error)) throw error;
    }
  }

  /** Also of the process before this one: to end it gives nobody more. */
  async #writtenBefore(): Promise<number[]> {
    const kept = await this.#base.incidents.incidents();
    return kept
      .map(({ signed }) => readReport(signed))
      .filter((it) => it.kind === 'write-attempt' && it.attempts.some(({ way }) => way === 'http'))
      .map(({ foundMs }) => foundMs);
  }

  async #report(named: readonly RefusedWrites[], due: number): Promise<IncidentReport> {
    const { account, ledger, now, incidents } = this.#base;
    const { wholeMs } = await incidents.round();
    const before = named.find(({ toldIn }) => toldIn !== '')?.toldIn ?? '';
    return {
      ...{ chainId: ledger.chainId, by: account, kind: 'write-attempt', store: 'data-server' },
      ...{ foundBy: 'watch', foundMs: now(), wholeMs, places: [], more: 0, batches: [] },
      ...{ firstHour: 0, lastHour: 0, people: 0, attempts: named.map(attemptOf) },
      untold: untoldOf(named, { later: due - named.length, unnamed: this.#attempts.takeUnnamed() }),
      done: [{ what: 'refused: nothing was changed', atMs: now() }],
      follows: hexToBytes(before) ?? new Uint8Array(0),
    };
  }
}

function untoldOf(
  named: readonly RefusedWrites[],
  { later, unnamed }: { readonly later: number; readonly unnamed: number },
): string[] {
  return [
    'who it was: an address is that of the other end of the connection, which may pass on what others sent, as a gateway or a proxy does',
    ...(named.every(({ claimedMac }) => claimedMac === '')
      ? ['a hardware address: this machine’s table of neighbours has none for these addresses']
      : []),
    ...(later > 0 ? [`${later} further addresses or routes: another report has them`] : []),
    ...(unnamed > 0
      ? [`from where ${unnamed} further attempts came: so many addresses are not kept`]
      : []),
  ];
}
