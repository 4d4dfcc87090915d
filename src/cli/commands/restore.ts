import { resolve } from 'node:path';
import { amount, when } from '../format.ts';
import { homeFolder } from '../home.ts';
import { during } from '../output.ts';
import type { AddCommand, CommandContext } from './command.ts';

const warnings: readonly string[] = [
  'Never let two servers run with these keys: stop the old one for good before this one starts.',
  'What people did after the backup is not here: grants that were revoked, accounts that were frozen and keys that were replaced since are in force again. Clients that have seen a newer state refuse this ledger (GATEWAY_LIED, LEDGER_FORKED).',
  'Records that were erased after the backup are back; erase them again before you serve: docs/operations/backup.md, K-7.',
];

/** A new home from a backup; it is verified before it is there. */
export const addRestore: AddCommand = (program, context) => {
  program
    .command('restore')
    .description('make a new home (--home) of a backup, and verify it')
    .argument('<backup>', 'the folder that salus backup named')
    .option(
      '--erasures-of <home>',
      'a newer home of the same ledger: what was erased there is erased here',
    )
    .addHelpText('after', `\n${warnings.join('\n')}`)
    .action(async (from: string, options: { readonly erasuresOf?: string }) =>
      restore(context, from, options.erasuresOf),
    );
};

async function restore(
  { flags, output, signal }: CommandContext,
  from: string,
  erasuresOf: string | undefined,
): Promise<void> {
  const home = homeFolder(flags.home);
  const { manifest, verified, erasedAgain } = await during(
    output,
    'Restoring',
    async (progress) => {
      const { restoreHome } = await import('../../server/maintenance/backup/restore.ts');
      return restoreHome({
        ...{
          from: resolve(from),
          home,
          signal,
          onProgress: progress.update,
          onMigrated: output.note,
        },
        ...(erasuresOf !== undefined && { erasuresOf: resolve(erasuresOf) }),
      });
    },
  );
  const { chain, height, headerHash, createdMs, keys } = manifest;
  const { items, erased, blobs } = verified;
  output.result(
    {
      home,
      chain,
      height,
      headerHash,
      createdMs,
      keys,
      items,
      erased,
      blobs,
      erasedAgain,
      warnings,
    },
    () =>
      [
        `Restored to ${home}: the ledger ${chain} up to block ${height}, as of ${when(createdMs)}.`,
        `It verifies: ${amount(items, 'item')}, ${amount(blobs, 'blob')}, ${erased} erased${erasedAgain > 0 ? `, ${erasedAgain} of them again` : ''}.`,
        ...(keys ? [] : ['The keys of the servers are not in it: put them back before it starts.']),
        '',
        ...warnings,
      ].join('\n'),
  );
}
