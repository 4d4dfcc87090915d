import type { Command } from 'commander';
import { sha256 } from '../../crypto/hash.ts';
import { bytesToHex } from '../../primitives/bytes.ts';
import { CodedError } from '../../primitives/errors.ts';
import { contentOf, type OpenedRecord, sharedHistory } from '../../sdk/index.ts';
import { openActing, work } from '../acting.ts';
import { findOwnRecord, findSharedRecord } from '../finding-record.ts';
import { short, sizeOf, table, when } from '../format.ts';
import { NameBook } from '../name-book.ts';
import { authorWords, openedFacts, originFacts, titleWords } from '../origin.ts';
import { during } from '../output.ts';
import { findReceived } from '../received.ts';
import type { CommandContext } from './command.ts';

/** All versions of a record, whichever of them is named. */
export function addRecordHistory(record: Command, context: CommandContext): void {
  record
    .command('history <id>')
    .description('the versions of a record, newest first')
    .option('--consent <id>', "under this grant (or a patient's name); not needed for the only one")
    .action((id: string, flags: { consent?: string }) => history(context, id, flags.consent));
}

type Version = Pick<OpenedRecord, 'head' | 'bytes' | 'carried' | 'notVersionOf' | 'problems'> &
  Pick<OpenedRecord, 'height' | 'timeMs' | 'txId'>;

async function history(
  context: CommandContext,
  id: string,
  consent: string | undefined,
): Promise<void> {
  const acting = await openActing(context);
  const isOwn = acting.accounts.some((it) => it.role === 'patient');
  const versions = await during(context.output, 'Opening', async (progress) => {
    if (isOwn && consent === undefined) {
      const { recordId, account } = await findOwnRecord(context, acting, id);
      return acting.person.history(recordId, work(context, account, progress));
    }
    const { grants, account } = await findReceived(context, acting, {
      who: consent,
      fits: (it) => it.terms.readClasses.length > 0,
    });
    const options = work(context, account, progress);
    const { recordId, grants: opening } = await findSharedRecord(acting, grants, id, options);
    const [grant] = opening;
    if (grant === undefined) throw new CodedError('NOT_SHARED');
    const asked = { consent: grant.consent, recordId };
    const found = await acting.person.run(sharedHistory, asked, options);
    return found.map(
      ({ row, ...it }): Version => ({
        ...it,
        ...{ height: row.height, timeMs: row.timeMs, txId: row.txId },
      }),
    );
  });
  const names = new NameBook(context, acting);
  await names.learn(versions.map((it) => contentOf(it).head.author));
  const facts = versions.map((it) => versionFacts(it, names));
  context.output.result({ versions: facts, count: facts.length }, () =>
    [
      table([
        ['record', 'when', 'size', 'by', 'name'],
        ...versions.map((it) => [
          short(it.head.recordId),
          when(it.timeMs),
          sizeOf(contentOf(it).bytes.length),
          authorWords(it, (account) => names.nameOf(account)),
          titleWords(contentOf(it)),
        ]),
      ]),
      ...versions
        .filter((it) => it.notVersionOf !== undefined)
        .map((it) => `It names ${it.notVersionOf} as the one before, which somebody else wrote.`),
    ].join('\n'),
  );
}

function versionFacts(it: Version, names: NameBook): Record<string, unknown> {
  const { head, bytes } = contentOf(it);
  const { height, timeMs, txId } = it;
  return {
    ...{ recordId: head.recordId, class: head.recordClass, height, timeMs, txId },
    ...openedFacts(it),
    ...originFacts(it),
    by: names.nameOf(head.author),
    sha256: bytesToHex(sha256(bytes)),
  };
}
