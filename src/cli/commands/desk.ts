import type { Command } from 'commander';
import { CodedError } from '../../primitives/errors.ts';
import {
  displayName,
  formatInvitationLink,
  parseAccountId,
  RegistrationDesk,
  type Role,
  roles,
  trustWords,
} from '../../sdk/index.ts';
import { localHospitals } from '../../server/desk.ts';
import { localDesk } from '../../server/registration-desk.ts';
import { confirmed } from '../asking.ts';
import { readSmallText } from '../files.ts';
import { amount, table, when } from '../format.ts';
import { named } from '../harmless.ts';
import { homeFolder } from '../home.ts';
import { during } from '../output.ts';
import { type Sheet, sheetPage } from '../sheet.ts';
import { refuseTaken, writeOut } from '../write-out.ts';
import type { AddCommand, CommandContext } from './command.ts';

interface DeskFlags {
  readonly hospital?: string;
  readonly tokenFile?: string;
}

interface SheetFlags extends DeskFlags {
  readonly sheet?: string;
  readonly address?: string;
}

interface InviteFlags extends SheetFlags {
  readonly role: string;
  readonly name: string;
  readonly licence?: string;
}

/** The registration desk of a hospital: who has its token says whom the hospital signs for. */
export const addDesk: AddCommand = (program, context) => {
  const desk = program
    .command('desk')
    .description("a hospital's registration desk: invitations, accounts, freezing");
  const add = (command: string, description: string): Command =>
    desk
      .command(command)
      .description(description)
      .option('--hospital <name>', 'a hospital of this machine: its desk token lies in the home')
      .option('--token-file <file>', 'of a hospital elsewhere, with --gateway: its desk token')
      .addHelpText('after', help);
  withSheet(
    add('invite', 'a one-time code for somebody who stands before the desk')
      .requiredOption('--role <role>', `one of ${invitedRoles.join(', ')}`)
      .requiredOption('--name <full name>', 'as the hospital will sign it')
      .option('--licence <number>', 'of a clinician, as the desk has seen it'),
  ).action((flags: InviteFlags) => invite(context, flags));
  add('list', 'invitations that wait; newest first')
    .option('--all', 'also those that were used, ended or ran out')
    .action((flags: DeskFlags & { all?: boolean }) => list(context, flags));
  add('cancel <invitation>', 'its code ends').action((id: string, flags: DeskFlags) =>
    cancel(context, id, flags),
  );
  withSheet(
    add('reissue <invitation>', 'another code for a sheet that was lost; the old code ends'),
  ).action((id: string, flags: SheetFlags) => reissue(context, id, flags));
  add(
    'lookup <who>',
    "accounts of this hospital: by account, number of an invitation, or a colleague's name",
  ).action((who: string, flags: DeskFlags) => lookUp(context, who, flags));
  add('open', 'a link that opens this desk in a browser: it serves once, for ten minutes')
    .option('--address <url>', 'where the app answers; default: where this desk found it')
    .action((flags: SheetFlags) => open(context, flags));
  add('close', 'end every desk that is open in a browser').action((flags: DeskFlags) =>
    close(context, flags),
  );
  add('freeze <account>', 'an account whose device was stolen; its printed code brings it back')
    .option('--yes', 'without being asked')
    .action((account: string, flags: DeskFlags & { yes?: boolean }) =>
      freeze(context, account, flags),
    );
};

const help = `
Examples:
  salus desk invite --hospital north --role clinician --name "Dr Abena Osei" --licence H-1042 --sheet osei.html
  salus desk list --hospital north
  salus desk lookup "Dr Abena Osei" --gateway https://north.example --token-file desk.token`;

const invitedRoles = roles.filter((it) => it !== 'organisation');

function withSheet(command: Command): Command {
  return command
    .option('--sheet <file>', 'write a page to print: address, code, words and QR code')
    .option('--address <url>', 'as it stands on the sheet; default: where this desk found it');
}

/** Throws USAGE, FILE_UNREADABLE. */
function deskOf(context: CommandContext, { hospital, tokenFile }: DeskFlags): RegistrationDesk {
  const { flags, signal } = context;
  if (tokenFile !== undefined && flags.gateway !== undefined) {
    return new RegistrationDesk(flags.gateway, readSmallText(tokenFile).trim(), signal);
  }
  if (hospital === undefined) {
    throw new CodedError('MISSING', { problem: 'say --hospital, or --gateway and --token-file' });
  }
  return localDesk(homeFolder(flags.home), hospital, signal);
}

async function invite(context: CommandContext, flags: InviteFlags): Promise<void> {
  const role = invitedRoles.find((it) => it === flags.role);
  if (role === undefined) {
    throw new CodedError('USAGE', { role: flags.role, expected: invitedRoles.join(', ') });
  }
  const name = displayName(flags.name);
  const licence = flags.licence === undefined ? '' : displayName(flags.licence, 'licence');
  const desk = deskOf(context, flags);
  // The code is shown once: better not made than not written down.
  if (flags.sheet !== undefined) await refuseTaken(flags.sheet, context);
  const { sameName, ...issued } = await during(context.output, 'Inviting', () =>
    desk.invite({ role, name, licence }),
  );
  await handOver(context, desk, { ...issued, role, name, licence, sameName, flags });
}

async function reissue(context: CommandContext, id: string, flags: SheetFlags): Promise<void> {
  const desk = deskOf(context, flags);
  if (flags.sheet !== undefined) await refuseTaken(flags.sheet, context);
  const issued = await during(context.output, 'Reissuing', () => desk.reissue(id));
  await handOver(context, desk, { ...issued, flags });
}

interface HandedOver {
  readonly id: string;
  readonly invitation: string;
  readonly expiresMs: number;
  readonly role: Role;
  readonly name: string;
  readonly licence: string;
  readonly sameName?: readonly string[];
  readonly flags: SheetFlags;
}

/** Where others find this desk's hospital: as its server was told, else where this desk found it. */
function publicUrl({ flags }: CommandContext, { url }: RegistrationDesk): string {
  const here = localHospitals(homeFolder(flags.home)).find((it) => it.url === url);
  return here?.publicUrl ?? url;
}

/** What the person takes home: on paper, or read off this screen. */
async function handOver(
  context: CommandContext,
  desk: RegistrationDesk,
  given: HandedOver,
): Promise<void> {
  const { id, invitation: code, expiresMs, role, name, licence, sameName = [], flags } = given;
  const { name: hospital, genesisHash } = await desk.hospital();
  const words = trustWords(genesisHash);
  const address = flags.address ?? publicUrl(context, desk);
  const link = formatInvitationLink({ gatewayUrl: address, role, genesisHash, code });
  const sheet = { hospital, id, name, role, licence, address, code, expiresMs, words, link };
  const file =
    flags.sheet === undefined ? undefined : await writeOut(flags.sheet, sheetPage(sheet), context);
  const facts = { id, invitation: code, expiresMs, role, name, licence, sameName, address, link };
  context.output.result(
    { ...facts, trustWords: words, ...(file !== undefined && { sheet: file }) },
    () => [...sheetText(sheet), ...twinText(name, sameName), ...fileText(file)].join('\n'),
  );
}

function sheetText({ hospital, id, name, role, address, code, expiresMs, words }: Sheet): string[] {
  return [
    `Invitation ${id} of ${named(hospital)} for ${named(name)}, ${role}`,
    '',
    `  address        ${address}`,
    `  one-time code  ${code}`,
    `  valid until    ${when(expiresMs)}`,
    `  words          ${words.slice(0, 6).join(' ')}`,
    `                 ${words.slice(6).join(' ')}`,
  ];
}

function twinText(name: string, sameName: readonly string[]): string[] {
  if (sameName.length === 0) return [];
  return [
    '',
    `${amount(sameName.length, 'account')} of this role carries the name ${named(name)} already: is it another person?`,
    ...sameName.map((account) => `  ${account}`),
  ];
}

const fileText = (file: string | undefined): string[] =>
  file === undefined ? [] : ['', `The sheet is in ${file}: print it, hand it over, delete it.`];

async function list(
  context: CommandContext,
  flags: DeskFlags & { readonly all?: boolean },
): Promise<void> {
  const desk = deskOf(context, flags);
  const invitations = await during(context.output, 'Listing', () =>
    desk.invitations(flags.all === true),
  );
  context.output.result({ invitations, count: invitations.length }, () =>
    invitations.length === 0
      ? 'No invitation waits.'
      : table([
          ['invitation', 'state', 'until', 'role', 'name', 'account'],
          ...invitations.map((it) => [
            ...[it.id, it.state, when(it.expiresMs), it.role],
            ...[it.name ?? '', it.account ?? ''],
          ]),
        ]),
  );
}

async function cancel(context: CommandContext, id: string, flags: DeskFlags): Promise<void> {
  await deskOf(context, flags).cancel(id);
  context.output.result({ id }, () => `Invitation ${id} has ended: nobody enrols with its code.`);
}

async function lookUp(context: CommandContext, who: string, flags: DeskFlags): Promise<void> {
  const people = await deskOf(context, flags).lookUp(who.normalize('NFC'));
  context.output.result({ people, count: people.length }, () =>
    table([
      ['account', 'role', 'state', 'name', 'licence', 'invitation'],
      ...people.map((it) => [
        ...[it.account, it.role, it.frozen ? 'frozen' : 'in use'],
        ...[it.name ?? '', it.licence ?? '', it.invitation ?? ''],
      ]),
    ]),
  );
}

async function freeze(
  context: CommandContext,
  who: string,
  flags: DeskFlags & { readonly yes?: boolean },
): Promise<void> {
  const account = parseAccountId(who);
  const desk = deskOf(context, flags);
  if (flags.yes !== true) {
    await confirmed(context, `Freeze ${account}? Only its printed code brings it back.`);
  }
  const { txId, height } = await during(context.output, 'Freezing', () => desk.freeze(account));
  context.output.result(
    { account, txId, height },
    () => `Frozen since height ${height}. Its owner may still take grants back.`,
  );
}

async function open(context: CommandContext, flags: SheetFlags): Promise<void> {
  const desk = deskOf(context, flags);
  const { link, expiresMs } = await during(context.output, 'Asking', () => desk.link());
  const at = new URL(publicUrl(context, desk));
  // The gateway's path is the hospital's name; the app that answers at the address finds it by that.
  const name = at.pathname.split('/').findLast((it) => it !== '') ?? '';
  const address = (flags.address ?? at.origin).replace(/\/$/, '');
  const url = `${address}/desk#${name}/${link}`;
  context.output.result({ url, expiresMs }, () =>
    [url, `It serves once, until ${when(expiresMs)}; the desk is then open for twelve hours.`].join(
      '\n',
    ),
  );
}

async function close(context: CommandContext, flags: DeskFlags): Promise<void> {
  const desk = deskOf(context, flags);
  const ended = await during(context.output, 'Ending', () => desk.endSessions());
  context.output.result({ ended }, () => `${amount(ended, 'desk')} closed.`);
}
