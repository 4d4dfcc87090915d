import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Command } from 'commander';
import { CodedError } from '../../primitives/errors.ts';
import {
  closeAccount,
  type ExportFolder,
  exportAccount,
  type ListedGrant,
  type WalletAccount,
} from '../../sdk/index.ts';
import { type Acting, openActing, withWallet, work } from '../acting.ts';
import { saysYes } from '../asking.ts';
import { amount } from '../format.ts';
import { named } from '../harmless.ts';
import { during } from '../output.ts';
import { replacing, writeOut } from '../write-out.ts';
import type { CommandContext } from './command.ts';

/** A chart to another hospital, an account closed, everything taken along. */
export function addPersonLeave(person: Command, context: CommandContext): void {
  person
    .command('move [wallet]')
    .description(
      'your records to your account at another hospital, each with its author and anchor',
    )
    .requiredOption('--to <hospital>', 'where you are enrolled too')
    .option('--from <hospital>', 'where they are; not needed with two accounts')
    .option('--dry-run', 'say what would be moved, and move nothing')
    .option('--grants', 'give the grants that live at the old account anew, to the same people')
    .option('--yes', 'do not ask')
    .addHelpText('after', moveHelp)
    .action((name: string | undefined, flags: MoveFlags) => move(context, name, flags));
  person
    .command('close [wallet]')
    .description('close an account: grants taken back, records erased, its key revoked')
    .option('--account <hospital>', 'which one, of several')
    .option('--yes', 'do not ask')
    .addHelpText('after', closeHelp)
    .action((name: string | undefined, flags: CloseFlags) => close(context, name, flags));
  person
    .command('leave [wallet]')
    .description('everything of an account into a folder; checked; then the account is closed')
    .requiredOption('--out <folder>', 'new or empty')
    .option('--account <hospital>', 'which one, of several')
    .option('--yes', 'do not ask')
    .addHelpText('after', closeHelp)
    .action((name: string | undefined, flags: CloseFlags & { out: string }) =>
      leave(context, name, flags),
    );
}

const moveHelp = `
Nothing of the old account is changed or erased: close it with person close. Stopped, the same command goes on where
it was. The new hospital learns how many records there are, of which class and size, and no word of them.`;

const closeHelp = `
The ledger keeps for good: that there was such an account and its keys, that grants were given, used and ended, and
hashes of records; it never had a name or a word of a record. What readers copied stays with them. The hospital's
backups forget within 35 days. A sealed copy of the wallet stays at the hospital, and the printed code alone opens it.`;

interface MoveFlags {
  readonly to: string;
  readonly from?: string;
  readonly dryRun?: boolean;
  readonly grants?: boolean;
  readonly yes?: boolean;
}

interface CloseFlags {
  readonly account?: string;
  readonly yes?: boolean;
}

/** Asks at a terminal; where nobody sits `--yes` must be said. Throws INTERRUPTED, USAGE. */
async function requireYes(
  context: CommandContext,
  question: string,
  flags: { readonly yes?: boolean },
): Promise<void> {
  if (flags.yes === true) return;
  const answer = await saysYes(context, question);
  if (answer === undefined) throw new CodedError('USAGE', { problem: 'say --yes' });
  if (!answer) throw new CodedError('INTERRUPTED');
}

async function actingAt(
  context: CommandContext,
  wallet: string | undefined,
  hospital: string | undefined,
): Promise<{ readonly acting: Acting; readonly account: WalletAccount }> {
  const at = withWallet(context, wallet);
  const acting = await openActing(hospital === undefined ? at : await withHospital(at, hospital));
  const [account, another] = acting.accounts;
  if (account === undefined) throw new CodedError('PERSON_NOT_ENROLLED');
  if (another !== undefined) {
    const names = acting.accounts.map((it) => it.organisationName).join(', ');
    throw new CodedError('USAGE', { problem: `say which hospital: ${names}` });
  }
  return { acting, account };
}

/** `--account HOSPITAL` is `--as NAME@HOSPITAL`. */
async function withHospital(context: CommandContext, hospital: string): Promise<CommandContext> {
  const { name } = await openActing(context);
  return { ...context, flags: { ...context.flags, as: `${name}@${hospital}` } };
}

async function move(
  context: CommandContext,
  wallet: string | undefined,
  flags: MoveFlags,
): Promise<void> {
  const at = withWallet(context, wallet);
  const { acting, account: to } = await actingAt(at, undefined, flags.to);
  const { person } = acting;
  const others = (await openActing(at)).accounts.filter((it) => it.account !== to.account);
  const from =
    flags.from === undefined && others.length === 1
      ? others[0]
      : (await actingAt(at, undefined, flags.from)).account;
  if (from === undefined) throw new CodedError('PERSON_NOT_ENROLLED');
  const options = work(context, from);
  const would = await person.moveRecords({ ...options, to: to.account, dryRun: true });
  const live = (await person.grants(options)).filter((it) => it.state !== 'ended');
  const proposed = live.map((it) => commandOf(acting, it, to));
  const places = { from: from.account, to: to.account };
  const whither = `from ${named(from.organisationName)} to ${named(to.organisationName)}`;
  if (flags.dryRun === true) {
    const { moved: toMove, before } = would;
    context.output.result({ ...places, dryRun: true, toMove, before, grants: proposed }, () =>
      [`${amount(toMove, 'record')} would move ${whither}; ${before} are there.`, ...proposed].join(
        '\n',
      ),
    );
    return;
  }
  await requireYes(context, `Move ${amount(would.moved, 'record')} ${whither}?`, flags);
  const moved = await during(context.output, 'Moving', (progress) =>
    person.moveRecords({ ...work(context, from, progress), to: to.account }),
  );
  const given = flags.grants === true ? await grantAnew(context, acting, { from, to }) : [];
  const left = flags.grants === true ? [] : proposed;
  context.output.result({ ...places, ...moved, grants: left, granted: given }, () =>
    [
      `${amount(moved.moved, 'record')} moved ${whither}; ${moved.before} were there before.`,
      ...moved.left.map((it) => `  stays: ${it.recordId} (${it.code})`),
      ...(left.length > 0
        ? ['Grants that live at the old account; to give them anew:', ...left]
        : []),
      ...(given.length > 0 ? [`${amount(given.length, 'grant')} given anew.`] : []),
      'The old account has everything still: salus person close --account HOSPITAL',
    ].join('\n'),
  );
}

/** What to type for the same grant at the new account. */
function commandOf({ name }: Acting, grant: ListedGrant, to: WalletAccount): string {
  const { terms, granteeName, notAfterMs } = grant;
  const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
  return [
    `salus grant ${quoted(named(granteeName))} --as ${quoted(`${name}@${to.organisationName}`)}`,
    ...terms.readClasses.map((it) => `--class ${it}`),
    ...terms.writeClasses.map((it) => `--write-class ${it}`),
    ...terms.purposes.map((it) => `--purpose ${it}`),
    `--until ${new Date(notAfterMs).toISOString()}`,
  ].join(' ');
}

/** Single records of a grant have other ids there, so such a grant is given by hand. */
async function grantAnew(
  context: CommandContext,
  { person }: Acting,
  { from, to }: { readonly from: WalletAccount; readonly to: WalletAccount },
): Promise<readonly string[]> {
  const there = await person.grants(work(context, to));
  const live = (await person.grants(work(context, from))).filter(
    (it) => it.state !== 'ended' && it.terms.recordIds.length === 0,
  );
  const grantees = new Map(person.givenGrants.map((it) => [it.consent, it.grantee]));
  const isSame = (a: ListedGrant, b: ListedGrant): boolean =>
    b.state !== 'ended' &&
    grantees.get(a.consent) === grantees.get(b.consent) &&
    a.notAfterMs === b.notAfterMs;
  const given: string[] = [];
  for (const it of live.filter((old) => !there.some((now) => isSame(old, now)))) {
    const { readClasses, writeClasses, purposes } = it.terms;
    const grantee = grantees.get(it.consent);
    if (grantee === undefined) continue;
    const { notAfterMs } = it;
    const terms = { grantee, readClasses, writeClasses, purposes, notAfterMs };
    given.push((await person.grant(terms, work(context, to))).consent);
  }
  return given;
}

async function close(
  context: CommandContext,
  wallet: string | undefined,
  flags: CloseFlags,
): Promise<void> {
  const { acting, account } = await actingAt(withWallet(context, wallet), undefined, flags.account);
  await requireYes(context, closeQuestion(account), flags);
  await closeAt(context, acting, account, {});
}

const closeQuestion = ({ organisationName }: WalletAccount): string =>
  `Close your account at ${named(organisationName)}? Every record there is erased for good.`;

async function closeAt(
  context: CommandContext,
  { person }: Acting,
  account: WalletAccount,
  facts: Record<string, unknown>,
): Promise<void> {
  const closed = await during(context.output, 'Closing', (progress) =>
    person.run(closeAccount, undefined, work(context, account, progress)),
  );
  const { organisationName } = account;
  context.output.result({ account: account.account, ...facts, ...closed }, () =>
    [
      `The account at ${named(organisationName)} is closed: ${amount(closed.revoked, 'grant')} taken back, ${amount(closed.erased, 'record')} erased.`,
      closeHelp.trim(),
    ].join('\n'),
  );
}

async function leave(
  context: CommandContext,
  wallet: string | undefined,
  flags: CloseFlags & { readonly out: string },
): Promise<void> {
  const { acting, account } = await actingAt(withWallet(context, wallet), undefined, flags.account);
  await requireYes(context, closeQuestion(account), flags);
  const exported = await during(context.output, 'Taking everything along', (progress) =>
    acting.person.run(exportAccount, folderAt(flags.out), work(context, account, progress)),
  );
  const { files } = exported;
  context.output.note(`${amount(files, 'file')} written, read back and checked: ${flags.out}`);
  await closeAt(context, acting, account, { out: resolve(flags.out), exported });
}

/** A file of another content is not replaced, so what an earlier try wrote may lie there. */
function folderAt(out: string): ExportFolder {
  return {
    async write(name, bytes) {
      const path = join(out, name);
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
      const volatile = name === 'manifest.json' || name.startsWith('grants-and-looks-');
      if (!volatile && existsSync(path) && !readFileSync(path).equals(bytes)) {
        throw new CodedError('FILE_UNREADABLE', {
          path,
          problem: 'another file of this name lies there',
        });
      }
      await writeOut(path, bytes, replacing);
    },
    async read(name) {
      return new Uint8Array(readFileSync(join(out, name)));
    },
  };
}
