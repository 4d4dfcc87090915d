import { CodedError, isCoded } from '../primitives/errors.ts';
import type { AccountId } from '../primitives/ids.ts';
import type { ContextOptions, Person, WalletAccount } from '../sdk/index.ts';
import { Person as SdkPerson } from '../sdk/index.ts';
import { nodeOpeners } from '../sdk/node/openers.ts';
import { localHospitals } from '../server/desk.ts';
import { rootOfSession } from './agent.ts';
import { askPassphrase } from './asking.ts';
import { Choosing } from './choosing.ts';
import type { CommandContext } from './commands/command.ts';
import { fileWalletStore, homeFolder, itemStore, walletNames } from './home.ts';
import { type Progress, unlessInterrupted } from './output.ts';

/** The person a command works for, with the wallet open. */
export interface Acting {
  readonly home: string;
  /** The wallet's name, as `--as` gives it. */
  readonly name: string;
  readonly person: Person;
  /** The accounts that the command is about: all of them, or the one that `--as NAME@HOSPITAL` names. */
  readonly accounts: readonly WalletAccount[];
}

/** Of this process, however many wallets it opens. */
const openers = nodeOpeners();

/** Where the hospitals of this machine answer now: ports change, wallets remember the first one. */
export function contextOptions({ flags, surroundings }: CommandContext): ContextOptions {
  const home = homeFolder(flags.home);
  const local = localHospitals(home);
  return {
    ...(surroundings.now !== undefined && { now: surroundings.now }),
    openers,
    gatewayUrlOf: ({ organisation, gatewayUrl }) =>
      flags.gateway ?? local.find((it) => it.account === organisation)?.url ?? gatewayUrl,
  };
}

/** Which wallet: `--as`, else the only one of this home. Throws AMBIGUOUS, WALLET_UNKNOWN. */
export function walletName(context: CommandContext): { name: string; hospital?: string } {
  const { flags } = context;
  if (flags.as !== undefined) {
    const [name = '', hospital] = flags.as.split('@', 2);
    return { name, ...(hospital !== undefined && { hospital }) };
  }
  const names = walletNames(homeFolder(flags.home));
  const [only, another] = names;
  if (only === undefined) throw new CodedError('WALLET_UNKNOWN');
  if (another !== undefined) {
    throw new Choosing(
      'AMBIGUOUS',
      names.map((wallet) => ({ wallet, say: `--as ${wallet}` })),
    );
  }
  return { name: only };
}

/**
 * Opens the wallet, by an unlocked session where one runs and nothing asks for the passphrase (`asks`), and takes back
 * what could not be taken back before, unless the command does that itself or stops something that must not wait for it.
 * Throws WALLET_UNKNOWN, PASSPHRASE_MISSING, PASSPHRASE_WRONG, PERSON_NOT_ENROLLED.
 */
export async function openActing(
  context: CommandContext,
  { takeBack = true, asks = false }: { readonly takeBack?: boolean; readonly asks?: boolean } = {},
): Promise<Acting> {
  const { name, hospital } = walletName(context);
  const home = homeFolder(context.flags.home);
  const store = fileWalletStore(home, name, context.surroundings);
  if ((await store.load()) === undefined) throw new CodedError('WALLET_UNKNOWN');
  const options = { ...contextOptions(context), items: itemStore(home, name) };
  const person =
    (asks ? undefined : await openBySession(context, home, name, options)) ??
    (await SdkPerson.open({ store, passphrase: await askPassphrase(context) }, options));
  if (person.unreadableParts > 0) {
    context.output.note(
      `${person.unreadableParts} parts of this wallet cannot be read here. They are kept, and taking back works. The printed code brings back what was in them: salus person recover`,
    );
  }
  if (takeBack && person.isTakingBack) await finishTakingBack(context, person);
  const closed = person.closedAccounts;
  const all = person.accounts.filter((it) => it.enrolled);
  const open = all.filter((it) => !closed.has(it.account));
  // Who names a hospital, or has closed all accounts, means what there was.
  const enrolled = hospital !== undefined || open.length === 0 ? all : open;
  const accounts = hospital === undefined ? enrolled : accountsAt(home, enrolled, hospital);
  return { home, name, person, accounts };
}

/** Undefined: none runs, the passphrase was said, or the wallet has another root by now. */
async function openBySession(
  context: CommandContext,
  home: string,
  name: string,
  options: ContextOptions,
): Promise<Person | undefined> {
  const { passphraseFd, passphraseFile } = context.flags;
  if (passphraseFd !== undefined || passphraseFile !== undefined) return undefined;
  const root = await rootOfSession(home, name);
  if (root === undefined) return undefined;
  const store = fileWalletStore(home, name, context.surroundings);
  try {
    return await SdkPerson.openByRoot({ store, root }, options);
  } catch (error) {
    if (isCoded(error, 'WALLET_INVALID')) return undefined;
    throw error;
  }
}

/** So long the copy is waited for where a listing only wants to be sure. */
const copyMs = 10_000;

/**
 * Learns first what this person's other devices did: no listing is of this device alone. What cannot be learned is told;
 * the ledger is asked all the same. `tells`: a patient is told that others wrote into her chart.
 */
export async function caughtUp(
  context: CommandContext,
  acting: Acting,
  { tells = true }: { readonly tells?: boolean } = {},
): Promise<void> {
  const signal = AbortSignal.any([context.signal, AbortSignal.timeout(copyMs)]);
  let written = 0;
  for (const { account, role } of acting.accounts) {
    try {
      await acting.person.catchUp({ as: account, signal });
      if (tells && role === 'patient') {
        written += (await acting.person.newInChart({ as: account, signal })).length;
      }
    } catch (error) {
      if (context.signal.aborted || !isCoded(error)) throw error;
      const why = isCoded(error, 'DEVICE_ENDED')
        ? error.sentence
        : 'What other devices of yours did could not be learned just now.';
      context.output.note(`${why} (${error.code})`);
    }
  }
  if (written > 0) {
    context.output.note(`New in your chart, written by others: ${written} (salus inbox).`);
  }
}

/** Says whether it could be done; that it could not is no reason to stop the command. */
export async function finishTakingBack(context: CommandContext, person: Person): Promise<void> {
  await person.takeBack({ signal: context.signal }).catch(unlessInterrupted);
  context.output.note(
    person.isTakingBack
      ? 'A grant that you took back has not ended yet: no hospital could be reached. It is tried again.'
      : 'A grant that you took back before has ended now.',
  );
}

function accountsAt(
  home: string,
  accounts: readonly WalletAccount[],
  hospital: string,
): readonly WalletAccount[] {
  const here = localHospitals(home);
  const local = here.find((it) => it.name === hospital);
  const found = accounts.filter(
    (it) =>
      it.organisation === local?.account ||
      it.organisationName === hospital ||
      (hospital.length >= 8 && it.organisation.startsWith(hospital)),
  );
  if (found.length === 0) {
    throw new CodedError(here.length === 0 ? 'SALUS_NOT_RUNNING' : 'PERSON_NOT_ENROLLED');
  }
  return found;
}

/**
 * The one account that acts; with `hospital` the one there, also a closed one. Throws PERSON_NOT_ENROLLED, SALUS_NOT_RUNNING,
 * AMBIGUOUS when several could.
 */
export function actingAccount(acting: Acting, hospital?: string): WalletAccount {
  const { home, name, person } = acting;
  const enrolled = person.accounts.filter((it) => it.enrolled);
  const accounts = hospital === undefined ? acting.accounts : accountsAt(home, enrolled, hospital);
  const [only, another] = accounts;
  if (only === undefined) throw new CodedError('PERSON_NOT_ENROLLED');
  if (another !== undefined) {
    const choices = accounts.map(({ organisationName, role }) => ({
      account: organisationName,
      role,
      say: `--as "${name}@${organisationName}"`,
    }));
    throw new Choosing('AMBIGUOUS', choices);
  }
  return only;
}

/** What every call of the SDK is given. */
export function work(
  context: CommandContext,
  account: Pick<WalletAccount, 'account'>,
  progress?: Progress,
): {
  readonly as: AccountId;
  readonly signal: AbortSignal;
  readonly onProgress: (at: { phase: string; done: number; total: number }) => void;
} {
  return {
    as: account.account,
    signal: context.signal,
    onProgress: ({ phase, done, total }) =>
      progress?.update(total > 0 ? `${phase} ${done} of ${total}` : `${phase} ${done}`),
  };
}

/** `salus person show NAME` is `salus person show --as NAME`. */
export function withWallet(context: CommandContext, wallet: string | undefined): CommandContext {
  if (wallet === undefined) return context;
  return { ...context, flags: { ...context.flags, as: wallet } };
}

/** An account as commands print it. */
export function factsOf(context: CommandContext, it: WalletAccount): Record<string, unknown> {
  const { account, role, organisation, organisationName, enrolled, chainId } = it;
  const local = localHospitals(homeFolder(context.flags.home));
  const hospital = local.find(({ account: id }) => id === organisation)?.name;
  return {
    account,
    role,
    ...(hospital !== undefined && { hospital }),
    organisation,
    organisationName,
    enrolled,
    chainId,
  };
}
