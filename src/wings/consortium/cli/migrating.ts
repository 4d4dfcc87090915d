import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { saysYes } from '../../../cli/asking.ts';
import type { CommandContext } from '../../../cli/commands/command.ts';
import { readSmallFile, readSmallText } from '../../../cli/files.ts';
import { homeFolder } from '../../../cli/home.ts';
import { writeOut } from '../../../cli/write-out.ts';
import { CodedError } from '../../../primitives/errors.ts';

interface MigrateFlags {
  readonly parts?: readonly string[];
  readonly out?: string;
  readonly from?: string;
  readonly swarmKey?: string;
  readonly trust?: string;
  readonly yes?: boolean;
}

/** `consortium migrate`: a ledger of one operator becomes one that a consortium orders. */
export function addMigrating(consortium: Command, context: CommandContext): void {
  consortium
    .command('migrate')
    .description('hand the ledger of this home over to several machines; or take it over here')
    .option('--parts <files...>', 'at the operator: the public parts of all who will order it')
    .option('--out <folder>', 'at the operator: a new folder with what each of them begins with')
    .option('--from <folder>', 'at each member: that folder')
    .option('--swarm-key <file>', 'at each member: the secret of the network of stores')
    .option('--trust <file>', "at each member: the trust root to believe; default: the home's")
    .option('--yes', 'do not ask')
    .addHelpText('after', migrateHelp)
    .action((flags: MigrateFlags) =>
      flags.from === undefined ? handOver(context, flags) : takeOver(context, flags.from, flags),
    );
}

const migrateHelp = `
1. Everybody who will order it is a member first: consortium propose member-in --part elm.part.json, and the votes.
2. Each, the operator too:  salus consortium propose-genesis --home H --chain THE-LEDGER ... --out anna.part.json
3. The operator stops salus up, and:  salus consortium migrate --home H --parts *.part.json --out FOLDER
   From here on nothing is added to the old ledger. FOLDER.swarm-key is a secret of all of them.
4. Each, the operator too:  salus consortium migrate --home H --from FOLDER --swarm-key FOLDER.swarm-key --trust trust.json
   It verifies everything before it believes it. Then: salus up --home H --engine cometbft`;

async function handOver(context: CommandContext, flags: MigrateFlags): Promise<void> {
  const { parts: files, out } = flags;
  if (files === undefined || out === undefined) {
    throw new CodedError('MISSING', { problem: 'say --parts and --out; or --from' });
  }
  const { parsePart } = await import('../server/part.ts');
  const { beginMigration } = await import('../server/migrating.ts');
  const { newSwarmKey } = await import('../../../server/storage/migrate.ts');
  const parts = await Promise.all(files.map((file) => parsePart(readSmallText(file))));
  const names = parts.map(({ name }) => name).join(', ');
  const question = `Hand the ledger over to ${names}? Nothing is added to it here from then on.`;
  if (flags.yes !== true && (await saysYes(context, question)) === false) {
    throw new CodedError('INTERRUPTED');
  }
  const nowMs = context.surroundings.now?.() ?? Date.now();
  const home = homeFolder(context.flags.home);
  const { handover, genesisHash } = await beginMigration(home, { parts, out: resolve(out), nowMs });
  const swarmKeyFile = await writeOut(`${out}.swarm-key`, newSwarmKey(), context);
  const { height, headerHash, appHash, snapshotHash } = handover;
  const facts = { folder: resolve(out), genesisHash, height, headerHash, appHash, snapshotHash };
  context.output.result({ ...facts, members: parts.map(({ name }) => name), swarmKeyFile }, () =>
    [
      `The ledger ends here at block ${height}, ${headerHash}, and is handed over to ${names}.`,
      `Each takes ${out}, and ${swarmKeyFile} by a way that nobody else reads, and runs:`,
      '  salus consortium migrate --home H --from FOLDER --swarm-key FILE --trust trust.json',
      'Compare the header hash with the others by telephone.',
    ].join('\n'),
  );
}

async function takeOver(context: CommandContext, from: string, flags: MigrateFlags): Promise<void> {
  const { installMigration } = await import('../server/migrating.ts');
  const { writeMemberFiles } = await import('../server/consortium-homes.ts');
  const home = homeFolder(context.flags.home);
  const trustRootJson = readSmallText(flags.trust ?? join(home, 'trust.json'));
  const key = flags.swarmKey ?? `${from}.swarm-key`;
  if (!existsSync(key)) throw new CodedError('MISSING', { problem: 'say --swarm-key' });
  const nowMs = context.surroundings.now?.() ?? Date.now();
  const given = { from: resolve(from), trustRootJson, swarmKey: readSmallFile(key), nowMs };
  const { handover, own, members, genesisHash } = await installMigration(home, given);
  const command = context.surroundings.command ?? ['salus'];
  const files = writeMemberFiles({ home, own, count: members.length, command });
  const { height, headerHash, appHash } = handover;
  const facts = { home, name: own.name, genesisHash, height, headerHash, appHash };
  context.output.result({ ...facts, ready: true, ...files }, () =>
    [
      `Verified up to block ${height}, ${headerHash}; ${home} is ready: salus up --home ${home} --engine cometbft`,
      'Compare the header hash with the others by telephone.',
    ].join('\n'),
  );
}
