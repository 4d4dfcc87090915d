import { CodedError, isCoded } from '../primitives/errors.ts';
import type { AccountId, ConsentId, RecordId } from '../primitives/ids.ts';
import {
  type AsAccount,
  coveringGrants,
  type Person,
  type ReadOptions,
  type ReceivedGrant,
  type RecordLine,
  type SharedLines,
  type SharedListing,
  type SharedRead,
  type WalletAccount,
} from '../sdk/index.ts';
import { type Acting, work } from './acting.ts';
import { Choosing } from './choosing.ts';
import type { CommandContext } from './commands/command.ts';
import { accountOrUndefined, pickId } from './finding.ts';
import { short, when } from './format.ts';
import type { Choice } from './refusal.ts';

/** A grant that this person holds, and the account it was given to. */
interface Held {
  readonly grant: ReceivedGrant;
  readonly account: WalletAccount;
}

/** The grant that fits best, and all live ones of the same patient that fit, the widest first. */
interface FoundGrant extends Held {
  readonly grants: readonly ReceivedGrant[];
}

/** Every grant that this person holds, over all accounts, with new letters. Throws PERSON_NOT_ENROLLED. */
async function heldGrants(context: CommandContext, acting: Acting): Promise<readonly Held[]> {
  if (acting.accounts.length === 0) throw new CodedError('PERSON_NOT_ENROLLED');
  const held: Held[] = [];
  for (const account of acting.accounts) {
    const grants = await acting.person.inbox(work(context, account));
    for (const grant of grants) held.push({ grant, account });
  }
  return held;
}

/**
 * What a patient granted: by the grant's id or the beginning of it, by the patient's name or account, or the only
 * patient whose grants fit. Of several live grants of one patient the widest that fits. Also one that has ended, when it
 * is asked for: the refusal then is the ledger's. Throws NOT_SHARED (with patients whose names are alike), AMBIGUOUS.
 */
export async function findReceived(
  context: CommandContext,
  acting: Acting,
  wanted: { readonly who?: string | undefined; readonly fits: (grant: ReceivedGrant) => boolean },
): Promise<FoundGrant> {
  const { who, fits } = wanted;
  const held = await heldGrants(context, acting);
  if (who !== undefined) {
    const ids = held.map((it) => it.grant.consent);
    const consent = /^[0-9a-f]+$/.test(who) ? pickId(ids, who) : undefined;
    const byId = held.find((it) => it.grant.consent === consent);
    if (byId !== undefined) return { ...byId, grants: [byId.grant] };
  }
  const named = who === undefined ? held : ofPatient(acting, held, who);
  const live = named.filter(({ grant }) => grant.state === 'live' && fits(grant)).sort(wider);
  const [best] = live;
  if (best !== undefined) {
    const patients = new Set(live.map(({ grant }) => grant.patient));
    if (patients.size > 1) throw new Choosing('AMBIGUOUS', patientChoices(live));
    const grants = live.filter((it) => it.account === best.account).map((it) => it.grant);
    return { ...best, grants };
  }
  const ended = who === undefined ? undefined : named.findLast(({ grant }) => fits(grant));
  if (ended !== undefined) return { ...ended, grants: [ended.grant] };
  throw new Choosing('NOT_SHARED', patientChoices(who === undefined ? [] : alike(held, who)));
}

/** Every live grant of the same patient to the same account, this one first. */
export async function grantsOfPatient(
  context: CommandContext,
  { person, accounts }: Acting,
  grant: ReceivedGrant,
): Promise<readonly ReceivedGrant[]> {
  for (const account of accounts) {
    const received = await person.received(work(context, account));
    if (!received.some((it) => it.consent === grant.consent)) continue;
    const others = received.filter(
      (it) => it.patient === grant.patient && it.state === 'live' && it.consent !== grant.consent,
    );
    return [grant, ...others];
  }
  return [grant];
}

/** By account, by the name of a wallet or a card, or by the name on the letter, whichever letter case. */
function ofPatient(acting: Acting, held: readonly Held[], who: string): readonly Held[] {
  const account = accountOrUndefined(acting, who);
  return held.filter(
    ({ grant }) =>
      grant.patient === account ||
      grant.patient === who ||
      grant.patientName.toLowerCase() === who.toLowerCase(),
  );
}

function alike(held: readonly Held[], who: string): readonly Held[] {
  const word = who.toLowerCase();
  return held.filter(
    ({ grant }) => grant.state === 'live' && grant.patientName.toLowerCase().includes(word),
  );
}

function wider({ grant: a }: Held, { grant: b }: Held): number {
  return (
    Number(a.terms.recordIds.length > 0) - Number(b.terms.recordIds.length > 0) ||
    b.terms.readClasses.length - a.terms.readClasses.length ||
    a.terms.fromMs - b.terms.fromMs ||
    b.notAfterMs - a.notAfterMs
  );
}

/** A row for each patient. */
function patientChoices(held: readonly Held[]): readonly Choice[] {
  const byPatient = new Map<AccountId, Held[]>();
  for (const it of held) {
    byPatient.set(it.grant.patient, [...(byPatient.get(it.grant.patient) ?? []), it]);
  }
  return [...byPatient].slice(0, 20).map(([patient, grants]) => ({
    patient: grants[0]?.grant.patientName || short(patient),
    account: patient,
    grants: String(grants.length),
    until: when(Math.max(...grants.map(({ grant }) => grant.notAfterMs))),
  }));
}

/** Whether a record is opened by a grant. */
export function covers(
  { terms }: ReceivedGrant,
  row: Pick<RecordLine, 'recordClass' | 'recordId' | 'timeMs'>,
): boolean {
  return (
    row.recordClass !== undefined &&
    terms.readClasses.includes(row.recordClass) &&
    (terms.recordIds.length === 0 || terms.recordIds.includes(row.recordId)) &&
    row.timeMs >= terms.fromMs
  );
}

type Asked = AsAccount & ReadOptions;

/** Those for the purpose that was said, where there are some: else the refusal is the hospital's. */
function asked(grants: readonly ReceivedGrant[], { purpose }: Asked): readonly ConsentId[] {
  const fitting = grants.filter(
    ({ terms }) => purpose === undefined || terms.purposes.includes(purpose),
  );
  return coveringGrants(fitting.length > 0 ? fitting : grants).map((it) => it.consent);
}

/** Says when it ended, where the refusal is that it has. */
async function toldEnd<T>(grants: readonly ReceivedGrant[], work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const endedMs = grants.find((it) => it.endedMs !== undefined)?.endedMs;
    if (!isCoded(error, 'CONSENT_ENDED') || endedMs === undefined) throw error;
    throw new CodedError(error.code, { ...error.details, endedMs }, error);
  }
}

/** Asks under each of the grants that are needed, one after the other. Throws NOT_SHARED: there is none. */
function underEach<T>(
  grants: readonly ReceivedGrant[],
  options: Asked,
  ask: (consent: ConsentId) => Promise<T>,
): Promise<readonly [T, ...T[]]> {
  return toldEnd(grants, async () => {
    const [first, ...others] = asked(grants, options);
    if (first === undefined) throw new CodedError('NOT_SHARED');
    const all: [T, ...T[]] = [await ask(first)];
    for (const consent of others) all.push(await ask(consent));
    return all;
  });
}

/** What several answers hold, each record once. */
function once<Answer, Item>(
  all: readonly Answer[],
  itemsOf: (answer: Answer) => readonly Item[],
  idOf: (item: Item) => RecordId,
): readonly Item[] {
  const found = new Map<RecordId, Item>();
  for (const it of all.flatMap(itemsOf)) if (!found.has(idOf(it))) found.set(idOf(it), it);
  return [...found.values()];
}

const idOf = ({ recordId }: { readonly recordId: RecordId }): RecordId => recordId;

/** What there is under all of these grants, each record once. Throws as `Person.listShared`. */
export async function listUnder(
  person: Person,
  grants: readonly ReceivedGrant[],
  options: Asked,
): Promise<SharedListing> {
  const all = await underEach(grants, options, (consent) => person.listShared(consent, options));
  const rows = once(
    all,
    (it) => it.rows,
    ({ row }) => idOf(row),
  );
  const erased = once(all, (it) => it.erased, idOf);
  return { ...all[0], rows, erased, accesses: all.flatMap((it) => it.accesses) };
}

/** The same in one line each, without a body. Throws as `Person.sharedLines`. */
export async function linesUnder(
  person: Person,
  grants: readonly ReceivedGrant[],
  options: Asked,
): Promise<SharedLines> {
  const all = await underEach(grants, options, (consent) => person.sharedLines(consent, options));
  const lines = once(all, (it) => it.lines, idOf);
  return { ...all[0], lines, accesses: all.flatMap((it) => it.accesses) };
}

/** The same, opened: what was asked for by id is asked for until it came. Throws as `Person.readShared`. */
export async function readUnder(
  person: Person,
  grants: readonly ReceivedGrant[],
  options: Asked,
): Promise<SharedRead> {
  const came = new Set<RecordId>();
  const all = await underEach(grants, options, async (consent) => {
    const recordIds = options.recordIds?.filter((it) => !came.has(it));
    if (came.size > 0 && recordIds?.length === 0) return undefined;
    const read = await person.readShared(consent, { ...options, recordIds });
    for (const it of [...read.records.map(({ head }) => head), ...read.erased]) {
      came.add(it.recordId);
    }
    return read;
  });
  const [first] = all;
  if (first === undefined) throw new CodedError('NOT_SHARED');
  const read = all.flatMap((it) => it ?? []);
  const records = once(
    read,
    (it) => it.records,
    ({ head }) => head.recordId,
  );
  const erased = once(read, (it) => it.erased, idOf);
  const missing = once(read, (it) => it.missing, idOf).filter((it) => !came.has(it.recordId));
  return { ...first, records, erased, missing, accesses: read.flatMap((it) => it.accesses) };
}
