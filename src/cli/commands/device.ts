import { hostname } from 'node:os';
import type { Command } from 'commander';
import { renderUnicodeCompact } from 'uqr';
import { CodedError } from '../../primitives/errors.ts';
import { type DeviceStep, Person } from '../../sdk/index.ts';
import { actingAccount, contextOptions, openActing, withWallet, work } from '../acting.ts';
import { askLine, askPassphrase, confirmed, readCodeFile } from '../asking.ts';
import { keepHomeCards } from '../cards.ts';
import { amount, table, when } from '../format.ts';
import { named } from '../harmless.ts';
import { fileWalletStore, homeFolder } from '../home.ts';
import { during } from '../output.ts';
import type { AddCommand, CommandContext } from './command.ts';

/** The devices of a person: what opens what is written from now on. */
export const addDevice: AddCommand = (program, context) => {
  const device = program.command('device').description('the devices of a person: see, add, remove');
  addListing(device, context);
  device
    .command('add [wallet]')
    .description('add a device that has nothing yet: it shows six digits, which are typed here')
    .addHelpText('after', addHelp)
    .action((wallet: string | undefined) => add(context, wallet));
  device
    .command('join <wallet> <link>')
    .description('the other side: this device, by the link that the other one shows')
    .option('--device-name <name>', 'what this device is to be called', hostname())
    .addHelpText('after', addHelp)
    .action((wallet: string, link: string, flags: { deviceName: string }) =>
      join(context, wallet, link, flags.deviceName),
    );
};

const addHelp = `
On the device that you have: salus device add. On the new one: salus device join WALLET LINK. The new one shows six
digits; type them on the old one. Say yes on the new one only when the old one says that it is done. It takes two
minutes at most, and nothing of the link is secret. With --json, or without a terminal, digits and answers are lines
of standard input.`;

function addListing(device: Command, context: CommandContext): void {
  device
    .command('list [wallet]')
    .description('this person’s devices, and when wrong digits were entered')
    .action((wallet: string | undefined) => list(context, wallet));
  device
    .command('remove [wallet]')
    .description('new keys: every device but this one is shut out, several at once are one change')
    .option('--code-file <file>', 'holds the printed code (- asks for it): more than once a day')
    .option('--yes', 'without being asked')
    .action((wallet: string | undefined, flags: RemoveFlags) => remove(context, wallet, flags));
}

async function list(context: CommandContext, wallet: string | undefined): Promise<void> {
  const { person } = await openActing(withWallet(context, wallet));
  const { devices, wrongEntriesMs } = await person.devices();
  context.output.result({ devices, wrongEntriesMs, count: devices.length }, () =>
    [
      table([
        ['device', 'added', 'last seen', ''],
        ...devices.map(({ name, addedMs, seenMs, isThis }) => [
          name,
          when(addedMs),
          when(seenMs).slice(0, 10),
          isThis ? 'this one' : '',
        ]),
      ]),
      ...wrongEntriesMs.map((ms) => `Wrong digits were entered at ${when(ms)}.`),
    ].join('\n'),
  );
}

async function add(context: CommandContext, wallet: string | undefined): Promise<void> {
  const acting = await openActing(withWallet(context, wallet), { asks: true });
  const [account] = acting.accounts;
  if (account === undefined) throw new CodedError('PERSON_NOT_ENROLLED');
  const { output } = context;
  const added = await acting.person.addDevice({
    ...work(context, account),
    onStep: (step) => output.note(stepsHere[step]),
    onLink: (link) => {
      output.line({ event: 'link', link }, () => [renderUnicodeCompact(link), link, ''].join('\n'));
    },
    askDigits: ({ name, triesLeft }) =>
      askLine(context, `The digits that ${named(name)} shows (${amount(triesLeft, 'try')})`),
  });
  output.result({ ...added }, () =>
    [
      `Done: ${named(added.name)} is a device of yours now. Say yes there.`,
      'If you did not see these digits on a device of yours: salus device remove',
    ].join('\n'),
  );
}

const stepsHere: Readonly<Record<DeviceStep, string>> = {
  opening: 'Opening a line for two minutes',
  waiting: 'Show the new device this link, or type it there: salus device join WALLET LINK',
  comparing: 'The new device shows six digits now',
  'handing-over': 'Handing over',
};

const stepsThere: Readonly<Record<DeviceStep, string>> = {
  opening: 'Looking for the other device',
  waiting: 'The other device answers',
  comparing: 'Type the digits on the other device',
  'handing-over': 'The wallet has come',
};

async function join(
  context: CommandContext,
  name: string,
  link: string,
  deviceName: string,
): Promise<void> {
  const { output, signal } = context;
  const home = homeFolder(context.flags.home);
  const store = fileWalletStore(home, name, context.surroundings);
  if ((await store.load()) !== undefined) throw new CodedError('WALLET_EXISTS');
  const passphrase = await askPassphrase(context, { isNew: true });
  const person = await Person.join(
    {
      ...{ store, passphrase, link, deviceName, signal },
      onStep: (step) => output.note(stepsThere[step]),
      showDigits: (digits) => {
        output.line({ event: 'digits', digits }, () => `\n  ${digits.replace(/^.../, '$& ')}\n`);
      },
      isDoneThere: () => isDoneThere(context),
    },
    contextOptions(context),
  );
  keepHomeCards(home, name, person);
  await during(output, 'Fetching the rest', async (progress) => {
    for (const account of person.accounts) await person.sync(work(context, account, progress));
  });
  output.result(
    { name, fullName: person.name, accounts: person.accounts.length },
    () => `The wallet of ${named(person.name)} is on this device too, as ${name}.`,
  );
}

async function isDoneThere(context: CommandContext): Promise<boolean> {
  const answer = await askLine(context, 'Does the other device say that it is done? (yes or no)');
  return /^y(es)?$/i.test(answer);
}

interface RemoveFlags {
  readonly codeFile?: string;
  readonly yes?: boolean;
}

async function remove(
  context: CommandContext,
  wallet: string | undefined,
  flags: RemoveFlags,
): Promise<void> {
  const acting = await openActing(withWallet(context, wallet), { asks: true });
  const code = await readCodeFile(context, flags.codeFile, 'The printed recovery code');
  const { devices } = await acting.person.devices();
  const others = devices.filter((it) => !it.isThis).map((it) => named(it.name));
  if (flags.yes !== true) {
    const them = others.length === 0 ? 'No other device is listed.' : `Out: ${others.join(', ')}.`;
    await confirmed(context, `New keys at every hospital. ${them} Go on?`);
  }
  if (acting.accounts.length === 0) actingAccount(acting);
  const rotated = [];
  for (const account of acting.accounts) {
    const { txId, height } = await during(context.output, 'Making new keys', (progress) =>
      acting.person.rotate({ ...work(context, account, progress), code }),
    );
    rotated.push({ account: account.account, txId, height });
  }
  keepHomeCards(acting.home, acting.name, acting.person);
  context.output.result({ removed: others.length, accounts: rotated }, () =>
    [
      'This device alone opens what is written from now on.',
      'One that you keep comes back by salus device add here and salus device join there.',
      'What others had copied until now they still have; a program that reads this device reads on.',
    ].join('\n'),
  );
}
