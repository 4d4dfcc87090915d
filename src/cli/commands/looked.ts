import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Option } from 'commander';
import { CodedError } from '../../primitives/errors.ts';
import {
  type Looked,
  type Noticed,
  type Person,
  spokenName,
  type WalletAccount,
} from '../../sdk/index.ts';
import { type Acting, caughtUp, openActing, work } from '../acting.ts';
import { amount, table, when } from '../format.ts';
import {
  type LookedReport,
  lookedPage,
  type NoticeFacts,
  whatHappened,
  withheldText,
} from '../looked-page.ts';
import { checkReport, type ReportFlags, reportDay, writeReport } from '../looked-report.ts';
import { NameBook } from '../name-book.ts';
import { during, unlessInterrupted } from '../output.ts';
import { writeOut } from '../write-out.ts';
import type { AddCommand, CommandContext } from './command.ts';

interface LookedFlags extends ReportFlags {
  readonly receipts?: string;
  readonly report?: boolean;
  readonly check?: string;
}

/** Who looked at one's records, who was refused, and what was erased: each checked, each with a receipt. */
export const addLooked: AddCommand = (program, context) => {
  program
    .command('looked')
    .description('who looked at my records: refusals, erasures and withheld looks included')
    .option('--html <file>', 'a report for printing')
    .option('--receipts <folder>', 'write the receipt of each, with names, into a folder')
    .option('--report', 'everything that was done with my record in a time, signed, in plain words')
    .option('--from <day>', 'with --report: from this day (three years ago)', reportDay)
    .option('--to <day>', 'with --report: until the end of this day (today)', reportDay)
    .addOption(
      new Option('--language <language>', 'of the report')
        .choices(['en', 'es', 'ar'])
        .default('en'),
    )
    .option('--out <file>', 'with --report: the signed report as a file')
    .option(
      '--check <file>',
      'whether a signed report is as it was signed; with --as, whose key it was',
    )
    .action((flags: LookedFlags) => {
      if (flags.check !== undefined) return checkReport(context, flags.check);
      const ofReport = ['from', 'to', 'out'] as const;
      const alone = ofReport.find((it) => flags.report !== true && flags[it] !== undefined);
      if (alone !== undefined)
        throw new CodedError('USAGE', { problem: `--${alone} goes with --report` });
      return flags.report === true ? writeReport(context, flags) : run(context, flags);
    });
};

async function run(context: CommandContext, flags: LookedFlags): Promise<void> {
  const acting = await openActing(context);
  if (acting.accounts.length === 0) throw new CodedError('PERSON_NOT_ENROLLED');
  const { output } = context;
  await caughtUp(context, acting);
  const found = await during(output, 'Checking', async (progress) => {
    const all: { account: WalletAccount; looked: Looked }[] = [];
    for (const account of acting.accounts) {
      const looked = await acting.person.looked(work(context, account, progress));
      all.push({ account, looked });
    }
    return all;
  });
  const notices = found.flatMap((it) => it.looked.notices);
  const withheld = found.flatMap((it) => it.looked.withheld);
  const names = new NameBook(context, acting);
  await names.learn(notices.flatMap(whoIn));
  const known = await knownOf(context, acting, found);
  const files =
    flags.receipts === undefined
      ? new Map<Noticed, string>()
      : await saveReceipts(context, flags.receipts, acting.person, found);
  const facts = (it: Noticed) => {
    const file = files.get(it);
    return { ...noticeFacts(it, names, known), ...(file !== undefined && { receiptFile: file }) };
  };
  const of = (kind: Noticed['kind']) => notices.filter((it) => it.kind === kind).map(facts);
  const report: LookedReport = {
    name: acting.person.name,
    madeMs: Date.now(),
    notices: notices.map((it) => noticeFacts(it, names, known)),
    withheld,
    chains: [...new Set(found.map((it) => it.account.chainId))],
  };
  const html =
    flags.html === undefined ? undefined : await writeOut(flags.html, lookedPage(report), context);
  const result = {
    looks: of('look'),
    refusals: of('refusal'),
    refusalCounts: of('refusals'),
    erased: of('erased'),
    doubtful: of('doubtful'),
    withheld,
    receipts: files.size,
    ...(html !== undefined && { html }),
  };
  output.result(result, () =>
    describe(report, { html, folder: flags.receipts, saved: files.size }),
  );
}

/** What this person knows of the records and grants that notices name. */
interface Known {
  readonly records: ReadonlyMap<string, string>;
  readonly ends: ReadonlyMap<string, number>;
}

async function knownOf(
  context: CommandContext,
  { person }: Acting,
  found: readonly { readonly account: WalletAccount; readonly looked: Looked }[],
): Promise<Known> {
  const records = new Map<string, string>();
  const ends = new Map<string, number>();
  for (const { account, looked } of found) {
    const options = work(context, account);
    for (const it of await person.grants(options)) {
      if (it.endedMs !== undefined) ends.set(it.consent, it.endedMs);
    }
    if (!looked.notices.some((it) => it.kind === 'look')) continue;
    for (const it of person.imports) records.set(it.skeleton, it.fileName);
    const lines = (await person.recordLines(options).catch(unlessInterrupted)) ?? [];
    for (const { recordId, headline } of lines) {
      if (headline !== undefined) records.set(recordId, spokenName(headline));
    }
  }
  return { records, ends };
}

function whoIn(it: Noticed): string[] {
  if (it.kind === 'look') return [it.reader, it.servedBy];
  if (it.kind === 'refusal' || it.kind === 'refusals') return [it.reader];
  return it.kind === 'erased' ? [it.holder] : [];
}

async function saveReceipts(
  context: CommandContext,
  folder: string,
  person: Person,
  found: readonly { readonly account: WalletAccount; readonly looked: Looked }[],
): Promise<Map<Noticed, string>> {
  mkdirSync(folder, { recursive: true });
  const files = new Map<Noticed, string>();
  for (const { account, looked } of found) {
    for (const it of looked.notices) {
      if (it.kind === 'doubtful' || it.txId === undefined) continue;
      const as = { as: account.account };
      // With names: whoever is shown it knows nobody in it.
      const bundle = await person.bundleOf(await person.receiptOfNotice(it, as), as);
      const name = `${it.kind}-${it.height ?? 0}-${it.inboxId}.receipt`;
      files.set(it, await writeOut(join(folder, name), bundle, context));
    }
  }
  return files;
}

function noticeFacts(it: Noticed, names: NameBook, known: Known): NoticeFacts {
  switch (it.kind) {
    case 'look': {
      const { kind, reader, consent, purpose, servedBy, recordIds, txId, height } = it;
      const who = names.nameOf(reader);
      const place = { txId, height, verdict: 'proven' };
      const served = { servedBy, servedByName: names.nameOf(servedBy) };
      return {
        kind,
        timeMs: it.servedMs,
        who,
        reader,
        consent,
        purpose,
        ...served,
        recordIds,
        names: recordIds.flatMap((id) => known.records.get(id) ?? []),
        ...place,
      };
    }
    case 'refusal': {
      const { kind, reader, consent, code, txId, height } = it;
      const verdict = it.txId === undefined ? 'not anchored yet' : 'proven';
      const who = names.nameOf(reader);
      const endedMs = known.ends.get(consent);
      const about = { who, reader, consent, code, ...(endedMs !== undefined && { endedMs }) };
      return { kind, timeMs: it.refusedMs, ...about, txId, height, verdict };
    }
    case 'refusals': {
      const { kind, reader, consent, count, firstMs, txId, height } = it;
      const verdict = it.txId === undefined ? 'not anchored yet' : 'proven';
      const who = names.nameOf(reader);
      return {
        kind,
        timeMs: it.lastMs,
        firstMs,
        who,
        reader,
        consent,
        count,
        txId,
        height,
        verdict,
      };
    }
    case 'erased': {
      const { kind, holder, txId, height } = it;
      const verdict = it.txId === undefined ? 'not anchored yet' : 'proven';
      return {
        kind,
        timeMs: it.erasedMs,
        who: names.nameOf(holder),
        holder,
        txId,
        height,
        verdict,
      };
    }
    case 'doubtful':
      return { kind: it.kind, timeMs: 0, who: '', code: it.code, verdict: 'does not verify' };
  }
}

function describe(
  { notices, withheld }: LookedReport,
  written: {
    readonly html: string | undefined;
    readonly folder: string | undefined;
    readonly saved: number;
  },
): string {
  const rows = notices.map((it) => [
    when(it.timeMs),
    it.who,
    whatHappened(it),
    typeof it.height === 'number' ? `height ${it.height}` : '',
    String(it.verdict),
  ]);
  return [
    rows.length === 0
      ? 'Nobody has looked.'
      : table([['when', 'who', 'what', 'where', 'verdict'], ...rows]),
    '',
    withheldText(withheld),
    ...(written.html === undefined ? [] : [`report written to ${written.html}`]),
    ...(written.folder === undefined
      ? []
      : [`${amount(written.saved, 'receipt')} written to ${written.folder}`]),
  ].join('\n');
}
