import {
  isCoded,
  ordinaryClasses,
  parseAccountId,
  parseConsentId,
  parsePurpose,
  parseRecordClass,
  parseRecordId,
  type RecordClass,
  type RecordLine,
} from '@salus/salus/sdk/browser';
import { AppError, type Call } from '../call.ts';
import { type GrantView, grantViews } from '../grant-view.ts';
import type { PersonView } from '../people.ts';
import { type LineView, lineViews } from '../record-view.ts';
import type { Session } from '../session.ts';
import { type AskView, askOf } from './asking.ts';
import { type CardView, cardView } from './code.ts';

/** Somebody to share with. */
export interface SharePerson extends CardView {
  /** What they may read already; undefined: nothing. */
  readonly live: GrantView | undefined;
}

/** What the sentence of a share begins with. */
export interface ShareStart {
  /** Whom to propose first: those who may read nothing now, the last one shared with before others. */
  readonly people: readonly SharePerson[];
  /** All ordinary kinds with how many entries there are of each. */
  readonly kinds: readonly { readonly recordClass: string; readonly count: number }[];
  readonly privateCount: number;
  /** The entries that somebody came from, or that the share of before opens. */
  readonly entries: readonly LineView[];
  /** The share whose terms it begins with. */
  readonly old: GrantView | undefined;
  /** The question that it answers. */
  readonly asked: AskView | undefined;
}

/** `item`: the handle of an entry; `share`: of a share to change or to give again; `ask`: of who asked for one. */
export interface ShareFrom {
  readonly item?: string | undefined;
  readonly share?: string | undefined;
  readonly ask?: string | undefined;
}

const start: Call<ShareFrom, ShareStart> = async (session, from, { signal }) => {
  const { person, as } = session;
  const options = { ...as, signal };
  const asked = from.ask === undefined ? undefined : await askOf(session, from.ask, signal);
  const [listed, lines] = await Promise.all([person.grants(options), ownLines(session, signal)]);
  const grants = await grantViews(session, listed);
  const old = grants.find((it) => it.handle === from.share);
  if (from.share !== undefined && old === undefined) throw new AppError('HANDLE_UNKNOWN');
  const shown = await lineViews(session.handles, lines);
  const oldTerms = listed.find((it) => it.consent === old?.consent)?.terms;
  const wanted = new Set<string>(oldTerms?.recordIds ?? []);
  const entries = shown.filter(
    (it, at) => it.handle === from.item || wanted.has(lines[at]?.recordId ?? ''),
  );
  if (from.item !== undefined && entries.length === 0) throw new AppError('HANDLE_UNKNOWN');
  return {
    people: await sharePeople(session, listed, grants),
    kinds: ordinaryClasses.map((recordClass) => ({
      recordClass,
      count: shown.filter((it) => it.recordClass === recordClass).length,
    })),
    privateCount: shown.filter((it) => it.recordClass === 'private').length,
    entries,
    old,
    asked,
  };
};

async function ownLines(
  { person, as }: Session,
  signal: AbortSignal,
): Promise<readonly RecordLine[]> {
  const lines = await person.recordLines({ ...as, signal });
  return lines.filter((it) => it.state === 'live' && !it.isOlder);
}

async function sharePeople(
  session: Session,
  listed: readonly {
    readonly terms: { readonly grantee: string };
    readonly grantedHeight: number;
  }[],
  grants: readonly GrantView[],
): Promise<readonly SharePerson[]> {
  const lastOf = new Map<string, number>();
  for (const { terms, grantedHeight } of listed) {
    lastOf.set(terms.grantee, Math.max(lastOf.get(terms.grantee) ?? 0, grantedHeight));
  }
  for (const { card } of session.person.cards) {
    if (!lastOf.has(card.account)) lastOf.set(card.account, 0);
  }
  const views = await Promise.all([...lastOf.keys()].map((it) => sharePerson(session, it, grants)));
  return views
    .filter((it) => !it.person.isMe && it.person.name !== undefined)
    .toSorted(
      (a, b) =>
        Number(a.live !== undefined) - Number(b.live !== undefined) ||
        (lastOf.get(b.person.account) ?? 0) - (lastOf.get(a.person.account) ?? 0),
    );
}

async function sharePerson(
  session: Session,
  account: string,
  grants: readonly GrantView[],
): Promise<SharePerson> {
  const live = grants.find((it) => it.person.account === account && it.state === 'live');
  return { ...(await cardView(session, account)), live };
}

/** For choosing single ones. */
const entries: Call<void, readonly LineView[]> = async (session, _input, { signal }) => {
  const shown = await lineViews(session.handles, await ownLines(session, signal));
  return shown.toSorted((a, b) => (dateOf(a) < dateOf(b) ? 1 : -1));
};

const dateOf = (it: LineView): string =>
  it.clinicalDate === '' ? new Date(it.writtenMs).toISOString() : it.clinicalDate;

/** A share as somebody said it. */
export interface ShareTerms {
  readonly account: string;
  /** Kinds to read; with `entries` they follow from those. */
  readonly readClasses: readonly string[];
  /** Handles; none: all of the kinds. */
  readonly entries: readonly string[];
  readonly writeClasses: readonly string[];
  readonly purposes: readonly string[];
  readonly untilMs: number;
  /** The handle of the share in whose place it stands; that one ends after this one has begun. */
  readonly inPlaceOf?: string | undefined;
}

/** A share that holds. */
export interface GivenShare {
  readonly consent: string;
  readonly person: PersonView;
  readonly untilMs: number;
  /** The one of before could not be ended yet: that is kept, and goes by itself. */
  readonly oldIsEnding: boolean;
}

const give: Call<ShareTerms, GivenShare> = async (session, terms, { signal }) => {
  const { person, as, handles } = session;
  const options = { ...as, signal };
  const grantee = parseAccountId(terms.account);
  const recordIds = terms.entries.map((it) => parseRecordId(handles.idOf(it)));
  const old = await oldGrant(session, terms.inPlaceOf, signal);
  const given = await person.grant(
    {
      grantee,
      recordIds,
      readClasses:
        recordIds.length === 0
          ? terms.readClasses.map(parseRecordClass)
          : await classesOf(session, recordIds, signal),
      writeClasses: terms.writeClasses.map(parseRecordClass),
      purposes: terms.purposes.map(parsePurpose),
      fromMs: old?.terms.fromMs ?? 0,
      notBeforeMs: old?.state === 'not yet' ? old.notBeforeMs : undefined,
      notAfterMs: terms.untilMs,
    },
    options,
  );
  const oldIsEnding = old !== undefined && !(await ended(session, old.consent, signal));
  const { person: who } = await cardView(session, grantee);
  return { consent: given.consent, person: who, untilMs: terms.untilMs, oldIsEnding };
};

async function oldGrant(session: Session, handle: string | undefined, signal: AbortSignal) {
  if (handle === undefined) return undefined;
  const consent = parseConsentId(session.handles.idOf(handle));
  const listed = await session.person.grants({ ...session.as, signal });
  return listed.find((it) => it.consent === consent);
}

/** What was given stands, whatever becomes of the old one: what cannot be sent now is written down to be. */
async function ended(session: Session, consent: string, signal: AbortSignal): Promise<boolean> {
  try {
    await session.person.revoke(parseConsentId(consent), { ...session.as, signal });
    return true;
  } catch (error) {
    if (!isCoded(error)) throw error;
    return isCoded(error, 'CONSENT_ENDED');
  }
}

async function classesOf(
  session: Session,
  recordIds: readonly string[],
  signal: AbortSignal,
): Promise<readonly RecordClass[]> {
  const wanted = new Set(recordIds);
  const lines = await session.person.recordLines({ ...session.as, signal });
  const found = lines.filter((it) => wanted.has(it.recordId));
  return [...new Set(found.flatMap((it) => it.recordClass ?? []))];
}

export const shareCalls = { 'share.start': start, 'share.entries': entries, 'share.give': give };
