import { vitalKinds } from '../../../parts/kinds.ts';
import type { AskView } from '../../../worker/calls/asking.ts';
import type {
  GivenShare,
  ShareFrom,
  SharePerson,
  ShareStart,
  ShareTerms,
} from '../../../worker/calls/share.ts';
import type { LineView } from '../../../worker/record-view.ts';

/** What somebody is about to share, as the sentence has it. */
export interface ShareDraft {
  readonly who: SharePerson | undefined;
  readonly scope: 'everything' | 'kinds' | 'entries';
  /** Ordinary kinds, while some are chosen. */
  readonly kinds: readonly string[];
  /** Also what is marked very private. */
  readonly withPrivate: boolean;
  readonly entries: readonly LineView[];
  readonly writes: readonly string[];
  readonly purposes: readonly string[];
  readonly untilMs: number;
}

/** A share that holds, and what was said when it was given. */
export interface DoneShare {
  readonly given: GivenShare;
  readonly draft: ShareDraft;
}

/** What of the sentence is chosen; each unfolds its choice. */
export type BlankName = 'who' | 'what' | 'why' | 'until';

/** What each choice is given. */
export interface ChoiceProps {
  readonly draft: ShareDraft;
  readonly start: ShareStart;
  readonly onChange: (change: Partial<ShareDraft>) => void;
}

/** 23:59 of a day of this device's calendar: shares of one day end together. */
export function endOfDay(from: Date, { days = 0, months = 0 } = {}): number {
  const day = new Date(from);
  day.setMonth(day.getMonth() + months);
  day.setDate(day.getDate() + days);
  day.setHours(23, 59, 0, 0);
  return day.getTime();
}

const weekDays = 7;

/** Valid at once: the first who may read nothing yet, everything, for treatment, for a week. */
export function firstDraft(start: ShareStart, from: ShareFrom): ShareDraft {
  const { old, people, entries } = start;
  const weekMs = endOfDay(new Date(), { days: weekDays });
  if (start.asked !== undefined) return askedDraft(start, start.asked);
  if (old === undefined) {
    return {
      who: people[0],
      scope: from.item === undefined ? 'everything' : 'entries',
      kinds: kindsThatAre(start.kinds),
      withPrivate: false,
      entries,
      writes: [],
      purposes: ['TREAT'],
      untilMs: weekMs,
    };
  }
  const ordinary = old.readClasses.filter((it) => it !== 'private');
  return {
    who: people.find((it) => it.person.account === old.person.account) ?? {
      ...{ person: old.person, licence: '', isAnotherOfTheName: false },
      live: old.state === 'live' ? old : undefined,
    },
    scope:
      old.onlyRecords > 0
        ? 'entries'
        : ordinary.length === start.kinds.length
          ? 'everything'
          : 'kinds',
    kinds: ordinary,
    withPrivate: old.readsPrivate,
    entries,
    writes: old.writeClasses,
    purposes: old.purposes,
    untilMs: old.state === 'ended' ? weekMs : old.untilMs,
  };
}

/** Of which there is something; vital signs of sensors and of files begin together. */
function kindsThatAre(kinds: ShareStart['kinds']): readonly string[] {
  const some = new Set(kinds.filter((it) => it.count > 0).map((it) => it.recordClass));
  const isVital = vitalKinds.some((it) => some.has(it));
  return kinds
    .map((it) => it.recordClass)
    .filter((it) => (vitalKinds.includes(it) ? isVital : some.has(it)));
}

/** What was asked for, and nothing more. */
function askedDraft({ people, kinds }: ShareStart, asked: AskView): ShareDraft {
  const { person, readClasses, purpose, days } = asked;
  return {
    who: people.find((it) => it.person.account === person.account) ?? {
      ...{ person, licence: '', isAnotherOfTheName: false, live: undefined },
    },
    scope: readClasses.length === 0 ? 'everything' : 'kinds',
    kinds: readClasses.length === 0 ? kinds.map((it) => it.recordClass) : readClasses,
    ...{ withPrivate: false, entries: [], writes: [], purposes: [purpose] },
    untilMs: endOfDay(new Date(), { days }),
  };
}

/** Why it cannot be shared yet; undefined: it can. */
export type DraftLack = 'who' | 'what' | 'past' | 'far';

const mostYears = 10;
const soonMs = 60_000;

export function lackOf(draft: ShareDraft, nowMs: number): DraftLack | undefined {
  if (draft.who === undefined) return 'who';
  if (draft.untilMs < nowMs + soonMs) return 'past';
  if (draft.untilMs > endOfDay(new Date(nowMs), { months: 12 * mostYears, days: -2 })) return 'far';
  if (draft.scope === 'entries' && draft.entries.length === 0) return 'what';
  const readsNothing = draft.scope === 'kinds' && draft.kinds.length === 0 && !draft.withPrivate;
  return readsNothing ? 'what' : undefined;
}

export function termsOf(draft: ShareDraft, start: ShareStart): ShareTerms {
  const all = start.kinds.map((it) => it.recordClass);
  const ordinary = draft.scope === 'everything' ? all : draft.kinds;
  const isLive = start.old !== undefined && start.old.state !== 'ended';
  return {
    account: draft.who?.person.account ?? '',
    readClasses:
      draft.scope === 'entries' ? [] : [...ordinary, ...(draft.withPrivate ? ['private'] : [])],
    entries: draft.scope === 'entries' ? draft.entries.map((it) => it.handle) : [],
    writeClasses: draft.writes,
    purposes: draft.purposes,
    untilMs: draft.untilMs,
    inPlaceOf: isLive ? start.old?.handle : undefined,
  };
}

/** Whom a share may let write what: a diagnosis is a clinician's to make. */
export const mayWriteOf = (role: string | undefined): readonly string[] =>
  role === 'clinician' ? ['note', 'diagnosis'] : ['note'];
