import type { Command } from 'commander';
import type { CommandContext } from '../../../cli/commands/command.ts';
import { readSmallFile } from '../../../cli/files.ts';
import { named } from '../../../cli/harmless.ts';
import { homeFolder } from '../../../cli/home.ts';
import { writeOut } from '../../../cli/write-out.ts';
import { memberOf, openDesk, type TrustFlags, withTrust } from './desk.ts';

/** `consortium new-keys`: what a member does whose key was stolen, before the others vote. */
export function addNewKeys(consortium: Command, context: CommandContext): void {
  withTrust(consortium.command('new-keys'))
    .description('another key for a member whose key was stolen or lost, for member-keys')
    .requiredOption('--member <name>', 'its name, address, short name or account')
    .requiredOption('--out <file>', 'the public half, for the others to vote on')
    .requiredOption('--key-out <file>', 'the secret: keep it as organisation.key is kept')
    .action((flags: NewKeysFlags) => newKeys(context, flags));
}

/** `consortium take-keys`: what the member itself does once the others voted its new key in. */
export function addTakeKeys(consortium: Command, context: CommandContext): void {
  withTrust(consortium.command('take-keys'))
    .description('this hospital speaks by the key of new-keys that the others voted in')
    .requiredOption('--key <file>', 'the secret that new-keys wrote')
    .option('--member <name>', 'which hospital of this home')
    .action((flags: TakeKeysFlags) => takeKeys(context, flags));
}

interface TakeKeysFlags extends TrustFlags {
  readonly key: string;
  readonly member?: string;
}

async function takeKeys(context: CommandContext, flags: TakeKeysFlags): Promise<void> {
  const { takeVotedKey } = await import('../server/new-keys.ts');
  const secret = readSmallFile(flags.key);
  const home = homeFolder(context.flags.home);
  const desk = await openDesk(context, flags);
  const { name, title, account } = await takeVotedKey(home, {
    ...{ desk, secret, named: flags.member },
  });
  context.output.result({ name, organisation: account, restart: true }, () =>
    [
      `${named(title)} speaks by its new key from the next start of salus up on.`,
      'Its old key lies in organisation.key no more; backups made before hold it, and it is good for nothing.',
    ].join('\n'),
  );
}

interface NewKeysFlags extends TrustFlags {
  readonly member: string;
  readonly out: string;
  readonly keyOut: string;
}

async function newKeys(context: CommandContext, flags: NewKeysFlags): Promise<void> {
  const standing = await (await openDesk(context, flags)).standing();
  const { account, name } = memberOf(flags, standing);
  const { makeNewKeys } = await import('../server/new-keys.ts');
  const { secret, file } = await makeNewKeys(standing.chain, account);
  const keyFile = await writeOut(flags.keyOut, secret, context);
  const out = await writeOut(flags.out, file, context);
  context.output.result({ organisation: account, file: out, keyFile }, () =>
    [
      `Another key of ${named(name)}: ${keyFile}, a secret; its public half is ${out}.`,
      `The others: salus consortium propose member-keys --identity ${out}`,
    ].join('\n'),
  );
}
