import { CodedError } from '../primitives/errors.ts';
import { type AccountId, type ReportLanguage, reporting } from '../sdk/index.ts';
import { actingAccount, caughtUp, openActing, work } from './acting.ts';
import type { CommandContext } from './commands/command.ts';
import { readSmallFile } from './files.ts';
import { amount, when } from './format.ts';
import { withheldText } from './looked-page.ts';
import { NameBook } from './name-book.ts';
import { during } from './output.ts';
import { writeOut } from './write-out.ts';

export interface ReportFlags {
  readonly html?: string;
  readonly from?: number;
  readonly to?: number;
  readonly language: ReportLanguage;
  readonly out?: string;
}

/** A calendar day in the world's clock, as its first millisecond. Throws USAGE. */
export function reportDay(text: string): number {
  const ms = /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN;
  if (Number.isNaN(ms)) throw new CodedError('USAGE', { problem: 'a day, such as 2026-11-20' });
  return ms;
}

const dayMs = 24 * 60 * 60_000;
/** Three years of a chart that many read, some hundred bytes a look. */
const mostBytes = 256 * 1024 * 1024;

/** Throws PERSON_NOT_ENROLLED, USAGE (it ends before it begins), and as `Person.accessReport`. */
export async function writeReport(context: CommandContext, flags: ReportFlags): Promise<void> {
  const acting = await openActing(context);
  const account = actingAccount(acting);
  const { output } = context;
  await caughtUp(context, acting);
  const { reportFile, reportPage, reportPlace, reportSentence } = await reporting();
  const { from: fromMs, to } = flags;
  const untilMs = to === undefined ? undefined : to + dayMs;
  const requireForwards = (endMs: number) => {
    if (fromMs !== undefined && fromMs >= endMs)
      throw new CodedError('USAGE', { problem: '--from is before --to' });
  };
  if (untilMs !== undefined) requireForwards(untilMs);
  const signed = await during(output, 'Checking', (progress) =>
    acting.person.accessReport({ fromMs, untilMs }, work(context, account, progress)),
  );
  const { lines, withheld, missing, ...said } = signed.report;
  const period = { fromMs: said.fromMs, untilMs: said.untilMs };
  requireForwards(period.untilMs);
  const names = new NameBook(context, acting);
  await names.learn(lines.map((it) => it.account).filter((it) => it !== ''));
  const shown = {
    ...{ language: flags.language, name: acting.person.name, when },
    nameOf: (who: string) =>
      who === account.account ? acting.person.name : names.nameOf(who as AccountId),
  };
  const html =
    flags.html === undefined
      ? undefined
      : await writeOut(flags.html, reportPage(signed, shown), context);
  const file =
    flags.out === undefined ? undefined : await writeOut(flags.out, reportFile(signed), context);
  const told = lines.map((it) => ({ ...it, said: reportSentence(it, shown) }));
  const { publicKey, signature } = signed;
  const result = {
    ...{ ...period, lines: told, withheld, missing, publicKey, signature },
    ...(html !== undefined && { html }),
    ...(file !== undefined && { file }),
  };
  output.result(result, () =>
    [
      ...told.map((it) => {
        const place = it.kind === 'incident' ? `  [${it.height ?? '-'} ${reportPlace(it)}]` : '';
        return `${it.atMs === 0 ? '' : when(it.atMs)}  ${it.said}${place}`;
      }),
      ...(told.length === 0 ? ['Nothing was done with it in this time.'] : []),
      '',
      withheldText(withheld),
      ...missing.map(({ wing, code }) => `Not asked now, so missing here: ${wing} (${code}).`),
      ...[html, file].flatMap((it) => (it === undefined ? [] : [`written to ${it}`])),
    ].join('\n'),
  );
}

/** With a wallet the ledger is asked whose key it is. Throws FILE_UNREADABLE, REPORT_WRONG, CHAIN_WRONG, SIGNATURE_WRONG. */
export async function checkReport(context: CommandContext, path: string): Promise<void> {
  const { readReportFile, reportKey } = await reporting();
  const signed = await readReportFile(Buffer.from(readSmallFile(path, mostBytes)).toString('utf8'));
  const { account, chain, madeMs, fromMs, untilMs, lines } = signed.report;
  const { publicKey } = signed;
  const acting = context.flags.as === undefined ? undefined : await openActing(context);
  const key =
    acting === undefined
      ? null
      : await acting.person.run(reportKey, signed, work(context, actingAccount(acting)));
  const result = { holds: true, key, account, chain, madeMs, fromMs, untilMs, publicKey, lines };
  context.output.result(result, () =>
    [
      `Signed by the key ${publicKey}, for the account ${account} on ${chain}.`,
      `${amount(lines.length, 'line')}, made ${when(madeMs)}: as it was signed.`,
      keyText(key),
    ].join('\n'),
  );
}

function keyText(
  key: { readonly fromHeight: number; readonly untilHeight: number } | null,
): string {
  if (key === null)
    return 'Anybody can sign one: whether that key is the account’s, the ledger says (with --as WALLET).';
  const until = key.untilHeight === 0 ? 'and is it still' : `until block ${key.untilHeight}`;
  return `By the ledger that key was the account’s from block ${key.fromHeight}, ${until}.`;
}
