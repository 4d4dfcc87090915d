import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { CodedError } from '../../primitives/errors.ts';
import { parseTxId } from '../../primitives/ids.ts';
import { type Belief, checkReceiptFile, isReceiptBundle } from '../../sdk/index.ts';
import { type Acting, actingAccount, openActing, work } from '../acting.ts';
import { readSmallFile, readSmallText } from '../files.ts';
import { findRecord, pickId } from '../finding.ts';
import { homeFolder } from '../home.ts';
import { during } from '../output.ts';
import { receiptPage } from '../receipt-page.ts';
import { factsOfReceipt, type PrintedReceipt, receiptText } from '../receipt-text.ts';
import { findReceived, listUnder } from '../received.ts';
import { noTrustRoot } from '../trust-file.ts';
import { writeOut } from '../write-out.ts';
import type { AddCommand, CommandContext } from './command.ts';

/** Proof of an act that needs nobody: written to a file, and checked with that file and a trust root. */
export const addReceipt: AddCommand = (program, context) => {
  program
    .command('receipt <id>')
    .description('the receipt of a transaction or of a record')
    .option('--out <file>', 'where to; default: ID.receipt')
    .option('--consent <id>', 'of a record that was read under this grant')
    .option('--bundle', 'with the names of those in it, each proven: for who knows none of them')
    .option('--html <file>', 'also a page for printing')
    .action((id: string, flags: ReceiptFlags) => receipt(context, id, flags));
  program
    .command('check-receipt <file>')
    .description('check a receipt: no network, no wallet, no clock')
    .option('--trust <file>', "the trust root to believe; default: this home's trust.json")
    .option('--words <words>', 'believe the trust root in a bundle that has these twelve words')
    .option('--html <file>', 'also a page for printing')
    .action((file: string, flags: CheckFlags) => check(context, file, flags));
};

interface ReceiptFlags {
  readonly out?: string;
  readonly consent?: string;
  readonly bundle?: boolean;
  readonly html?: string;
}

interface CheckFlags {
  readonly trust?: string;
  readonly words?: string;
  readonly html?: string;
}

async function receipt(context: CommandContext, id: string, flags: ReceiptFlags): Promise<void> {
  const acting = await openActing(context);
  const [account] = acting.accounts;
  const isNamed = flags.bundle === true || flags.html !== undefined;
  const bytes = await during(context.output, 'Fetching', async () => {
    const plain = /^[0-9a-f]{64}$/.test(id)
      ? await acting.person.receiptOf(parseTxId(id), work(context, anyAccount(acting)))
      : await receiptOfRecord(context, acting, id, flags.consent);
    return isNamed ? acting.person.bundleOf(plain, work(context, anyAccount(acting))) : plain;
  });
  const trustRootJson = acting.person.trustRootJson(account?.account);
  const checked = await checkReceiptFile(bytes, { trustRootJson });
  const file = await writeOut(flags.out ?? `${id}.receipt`, bytes, context);
  const { txId, height, timeMs, vouchedBy } = checked.verdict;
  const html = await pageOf(context, flags.html, factsOfReceipt(checked), checked.genesisHash);
  const { trustWords } = checked;
  const facts = { file, bytes: bytes.length, txId, height, timeMs, vouchedBy, trustWords };
  context.output.result({ ...facts, ...html }, () =>
    [
      `written to ${file}, ${bytes.length} bytes: height ${height}, vouched for by ${vouchedBy}`,
      isNamed
        ? `Anybody checks it with: salus check-receipt ${file} --words '${trustWords.join(' ')}'`
        : `Anybody checks it with: salus check-receipt ${file} --trust trust.json`,
      ...(html.html === undefined ? [] : [`page written to ${html.html}`]),
    ].join('\n'),
  );
}

/** Writes the page where one is asked for. */
async function pageOf(
  context: CommandContext,
  file: string | undefined,
  facts: PrintedReceipt,
  genesisHash: string,
): Promise<{ readonly html?: string }> {
  if (file === undefined) return {};
  return { html: await writeOut(file, receiptPage(facts, genesisHash), context) };
}

function anyAccount(acting: Acting) {
  const [account] = acting.accounts;
  return account ?? actingAccount(acting);
}

async function receiptOfRecord(
  context: CommandContext,
  acting: Acting,
  id: string,
  consent: string | undefined,
): Promise<Uint8Array> {
  const isOwn = acting.accounts.some((it) => it.role === 'patient');
  if (consent === undefined && isOwn) {
    const { recordId, account } = await findRecord(context, acting, id);
    return acting.person.receiptOfRecord(recordId, work(context, account));
  }
  const { grants, account } = await findReceived(context, acting, {
    who: consent,
    fits: (it) => it.terms.readClasses.length > 0,
  });
  const options = work(context, account);
  const { rows } = await listUnder(acting.person, grants, options);
  const known = rows.map(({ row }) => row.recordId);
  const recordId = pickId(known, id);
  const found = rows.find(({ row }) => row.recordId === recordId);
  if (found === undefined) throw new CodedError('RECORD_UNKNOWN');
  return acting.person.receiptOfRecord(found.row, options);
}

async function check(context: CommandContext, file: string, flags: CheckFlags): Promise<void> {
  const bytes = readSmallFile(file);
  const belief = beliefOf(context, flags);
  if (belief.trustRootJson === undefined && !isReceiptBundle(bytes)) {
    throw new CodedError('MISSING', { problem: noTrustRoot });
  }
  const checked = await checkReceiptFile(bytes, belief);
  const facts = factsOfReceipt(checked);
  const html = await pageOf(context, flags.html, facts, checked.genesisHash);
  context.output.result({ ...facts, ...html }, () =>
    [receiptText(facts), ...(html.html === undefined ? [] : [`page written to ${html.html}`])].join(
      '\n',
    ),
  );
}

/** Words are about the root in the file; of whoever says nothing, this home's is believed, where it has one. */
function beliefOf({ flags }: CommandContext, { trust, words }: CheckFlags): Belief {
  const kept = join(homeFolder(flags.home), 'trust.json');
  const isKept = trust === undefined && words === undefined && existsSync(kept);
  const path = trust ?? (isKept ? kept : undefined);
  return { words, trustRootJson: path === undefined ? undefined : readSmallText(path) };
}
