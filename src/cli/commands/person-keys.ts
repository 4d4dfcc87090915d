import { hostname } from 'node:os';
import type { Command } from 'commander';
import { CodedError } from '../../primitives/errors.ts';
import { Person } from '../../sdk/index.ts';
import { localHospitals } from '../../server/desk.ts';
import { actingAccount, contextOptions, factsOf, openActing, withWallet, work } from '../acting.ts';
import { askNewPassphrase, askPassphrase, confirmed, readCodeFile } from '../asking.ts';
import { keepHomeCards } from '../cards.ts';
import { amount, short, table, when } from '../format.ts';
import { named } from '../harmless.ts';
import { fileWalletStore, homeFolder, setAsideDamaged } from '../home.ts';
import { during } from '../output.ts';
import type { CommandContext } from './command.ts';
import { wholeNumber } from './options.ts';

const codeQuestion = 'The printed recovery code';

/** New keys, a new passphrase, and a wallet that comes back from its printed code. */
export function addPersonKeys(person: Command, context: CommandContext): void {
  person
    .command('rotate [wallet]')
    .description('new keys, for a device that may have been seen; readers get theirs anew')
    .option(
      '--code-file <file>',
      'holds the recovery code (- asks for it): also the way back from a freeze',
    )
    .action((name: string | undefined, flags: { codeFile?: string }) =>
      rotate(context, name, flags),
    );
  person
    .command('freeze [wallet]')
    .description(
      'stop this account at once, for a device that was stolen; the printed code undoes it',
    )
    .option('--yes', 'without being asked')
    .action((name: string | undefined, flags: { yes?: boolean }) => freeze(context, name, flags));
  person
    .command('passphrase [wallet]')
    .description('another passphrase for the wallet on this device')
    .option('--new-passphrase-file <file>', 'holds the new one; else it is asked for')
    .action((name: string | undefined, flags: { newPassphraseFile?: string }) =>
      changePassphrase(context, name, flags.newPassphraseFile),
    );
  person
    .command('recover <wallet>')
    .description('the wallet from its printed code: on a new device, or on a second one')
    .requiredOption('--code-file <file>', 'holds the printed recovery code; - asks for it')
    .option('--hospital <name>', 'a hospital of this machine; else say --gateway')
    .option(
      '--copy <number>',
      'an older copy, as person copies lists them',
      wholeNumber(1, maxSerial),
    )
    .option('--device-name <name>', 'what this device is to be called', hostname())
    .action((name: string, flags: RecoverFlags) => recover(context, name, flags));
  person
    .command('copies')
    .description('which copies of a wallet a hospital keeps for its printed code')
    .requiredOption('--code-file <file>', 'holds the printed recovery code; - asks for it')
    .option('--hospital <name>', 'a hospital of this machine; else say --gateway')
    .action((flags: CodeFlags) => copies(context, flags));
}

interface CodeFlags {
  readonly codeFile: string;
  readonly hospital?: string;
}

interface RecoverFlags extends CodeFlags {
  readonly copy?: number;
  readonly deviceName: string;
}

const maxSerial = Number.MAX_SAFE_INTEGER;

/** Where the copies are, and the code. Throws USAGE. */
async function codeAt(
  context: CommandContext,
  flags: CodeFlags,
): Promise<{ readonly gatewayUrl: string; readonly code: string }> {
  const local = localHospitals(homeFolder(context.flags.home)).find(
    (it) => it.name === flags.hospital,
  );
  const gatewayUrl = context.flags.gateway ?? local?.url;
  if (gatewayUrl === undefined) {
    throw new CodedError('MISSING', { problem: 'say --gateway, or --hospital of this machine' });
  }
  const code = (await readCodeFile(context, flags.codeFile, codeQuestion)) ?? '';
  return { gatewayUrl, code };
}

/** The newest first: where a thief wrote the newest ones, one of before is the wallet. */
async function copies(context: CommandContext, flags: CodeFlags): Promise<void> {
  const at = await codeAt(context, flags);
  const kept = await during(context.output, 'Asking', () =>
    Person.keptCopies({ ...at, signal: context.signal }),
  );
  context.output.result({ copies: kept }, () =>
    [
      table([
        ['copy', 'written', 'signed by', 'holds'],
        ...kept.map(({ serial, writtenMs, publicKey, whole }) => [
          String(serial),
          when(writtenMs),
          short(publicKey),
          whole ? 'everything' : 'keys and grants given',
        ]),
      ]),
      '',
      'Another key signed it after each change of keys. If you did not make a change, take the newest copy',
      'of before it: salus person recover WALLET --copy NUMBER',
    ].join('\n'),
  );
}

async function rotate(
  context: CommandContext,
  wallet: string | undefined,
  flags: { readonly codeFile?: string },
): Promise<void> {
  const acting = await openActing(withWallet(context, wallet), { asks: true, takeBack: false });
  const account = actingAccount(acting);
  const code = await readCodeFile(context, flags.codeFile, codeQuestion);
  const { txId, height } = await during(context.output, 'Making new keys', (progress) =>
    acting.person.rotate({ ...work(context, account, progress), code }),
  );
  keepHomeCards(acting.home, acting.name, acting.person);
  context.output.result(
    { account: account.account, txId, height },
    () => `New keys since height ${height}. The account is the same, and so is the recovery code.`,
  );
}

async function freeze(
  context: CommandContext,
  wallet: string | undefined,
  flags: { readonly yes?: boolean },
): Promise<void> {
  const acting = await openActing(withWallet(context, wallet), { takeBack: false });
  const account = actingAccount(acting);
  if (flags.yes !== true) {
    await confirmed(context, 'Freeze this account? Only the printed code brings it back.');
  }
  const { txId, height } = await during(context.output, 'Freezing', (progress) =>
    acting.person.freeze(work(context, account, progress)),
  );
  context.output.result({ account: account.account, txId, height }, () =>
    [
      `Frozen since height ${height}. Grants can still be taken back: salus revoke.`,
      'The way back: salus person rotate --code-file FILE',
    ].join('\n'),
  );
}

async function changePassphrase(
  context: CommandContext,
  wallet: string | undefined,
  file: string | undefined,
): Promise<void> {
  const { person, name } = await openActing(withWallet(context, wallet), { asks: true });
  const passphrase = await askNewPassphrase(context, file);
  await during(context.output, 'Sealing the wallet anew', () =>
    person.changePassphrase(passphrase),
  );
  context.output.result({ name }, () => `The wallet ${name} opens with the new passphrase alone.`);
}

async function recover(context: CommandContext, name: string, flags: RecoverFlags): Promise<void> {
  const { output, signal } = context;
  const home = homeFolder(context.flags.home);
  const { deviceName, copy: serial } = flags;
  const at = await codeAt(context, flags);
  const passphrase = await askPassphrase(context, { isNew: true });
  const store = fileWalletStore(home, name, context.surroundings);
  const damaged = await setAsideDamaged(home, name, { store, passphrase });
  if (damaged !== undefined) output.note(`The damaged wallet was moved to ${damaged}.`);
  const person = await during(output, 'Fetching the copy', () =>
    Person.recover(
      { store, passphrase, ...at, serial, deviceName, signal },
      contextOptions(context),
    ),
  );
  keepHomeCards(home, name, person);
  const accounts = person.accounts.filter((it) => it.enrolled);
  await during(output, 'Catching up', async (progress) => {
    for (const account of accounts) {
      await person.sync(work(context, account, progress));
    }
  });
  output.result(
    {
      name,
      fullName: person.name,
      accounts: accounts.map((it) => factsOf(context, it)),
      ...(damaged !== undefined && { damaged }),
    },
    () =>
      [
        `The wallet of ${named(person.name)} is here again, as ${name}.`,
        ...(person.unreadableParts === 0
          ? []
          : [
              `${amount(person.unreadableParts, 'part')} of this copy are not kept: letters and lists of files.`,
            ]),
        'If another may have what was in the device of before: salus person rotate --code-file FILE',
      ].join('\n'),
  );
}
