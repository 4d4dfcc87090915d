import { join } from 'node:path';
import { CodedError } from '../../primitives/errors.ts';
import { parseTxId } from '../../primitives/ids.ts';
import { checkReceipt } from '../../sdk/index.ts';
import {
  type Acting,
  actingAccount,
  findReceived,
  findRecord,
  openActing,
  pickId,
  work,
} from '../acting.ts';
import { readSmallFile, readSmallText } from '../files.ts';
import { homeFolder } from '../home.ts';
import { during } from '../output.ts';
import { factsOfReceipt, receiptText } from '../receipt-text.ts';
import { writeOut } from '../write-out.ts';
import type { AddCommand, CommandContext } from './command.ts';

/** Proof of an act that needs nobody: written to a file, and checked with that file and a trust root. */
export const addReceipt: AddCommand = (program, context) => {
  program
    .command('receipt <id>')
    .description('the receipt of a transaction or of a record')
    .option('--out <file>', 'where to; default: ID.receipt')
    .option('--consent <id>', 'of a record that was read under this grant')
    .action((id: string, flags: { out?: string; consent?: string }) => receipt(context, id, flags));
  program
    .command('check-receipt <file>')
    .description('check a receipt: no network, no wallet, no clock')
    .option('--trust <file>', "the trust root to believe; default: this home's trust.json")
    .action((file: string, flags: { trust?: string }) => check(context, file, flags.trust));
};

async function receipt(
  context: CommandContext,
  id: string,
  flags: { readonly out?: string; readonly consent?: string },
): Promise<void> {
  const acting = await openActing(context);
  const bytes = await during(context.output, 'Fetching', () =>
    /^[0-9a-f]{64}$/.test(id)
      ? acting.person.receiptOf(parseTxId(id), work(context, anyAccount(acting)))
      : receiptOfRecord(context, acting, id, flags.consent),
  );
  const [account] = acting.accounts;
  const trust = acting.person.trustRootJson(account?.account);
  const verdict = await checkReceipt(bytes, trust);
  const file = await writeOut(flags.out ?? `${id}.receipt`, bytes, context);
  const { txId, height, timeMs, vouchedBy } = verdict;
  context.output.result({ file, bytes: bytes.length, txId, height, timeMs, vouchedBy }, () =>
    [
      `written to ${file}, ${bytes.length} bytes: height ${height}, vouched for by ${vouchedBy}`,
      `Anybody checks it with: salus check-receipt ${file} --trust trust.json`,
    ].join('\n'),
  );
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
  const { grant, account } = await findReceived(context, acting, {
    who: consent,
    fits: (it) => it.terms.readClasses.length > 0,
  });
  const options = work(context, account);
  const { rows } = await acting.person.listShared(grant.consent, options);
  const known = rows.map(({ row }) => row.recordId);
  const recordId = pickId(known, id);
  const found = rows.find(({ row }) => row.recordId === recordId);
  if (found === undefined) throw new CodedError('RECORD_UNKNOWN');
  return acting.person.receiptOfRecord(found.row, options);
}

async function check(
  context: CommandContext,
  file: string,
  trust: string | undefined,
): Promise<void> {
  const bytes = readSmallFile(file);
  const trustRoot = readSmallText(trust ?? join(homeFolder(context.flags.home), 'trust.json'));
  const verdict = await checkReceipt(bytes, trustRoot);
  const facts = factsOfReceipt(verdict);
  context.output.result(facts, () => receiptText(facts));
}
