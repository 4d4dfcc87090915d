import { amount, sizeOf } from '../format.ts';
import { homeFolder } from '../home.ts';
import { during } from '../output.ts';
import type { AddCommand, CommandContext } from './command.ts';
import { wholeNumber } from './options.ts';

interface BackupFlags {
  readonly out: string;
  readonly keys: boolean;
  readonly prune?: number;
}

/** A verified copy of a home, also of one that a server is running on. */
export const addBackup: AddCommand = (program, context) => {
  program
    .command('backup')
    .description('copy this home as it stands at one instant, and verify the copy')
    .requiredOption('--out <folder>', 'the folder of backups; the new one becomes a folder in it')
    .option('--without-keys', "leave the servers' private keys out; they must be kept elsewhere")
    .option(
      '--prune <days>',
      'afterwards remove backups of this ledger that are older',
      wholeNumber(1, 3_650),
    )
    .addHelpText(
      'after',
      '\nThe server may run meanwhile. A backup holds the private keys of the servers: keep it as you keep them.',
    )
    .action(async ({ out, withoutKeys, prune }: BackupFlags & { withoutKeys?: boolean }) =>
      backUp(context, { out, keys: withoutKeys !== true, ...(prune !== undefined && { prune }) }),
    );
};

async function backUp({ flags, output, signal }: CommandContext, chosen: BackupFlags) {
  const home = homeFolder(flags.home);
  const nowMs = Date.now();
  const { folder, manifest } = await during(output, 'Backing up', async (progress) => {
    const { backUpHome } = await import('../../server/maintenance/backup/backup.ts');
    const { out, keys: withKeys } = chosen;
    return backUpHome({ home, out, withKeys, nowMs, signal, onProgress: progress.update });
  });
  const { noteBackup } = await import('../../server/last-backup.ts');
  try {
    noteBackup(home, manifest);
  } catch {
    output.note(
      'The servers of this home cannot be told of this backup: their folder is not writable.',
    );
  }
  const { pruneBackups } = await import('../../server/maintenance/backup/prune.ts');
  const { chain, height, headerHash, createdMs, keys } = manifest;
  const removed =
    chosen.prune === undefined
      ? []
      : pruneBackups(chosen.out, { chain, days: chosen.prune, nowMs });
  const bytes = manifest.files.reduce((sum, file) => sum + file.bytes, 0);
  const files = manifest.files.length;
  output.result({ folder, chain, height, headerHash, createdMs, keys, files, bytes, removed }, () =>
    [
      `Backed up to ${folder}`,
      `The ledger ${chain} up to block ${height}; ${amount(files, 'file')}, ${sizeOf(bytes)}; the copy verifies.`,
      keys
        ? "It holds the servers' private keys: whoever has it can be these servers. Keep it as you keep them."
        : "Without the servers' private keys: a home made of it starts only when they are put back.",
      ...(removed.length === 0 ? [] : [`Removed ${amount(removed.length, 'older backup')}.`]),
    ].join('\n'),
  );
}
