import { resolve } from 'node:path';
import type { Restored } from '../../server/maintenance/backup/restore.ts';
import { amount, when } from '../format.ts';
import { homeFolder } from '../home.ts';
import { during } from '../output.ts';
import type { AddCommand, CommandContext } from './command.ts';
import { gather } from './options.ts';

const warnings: readonly string[] = [
  'Never let two servers run with these keys: stop the old one for good before this one starts.',
  'What people did after the last block here is not here: grants that were revoked, accounts that were frozen and keys that were replaced since are in force again, and for a day whoever kept a transaction of since may send it again. Clients that have seen a newer state refuse this ledger (GATEWAY_LIED, LEDGER_FORKED); their wallets revoke again what they had revoked.',
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
    .option('--blocks-of <home>', 'a newer home or backup: its later blocks are taken over')
    .option('--peer <url>', 'a hospital that may have later blocks; may be repeated', gather)
    .addHelpText('after', `\n${warnings.join('\n')}`)
    .action((from: string, options: RestoreFlags) => restore(context, from, options));
};

interface RestoreFlags {
  readonly erasuresOf?: string;
  readonly blocksOf?: string;
  readonly peer?: readonly string[];
}

async function restore(
  { flags, output, signal }: CommandContext,
  from: string,
  { erasuresOf, blocksOf, peer }: RestoreFlags,
): Promise<void> {
  const home = homeFolder(flags.home);
  const result = await during(output, 'Restoring', async (progress) => {
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
      ...(blocksOf !== undefined && { blocksOf: resolve(blocksOf) }),
      ...(peer !== undefined && { peers: peer }),
    });
  });
  // Loaded here, so that no other command waits for the servers' code.
  const { isUndecided, laterHeight } = await import('../../server/restored.ts');
  const { manifest, verified, erasedAgain, laterBlocks, endedInvitations, restored, validator } =
    result;
  const { chain, createdMs, keys } = manifest;
  const { height, headerHash } = restored;
  const later = laterHeight(restored);
  const ends = {
    mayServe: !isUndecided(restored),
    ...(later !== undefined && { later }),
  };
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
      ...{ laterBlocks, endedInvitations, restored, ...ends },
      ...(validator !== undefined && { validator }),
      warnings,
    },
    () =>
      [
        `Restored to ${home}: the ledger ${chain} up to block ${height}, as of ${when(createdMs)}.`,
        `It verifies: ${amount(items, 'item')}, ${amount(blobs, 'blob')}, ${erased} erased${erasedAgain > 0 ? `, ${erasedAgain} of them again` : ''}.`,
        ...endLines(result, ends),
        ...(keys ? [] : ['The keys of the servers are not in it: put them back before it starts.']),
        '',
        ...warnings,
      ].join('\n'),
  );
}

/** How the ledger ends here, as far as anybody knows. */
function endLines(
  { restored, laterBlocks, endedInvitations, validator }: Restored,
  { later, mayServe }: { readonly later?: number; readonly mayServe: boolean },
): string[] {
  const { height } = restored;
  const lines: string[] = [];
  if (laterBlocks > 0) lines.push(`${amount(laterBlocks, 'later block')} taken over.`);
  if (later !== undefined && validator === undefined) {
    lines.push(
      `A hospital has block ${later}, this home ends at block ${height}: restore it with --blocks-of.`,
    );
  }
  if (validator !== undefined) {
    lines.push(
      'Its node takes later blocks from the other members. The machine that was backed up may still run: stop it for good, then salus up --old-stopped.',
      `It orders no blocks until the members vote in its new key: salus consortium propose validator-in --member NAME --key ${validator}`,
    );
  } else if (!mayServe) {
    lines.push(
      `Nobody gave this home a block after ${height}: it is served only with salus up --accept-loss.`,
    );
  }
  if (endedInvitations > 0) {
    const ended = amount(endedInvitations, 'open invitation');
    lines.push(`${ended} ended, for they may have been used since: the desk gives new ones.`);
  }
  return lines;
}
