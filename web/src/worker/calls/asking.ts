import {
  type AccountId,
  isCoded,
  type OrdinaryClass,
  ordinaryClasses,
  parseAccountId,
  type WaitingAsk,
} from '@salus/salus/sdk/browser';
import { AppError, type Call } from '../call.ts';
import { grantsOf, patientOf } from '../patients.ts';
import { initialsOf, type PersonView } from '../people.ts';
import type { Session } from '../session.ts';
import { hospitalOf } from '../site.ts';

/** What somebody asks of this person: to share, who one is, or the answer to the latter. */
export interface AskView {
  /** Of the asker, on this device. */
  readonly handle: string;
  readonly person: PersonView;
  readonly kind: 'access' | 'who' | 'introduction';
  /** Of access; none: everything but what is restricted. */
  readonly readClasses: readonly string[];
  /** Of access. */
  readonly purpose: string;
  /** Of access; else 0. */
  readonly days: number;
  readonly askedMs: number;
}

/** Questions that wait for an answer. A hospital that does not answer now shows those of before. */
const list: Call<void, readonly AskView[]> = async (session, _input, { signal }) => {
  await session.person.inbox({ ...session.as, signal }).catch((error: unknown) => {
    if (!isCoded(error) || error.kind !== 'unavailable') throw error;
  });
  return Promise.all(session.person.asks.map((it) => askView(session, it)));
};

async function askView({ handles }: Session, ask: WaitingAsk): Promise<AskView> {
  const { from, name, role, organisation, question, receivedMs } = ask;
  const hospital = (await hospitalOf(organisation).catch(() => undefined))?.title;
  return {
    handle: await handles.of(from),
    person: { account: from, name, initials: initialsOf(name), role, hospital, isMe: false },
    kind: question.kind,
    readClasses: question.kind === 'access' ? question.readClasses : [],
    purpose: question.kind === 'access' ? question.purpose : '',
    days: question.kind === 'access' ? question.days : 0,
    askedMs: receivedMs,
  };
}

/** Who asked, by the handle of a path. Throws HANDLE_UNKNOWN: nobody of it asks anything now. */
export async function askOf(
  session: Session,
  handle: string,
  signal: AbortSignal,
): Promise<AskView> {
  const asks = async () => Promise.all(session.person.asks.map(async (it) => askView(session, it)));
  const known = (await asks()).find((it) => it.handle === handle);
  if (known !== undefined) return known;
  await session.person.inbox({ ...session.as, signal });
  const found = (await asks()).find((it) => it.handle === handle);
  if (found === undefined) throw new AppError('HANDLE_UNKNOWN');
  return found;
}

/** How long is asked for: what a share begins with, too. */
const askedDays = 7;

/** What was asked for. */
export interface AskedAccess {
  /** None: everything. */
  readonly readClasses: readonly string[];
  readonly days: number;
}

/** Asks a patient to be let in: for what was shared before, else for everything. */
const access: Call<{ readonly patient: string }, AskedAccess> = async (session, input, work) => {
  const { signal } = work;
  const patient = await patientOf(session, input.patient, signal);
  const before = await grantsOf(session, patient, signal);
  const had = new Set<string>(before.flatMap((it) => it.terms.readClasses));
  const wished: readonly OrdinaryClass[] = ordinaryClasses.filter((it) => had.has(it));
  const readClasses = wished.length === ordinaryClasses.length ? [] : wished;
  await session.person.ask(
    patient,
    { kind: 'access', readClasses, purpose: 'TREAT', days: askedDays },
    { ...session.as, signal },
  );
  return { readClasses, days: askedDays };
};

/** Asks somebody who looked, and whom no card names, who he is. */
const who: Call<{ readonly account: string }, void> = async (session, { account }, { signal }) => {
  await session.person.ask(parseAccountId(account), { kind: 'who' }, { ...session.as, signal });
};

interface Asker {
  readonly asker: string;
}

/** Answers who this person is: by the card. */
const introduce: Call<Asker, void> = async (session, { asker }, { signal }) => {
  const options = { ...session.as, signal };
  const to = session.handles.idOf(asker) as AccountId;
  await session.person.ask(to, { kind: 'introduction' }, options);
  await session.person.dropAsks(to, options);
};

/** Keeps the card of who asks: he is known here from then on. An answer has then done what it came for. */
const keep: Call<Asker, void> = async (session, { asker }, { signal }) => {
  const options = { ...session.as, signal };
  const from = session.handles.idOf(asker);
  const ask = session.person.asks.find((it) => it.from === from);
  if (ask === undefined) throw new AppError('HANDLE_UNKNOWN');
  await session.person.addCard(ask.card, options);
  if (ask.question.kind === 'introduction') await session.person.dropAsks(ask.from, options);
};

/** Not now: he is not told. */
const drop: Call<Asker, void> = async (session, { asker }, { signal }) => {
  const from = session.handles.idOf(asker) as AccountId;
  await session.person.dropAsks(from, { ...session.as, signal });
};

export const askingCalls = {
  'asking.list': list,
  'asking.access': access,
  'asking.who': who,
  'asking.introduce': introduce,
  'asking.keep': keep,
  'asking.drop': drop,
};
