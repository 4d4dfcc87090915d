import * as z from 'zod/mini';
import { accountIdText, consentIdText, height, timeMs, uint } from '../../api/message-parts.ts';
import { labels } from '../../crypto/labels.ts';
import { signLabelled, verifyLabelled } from '../../crypto/signature.ts';
import { base64urlToBytes, bytesToBase64url, utf8 } from '../../primitives/bytes.ts';
import { CodedError, isCoded } from '../../primitives/errors.ts';
import { parseAccountId } from '../../primitives/ids.ts';
import type { Action } from '../action.ts';
import type { Context, WorkOptions } from '../client/context.ts';
import { ownDevices } from '../devices/own-devices.ts';
import { type Looked, looked } from './looks.ts';
import type { Noticed } from './noticed.ts';

/** What a line is about. `emergency`: a look whose purpose was one. */
export const reportKinds = [
  'look',
  'emergency',
  'refusal',
  'erasure',
  'statistic',
  'device',
  'incident',
  'doubtful',
] as const;
export type ReportKind = (typeof reportKinds)[number];

/** One thing that was done or tried, as far as it is known: ids, codes and counts, no content. */
export interface ReportLine {
  readonly kind: ReportKind;
  /** When it was done; 0: not known. */
  readonly atMs: number;
  /** Whose doing: an account id; empty: nobody's that is known. */
  readonly account: string;
  /** What the sentence of its kind needs: `purpose`, `count`, `code`, `name`; of an incident `IncidentSaid` (report-words.ts). */
  readonly facts: Readonly<Record<string, string | number>>;
  /** Where it stands on the ledger. */
  readonly txId?: string;
  readonly height?: number;
}

export interface ReportPeriod {
  /** From this moment, until before that one. */
  readonly fromMs: number;
  readonly untilMs: number;
}

/** What is asked for; from undefined: `reportedMs` before the end; until undefined: all that there is by now. */
export type ReportAsked = { readonly [Side in keyof ReportPeriod]?: number | undefined };

/** Lines that a wing knows of, in any order; those outside the period are left out by who asks. Throws what it cannot be asked for. */
export type ReportPart = (
  ctx: Context,
  period: ReportPeriod,
  options: WorkOptions,
) => Promise<readonly ReportLine[]>;

/** Whatever a hospital or a patient keeps is told for so long at least (Regulation (EU) 2025/327, Article 9). */
export const reportedMs = 3 * 366 * 24 * 60 * 60_000;

export interface AccessReport extends ReportPeriod {
  readonly account: string;
  readonly chain: string;
  readonly madeMs: number;
  /** Oldest first. */
  readonly lines: readonly ReportLine[];
  /** Grants of which the ledger counts more looks than are listed here: looks that were kept back. */
  readonly withheld: Looked['withheld'];
  /** Parts of wings that could not be asked now, with the code: what they know is missing. */
  readonly missing: readonly { readonly wing: string; readonly code: string }[];
}

/** The report, with its text as it was signed by the account's key (`reading.md` R-20). */
export interface SignedReport {
  readonly report: AccessReport;
  /** JSON: exactly these characters were signed. */
  readonly text: string;
  /** Base64url. */
  readonly publicKey: string;
  readonly signature: string;
}

/** Who contributes lines: the wing's name with a word for what, and that part, loaded when it is asked for. */
export interface Reporting {
  readonly wing: string;
  readonly load: () => Promise<ReportPart>;
}

/**
 * Everything that was done with this account's record in a time, of what hospitals tell, the ledger counts and this wallet
 * knows; each notice was checked. Source: docs/protocol/reading.md, rule R-20.
 */
export async function accessReport(
  ctx: Context,
  { parts, ...asked }: ReportAsked & { readonly parts: readonly Reporting[] },
  options: WorkOptions = {},
): Promise<SignedReport> {
  const { notices, withheld } = await looked(ctx, options);
  // After what was just proven: a clock that is behind must leave out nothing that was done.
  const madeMs = ctx.nowMs();
  const untilMs = asked.untilMs ?? madeMs + 1;
  const fromMs = asked.fromMs ?? Math.max(0, untilMs - reportedMs);
  const period = { fromMs, untilMs };
  const missing: { wing: string; code: string }[] = [];
  const lines = [...notices.map(lineOf), ...(await deviceLines(ctx))];
  for (const { wing, load } of parts) {
    try {
      lines.push(...(await (await load())(ctx, period, options)));
    } catch (error) {
      if (!isCoded(error) || error.code === 'INTERRUPTED') throw error;
      missing.push({ wing, code: error.code });
    }
  }
  const report: AccessReport = {
    ...{ account: ctx.account.account, chain: ctx.account.chainId, madeMs, ...period },
    lines: lines
      // What does not verify has no time of its own: it is in every report. What ends now leaves out nothing that a hospital dates later.
      .filter(({ atMs }) => atMs === 0 || (atMs >= fromMs && (asked.untilMs ?? Infinity) > atMs))
      .toSorted((a, b) => a.atMs - b.atMs),
    ...{ withheld, missing },
  };
  const text = JSON.stringify(report);
  const { sign } = await ctx.keys();
  const signature = bytesToBase64url(await signLabelled(sign, labels.reportSign, utf8(text)));
  return { report, text, publicKey: bytesToBase64url(sign.publicKey), signature };
}

/** The report as a file: JSON with text, key and signature. */
export function reportFile({ text, publicKey, signature }: SignedReport): Uint8Array {
  return utf8(
    `${JSON.stringify({ salus: 'access-report/1', text, publicKey, signature }, null, 2)}\n`,
  );
}

const count = uint;
const word = z.string();
/** What a report says, as anybody's file may have it. */
const saidReport = z.object({
  ...{ account: accountIdText, chain: word, madeMs: timeMs, fromMs: timeMs, untilMs: timeMs },
  lines: z.array(
    z.object({
      ...{ kind: z.enum(reportKinds), atMs: timeMs, account: word },
      facts: z.record(word, z.union([word, z.number()])),
      ...{ txId: z.optional(word), height: z.optional(height) },
    }),
  ),
  withheld: z.array(z.object({ consent: consentIdText, counted: count, seen: count })),
  missing: z.array(z.object({ wing: word, code: word })),
});

/**
 * The report in a file, if its signature holds. Whose key it is, the ledger says (`account` in it names the account). Throws
 * REPORT_WRONG: it is none, or was changed.
 */
export async function readReportFile(file: string): Promise<SignedReport> {
  try {
    const { salus, text, publicKey, signature } = JSON.parse(file);
    const [key, signed] = [bytesIn(publicKey), bytesIn(signature)];
    const isReport = salus === 'access-report/1' && typeof text === 'string';
    if (isReport && (await verifyLabelled(key, labels.reportSign, utf8(text), signed))) {
      const report = saidReport.parse(JSON.parse(text)) as AccessReport;
      return { report, text, publicKey, signature };
    }
  } catch (cause) {
    throw new CodedError('REPORT_WRONG', {}, cause);
  }
  throw new CodedError('REPORT_WRONG');
}

/**
 * From and until which height the key of a report was that of the account which it names; 0: it is still. Throws CHAIN_WRONG,
 * SIGNATURE_WRONG: it never was, so anybody signed it. Source: docs/protocol/reading.md, rule R-20.
 */
export const reportKey: Action<
  SignedReport,
  { readonly fromHeight: number; readonly untilHeight: number }
> = {
  name: 'report-key',
  async run(ctx, { report, publicKey }, { signal }) {
    if (report.chain !== ctx.account.chainId) throw new CodedError('CHAIN_WRONG');
    const account = parseAccountId(report.account);
    const { height } = await ctx.ledger.headers.latest(signal);
    const held = await ctx.ledger
      .identityOfKey(account, bytesIn(publicKey), height, signal)
      .catch((error: unknown) => {
        if (isCoded(error, 'ACCOUNT_UNKNOWN')) return undefined;
        throw error;
      });
    if (held === undefined) throw new CodedError('SIGNATURE_WRONG', { account });
    const { fromHeight, untilHeight } = held;
    return { fromHeight, untilHeight };
  },
};

const bytesIn = (text: unknown): Uint8Array =>
  (typeof text === 'string' ? base64urlToBytes(text) : undefined) ?? new Uint8Array(0);

async function deviceLines(ctx: Context): Promise<readonly ReportLine[]> {
  const { devices, wrongEntriesMs } = await ownDevices(ctx.vault);
  const account = ctx.account.account;
  return [
    ...devices.map(({ name, addedMs }) => ({
      ...{ kind: 'device' as const, atMs: addedMs, account, facts: { what: 'added', name } },
    })),
    ...wrongEntriesMs.map((atMs) => ({
      ...{ kind: 'device' as const, atMs, account: '', facts: { what: 'digits' } },
    })),
  ];
}

function lineOf(it: Noticed): ReportLine {
  const place = {
    ...('txId' in it && it.txId !== undefined && { txId: it.txId }),
    ...('height' in it && it.height !== undefined && { height: it.height }),
  };
  switch (it.kind) {
    case 'look': {
      const kind = it.purpose === 'ETREAT' ? 'emergency' : 'look';
      const facts = { purpose: it.purpose, count: it.recordIds.length, servedBy: it.servedBy };
      return { kind, atMs: it.servedMs, account: it.reader, facts, ...place };
    }
    case 'refusal': {
      const facts = { code: it.code, count: 1 };
      return { kind: 'refusal', atMs: it.refusedMs, account: it.reader, facts, ...place };
    }
    case 'refusals': {
      const facts = { code: '', count: it.count };
      return { kind: 'refusal', atMs: it.lastMs, account: it.reader, facts, ...place };
    }
    case 'erased':
      return { kind: 'erasure', atMs: it.erasedMs, account: it.holder, facts: {}, ...place };
    case 'doubtful':
      return { kind: 'doubtful', atMs: 0, account: '', facts: { code: it.code } };
  }
}
