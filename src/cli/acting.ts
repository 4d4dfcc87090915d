import { CodedError, isCoded } from '../primitives/errors.ts';
import { type AccountId, parseAccountId, type RecordId } from '../primitives/ids.ts';
import type { ContextOptions, Person, ReceivedGrant, WalletAccount } from '../sdk/index.ts';
import { Person as SdkPerson } from '../sdk/index.ts';
import { localHospitals } from '../server/desk.ts';
import { askPassphrase } from './asking.ts';
import { homeCards } from './cards.ts';
import type { CommandContext } from './commands/command.ts';
import { fileWalletStore, homeFolder, walletNames } from './home.ts';
import type { Progress } from './output.ts';

/** The person a command works for, with the wallet open. */
export interface Acting {
  readonly home: string;
  /** The wallet's name, as `--as` gives it. */
  readonly name: string;
  readonly person: Person;
  /** The accounts that the command is about: all of them, or the one that `--as NAME@HOSPITAL` names. */
  readonly accounts: readonly WalletAccount[];
}

/** Where the hospitals of this machine answer now: ports change, wallets remember the first one. */
export function contextOptions({ flags }: CommandContext): ContextOptions {
  const home = homeFolder(flags.home);
  const local = localHospitals(home);
  return {
    gatewayUrlOf: ({ organisation, gatewayUrl }) =>
      flags.gateway ?? local.find((it) => it.account === organisation)?.url ?? gatewayUrl,
  };
}

/** Which wallet: `--as`, else the only one of this home. Throws USAGE, WALLET_UNKNOWN. */
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
    throw new CodedError('USAGE', { problem: `say --as: ${names.join(', ')}` });
  }
  return { name: only };
}

/**
 * Opens the wallet, and takes back what could not be taken back before, unless the command does that itself.
 * Throws WALLET_UNKNOWN, PASSPHRASE_MISSING, PASSPHRASE_WRONG, PERSON_NOT_ENROLLED. */
export async function openActing(
  context: CommandContext,
  { takeBack = true }: { readonly takeBack?: boolean } = {},
): Promise<Acting> {
  const { name, hospital } = walletName(context);
  const home = homeFolder(context.flags.home);
  const store = fileWalletStore(home, name, context.surroundings);
  if ((await store.load()) === undefined) throw new CodedError('WALLET_UNKNOWN');
  const passphrase = await askPassphrase(context);
  const person = await SdkPerson.open({ store, passphrase }, contextOptions(context));
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

/** Says whether it could be done; that it could not is no reason to stop the command. */
export async function finishTakingBack(context: CommandContext, person: Person): Promise<void> {
  await person.takeBack({ signal: context.signal }).catch((error: unknown) => {
    if (!isCoded(error) || isCoded(error, 'INTERRUPTED')) throw error;
  });
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
  const local = localHospitals(home).find((it) => it.name === hospital);
  const found = accounts.filter(
    (it) =>
      it.organisation === local?.account ||
      it.organisationName === hospital ||
      (hospital.length >= 8 && it.organisation.startsWith(hospital)),
  );
  if (found.length === 0) throw new CodedError('PERSON_NOT_ENROLLED');
  return found;
}

/** The one account that acts. Throws PERSON_NOT_ENROLLED, USAGE when several could. */
export function actingAccount({ accounts, name }: Acting): WalletAccount {
  const [only, another] = accounts;
  if (only === undefined) throw new CodedError('PERSON_NOT_ENROLLED');
  if (another !== undefined) {
    const choices = accounts.map((it) => `${name}@${it.organisationName}`).join(', ');
    throw new CodedError('USAGE', { problem: `say which account: --as ${choices}` });
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

/**
 * Somebody by nickname, name or account. Who has a wallet on this machine is known by its name: the public
 * card is proven and kept first. Throws PERSON_UNKNOWN, CARD_INVALID.
 */
export async function findPerson(
  context: CommandContext,
  acting: Acting,
  who: string,
): Promise<AccountId> {
  const { person, home } = acting;
  const local = homeCards(home).find((it) => it.name === who || it.card.name === who);
  try {
    return person.findPerson(who).account;
  } catch (error) {
    if (!isCoded(error, 'PERSON_UNKNOWN') || local === undefined) throw error;
    const options = work(context, actingAccount(acting));
    const card = await person.addCard(local.bytes, { ...options, nickname: local.name });
    return card.account;
  }
}

/** Of ids that are known, the one that the text is or begins. Undefined: none; throws USAGE: several. */
export function pickId<Id extends string>(ids: readonly Id[], text: string): Id | undefined {
  const found = [...new Set(ids)].filter(
    (it) => it === text || (text.length >= 6 && it.startsWith(text)),
  );
  if (found.length > 1) throw new CodedError('USAGE', { problem: `${text} begins several ids` });
  return found[0];
}

/**
 * A grant that this person holds: by its id or the beginning of it, by the patient's name or account, or
 * the only one that fits. Also one that has ended, when it is asked for: the refusal then is the ledger's.
 * Throws NOT_SHARED, USAGE.
 */
export async function findReceived(
  context: CommandContext,
  acting: Acting,
  wanted: { readonly who?: string | undefined; readonly fits: (grant: ReceivedGrant) => boolean },
): Promise<{ readonly grant: ReceivedGrant; readonly account: WalletAccount }> {
  const { who, fits } = wanted;
  const held: { grant: ReceivedGrant; account: WalletAccount }[] = [];
  for (const account of acting.accounts) {
    const grants = await acting.person.inbox(work(context, account));
    for (const grant of grants) held.push({ grant, account });
  }
  if (acting.accounts.length === 0) throw new CodedError('PERSON_NOT_ENROLLED');
  if (who !== undefined) {
    const consent = pickId(
      held.map((it) => it.grant.consent),
      who,
    );
    const byId = held.find((it) => it.grant.consent === consent);
    if (byId !== undefined) return byId;
  }
  const patient = who === undefined ? undefined : accountOrUndefined(acting, who);
  const named = held.filter(
    ({ grant }) =>
      who === undefined || grant.patient === patient || sameName(grant.patientName, who),
  );
  const live = named.filter(({ grant }) => grant.state === 'live' && fits(grant));
  const [only, another] = live;
  if (only !== undefined && another === undefined) return only;
  if (only !== undefined) {
    throw new CodedError('USAGE', {
      problem: `${live.length} grants fit; say --consent, one of: ${live.map((it) => it.grant.consent).join(', ')}`,
    });
  }
  const ended = who === undefined ? undefined : named.findLast(({ grant }) => fits(grant));
  if (ended !== undefined) return ended;
  throw new CodedError('NOT_SHARED');
}

function sameName(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

function accountOrUndefined({ person, home }: Acting, who: string): AccountId | undefined {
  const local = homeCards(home).find((it) => it.name === who);
  if (local !== undefined) return local.card.account;
  try {
    return person.findPerson(who).account;
  } catch (error) {
    if (isCoded(error, 'PERSON_UNKNOWN')) return undefined;
    throw error;
  }
}

/** A full record id, or the beginning of one that is in the chart. Throws RECORD_UNKNOWN. */
export async function findRecord(
  context: CommandContext,
  acting: Acting,
  text: string,
): Promise<{ readonly recordId: RecordId; readonly account: WalletAccount }> {
  if (acting.accounts.length === 0) throw new CodedError('PERSON_NOT_ENROLLED');
  for (const account of acting.accounts) {
    const listed = await acting.person.listRecords(work(context, account));
    const recordId = pickId(
      listed.map((it) => it.recordId),
      text,
    );
    if (recordId !== undefined) return { recordId, account };
  }
  throw new CodedError('RECORD_UNKNOWN');
}

/** Names for accounts, as far as this wallet, this home and the hospital's directory know them. */
export class NameBook {
  readonly #names = new Map<string, string>();
  readonly #acting: Acting;
  readonly #context: CommandContext;

  constructor(context: CommandContext, acting: Acting) {
    this.#acting = acting;
    this.#context = context;
    const { person, home } = acting;
    for (const { url: _, account, title } of localHospitals(home)) this.#names.set(account, title);
    for (const it of person.accounts) this.#names.set(it.organisation, it.organisationName);
    for (const { name, card } of homeCards(home)) this.#names.set(card.account, name);
    for (const { nickname, card } of person.cards) this.#names.set(card.account, nickname);
    for (const it of person.accounts) this.#names.set(it.account, person.name);
  }

  /** Undefined: nobody here knows them. */
  find(account: string): string | undefined {
    return this.#names.get(account);
  }

  nameOf(account: string): string {
    return this.find(account) ?? `${account.slice(0, 8)}…`;
  }

  /** Asks the hospital's directory for those that are not known; patients are not in it. */
  async learn(accounts: Iterable<string>): Promise<void> {
    const unknown = [...new Set(accounts)].filter((it) => this.find(it) === undefined);
    const [account] = this.#acting.accounts;
    if (account === undefined) return;
    for (const it of unknown) {
      try {
        const options = work(this.#context, account);
        const card = await this.#acting.person.findCard(parseAccountId(it), options);
        this.#names.set(it, card.name);
      } catch (error) {
        if (!isCoded(error) || isCoded(error, 'INTERRUPTED')) throw error;
      }
    }
  }
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
