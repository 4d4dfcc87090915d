import type { Command } from 'commander';
import { CodedError } from '../../primitives/errors.ts';
import { parseRecordClass, reclassifyRecord, recordClasses } from '../../sdk/index.ts';
import { openActing, work } from '../acting.ts';
import { saysYes } from '../asking.ts';
import { findRecord } from '../finding.ts';
import { during } from '../output.ts';
import type { CommandContext } from './command.ts';

interface ReclassifyFlags {
  readonly class?: string;
  readonly title?: string;
  readonly eraseOld?: boolean;
}

/** A patient files a record of her chart under another class or title. */
export function addRecordReclassify(record: Command, context: CommandContext): void {
  record
    .command('reclassify <record>')
    .description('file a record under another class or title; its bytes and author stay')
    .option('--class <class>', recordClasses.join(', '))
    .option('--title <title>', 'what it is called from now on')
    .option('--erase-old', 'erase the version before, which readers of its class have still')
    .option('--no-erase-old', 'keep it, and do not ask')
    .action((id: string, flags: ReclassifyFlags) => reclassify(context, id, flags));
}

async function reclassify(
  context: CommandContext,
  id: string,
  flags: ReclassifyFlags,
): Promise<void> {
  const recordClass = flags.class === undefined ? undefined : parseRecordClass(flags.class);
  if (recordClass === undefined && flags.title === undefined) {
    throw new CodedError('MISSING', { problem: 'say --class or --title' });
  }
  const acting = await openActing(context);
  const { recordId, account } = await findRecord(context, acting, id);
  const request = { recordId, recordClass, name: flags.title };
  const filed = await during(context.output, 'Filing anew', (progress) =>
    acting.person.run(reclassifyRecord, request, work(context, account, progress)),
  );
  const question = 'Who may read the old class still has the version before. Erase that one?';
  const erases = flags.eraseOld ?? (await saysYes(context, question)) ?? false;
  if (erases) await acting.person.erase([recordId], work(context, account));
  const { recordId: newer, previous, name, confirmed } = filed;
  const { txId, height } = confirmed;
  const facts = { recordId: newer, previous, class: filed.recordClass, name, erasedOld: erases };
  context.output.result({ ...facts, txId, height }, () =>
    erases
      ? `Filed as ${filed.recordClass}: record ${newer}. The version before is erased.`
      : `Filed as ${filed.recordClass}: record ${newer}. The version before stays: salus record erase ${previous}`,
  );
}
