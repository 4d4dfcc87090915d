import type { Command } from 'commander';
import type { RecordId } from '../../primitives/ids.ts';
import type { WalletAccount } from '../../sdk/index.ts';
import { openActing, work } from '../acting.ts';
import { sure } from '../asking.ts';
import { findRecord } from '../finding.ts';
import { amount } from '../format.ts';
import { during } from '../output.ts';
import type { CommandContext } from './command.ts';

/** Records that their holder forgets. */
export function addRecordErase(record: Command, context: CommandContext): void {
  record
    .command('erase <id...>')
    .description('erase records: their holder forgets the keys, and signs that it did')
    .option('--yes', 'do not ask')
    .addHelpText('after', eraseHelp)
    .action((ids: string[], flags: { yes?: boolean }) => erase(context, ids, flags));
}

const eraseHelp = `
What a reader copied stays with the reader. The hospital's backups forget within 35 days. The hash of the
record stays on the ledger; it says nothing about what was in it.`;

async function erase(
  context: CommandContext,
  ids: readonly string[],
  flags: { readonly yes?: boolean },
): Promise<void> {
  const acting = await openActing(context);
  const found: { recordId: RecordId; as: WalletAccount }[] = [];
  for (const id of ids) {
    const { recordId, account } = await findRecord(context, acting, id);
    found.push({ recordId, as: account });
  }
  const question = `Erase ${amount(found.length, 'record')} for good?`;
  if (flags.yes !== true) await sure(context, question);
  const erased: RecordId[] = [];
  let tombstones = 0;
  await during(context.output, 'Erasing', async (progress) => {
    for (const account of new Set(found.map((it) => it.as))) {
      const recordIds = found.filter((it) => it.as === account).map((it) => it.recordId);
      const done = await acting.person.erase(recordIds, work(context, account, progress));
      erased.push(...done.recordIds);
      tombstones += done.tombstones.length;
    }
  });
  context.output.result({ erased, tombstones }, () =>
    [
      `${amount(erased.length, 'record')} erased; the holder signed it. The receipts come within a minute: salus looked`,
      'What a reader copied stays with the reader; backups forget within 35 days.',
    ].join('\n'),
  );
}
