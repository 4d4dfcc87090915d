import { harmlessText, isCoded, type Noticed, spokenName } from '@salus/salus/sdk/browser';
import { AppError, type Call } from '../call.ts';
import { type GrantView, grantViews } from '../grant-view.ts';
import { type PersonView, peopleOf } from '../people.ts';
import { bufferOf, type ProofView, proofOf, type SavedFile } from '../proof-view.ts';
import { asLastSeen } from '../seen.ts';
import type { Session } from '../session.ts';
import { hospitalOf } from '../site.ts';

/** How many entries of one kind were handed out. */
export interface KindCount {
  /** `gone`: erased since, or not in the listing any more. */
  readonly recordClass: string;
  readonly count: number;
}

interface Told {
  /** Of this account's inbox. */
  readonly inboxId: number;
  readonly ms: number;
  /** Its place in the ledger is known: there is a receipt. */
  readonly isProven: boolean;
}

/** One thing that was done or tried with this person's record. */
export type LookView =
  | (Told & {
      readonly kind: 'look';
      readonly person: PersonView;
      readonly servedBy: string | undefined;
      readonly purpose: string;
      readonly share: GrantView | undefined;
      readonly kinds: readonly KindCount[];
      readonly count: number;
      /** Each name once, at most three: more have none, and the kinds say it. */
      readonly names: readonly string[];
    })
  | (Told & {
      readonly kind: 'refused';
      readonly person: PersonView;
      readonly share: GrantView | undefined;
      /** Empty: counted beyond those that were told one by one. */
      readonly code: string;
      readonly count: number;
      readonly firstMs: number;
    })
  | (Told & { readonly kind: 'erased'; readonly hospital: string | undefined });

export interface LookedView {
  /** The newest first. */
  readonly looks: readonly LookView[];
  /** Codes of notices that do not hold: told, never believed. */
  readonly doubtful: readonly string[];
  /** By the ledger's count, over the shares that this wallet knows. */
  readonly counted: number;
  readonly listed: number;
  /** Shares of which the ledger counts more than is listed. */
  readonly withheld: readonly {
    readonly share: GrantView | undefined;
    readonly counted: number;
    readonly seen: number;
  }[];
}

/** Names and kinds of this person's records, by id. */
interface RecordBook {
  readonly entries: ReadonlyMap<string, { readonly name: string; readonly recordClass: string }>;
  /** Lists of the parts of a file: nobody's entry. */
  readonly bookkeeping: ReadonlySet<string>;
}

const most = 3;

const looked: Call<void, LookedView> = async (session, _input, { signal, onProgress }) => {
  const { person, as } = session;
  const options = { ...as, signal };
  await person.catchUp(options).catch(() => undefined);
  const [found, listed, book] = await Promise.all([
    person.looked({ ...options, onProgress }),
    person.grants(options),
    recordBook(session, signal),
  ]);
  const shares = new Map(
    (await grantViews(session, listed)).map((it): [string, GrantView] => [it.consent, it]),
  );
  const personOf = await peopleOf(
    session,
    found.notices.flatMap((it) => ('reader' in it ? it.reader : [])),
  );
  const looks: LookView[] = [];
  const doubtful: string[] = [];
  const seen = new Set<string>();
  for (const it of found.notices) {
    if (it.kind === 'doubtful') doubtful.push(it.code);
    else looks.push(await lookView(it, { personOf, shares, book }));
    if (it.kind === 'look' && shares.has(it.consent)) seen.add(it.entryHash);
  }
  return {
    looks: looks.toSorted((a, b) => b.ms - a.ms || b.inboxId - a.inboxId),
    doubtful,
    counted: listed.reduce((sum, it) => sum + it.looks, 0),
    listed: seen.size,
    withheld: found.withheld.map(({ consent, ...counts }) => ({
      share: shares.get(consent),
      ...counts,
    })),
  };
};

interface Known {
  readonly personOf: (account: string) => PersonView;
  readonly shares: ReadonlyMap<string, GrantView>;
  readonly book: RecordBook;
}

async function lookView(
  notice: Exclude<Noticed, { readonly kind: 'doubtful' }>,
  { personOf, shares, book }: Known,
): Promise<LookView> {
  const { inboxId } = notice;
  const isProven = notice.txId !== undefined;
  switch (notice.kind) {
    case 'look': {
      const served = await hospitalOf(notice.servedBy).catch(() => undefined);
      return {
        ...{ kind: 'look', inboxId, isProven, ms: notice.servedMs, purpose: notice.purpose },
        person: personOf(notice.reader),
        servedBy: served?.title,
        share: shares.get(notice.consent),
        ...whatOf(notice.recordIds, book),
      };
    }
    case 'refusal':
      return {
        ...{ kind: 'refused', inboxId, isProven, ms: notice.refusedMs, code: notice.code },
        ...{ count: 1, firstMs: notice.refusedMs },
        person: personOf(notice.reader),
        share: shares.get(notice.consent),
      };
    case 'refusals':
      return {
        ...{ kind: 'refused', inboxId, isProven, ms: notice.lastMs, code: '' },
        ...{ count: notice.count, firstMs: notice.firstMs },
        person: personOf(notice.reader),
        share: shares.get(notice.consent),
      };
    case 'erased': {
      const holder = await hospitalOf(notice.holder).catch(() => undefined);
      return { kind: 'erased', inboxId, isProven, ms: notice.erasedMs, hospital: holder?.title };
    }
  }
}

function whatOf(recordIds: readonly string[], { entries, bookkeeping }: RecordBook) {
  const ids = recordIds.filter((it) => !bookkeeping.has(it));
  const counts = new Map<string, number>();
  const names = new Set<string>();
  for (const id of ids) {
    const entry = entries.get(id);
    const recordClass = entry?.recordClass ?? 'gone';
    counts.set(recordClass, (counts.get(recordClass) ?? 0) + 1);
    if (entry !== undefined && entry.name !== '') names.add(entry.name);
  }
  const kinds = [...counts]
    .map(([recordClass, count]) => ({ recordClass, count }))
    .toSorted((a, b) => b.count - a.count);
  return { kinds, count: ids.length, names: names.size > most ? [] : [...names] };
}

async function recordBook({ person, as }: Session, signal: AbortSignal): Promise<RecordBook> {
  const lines = await person.recordLines({ ...as, signal });
  const entries = new Map(
    lines
      .filter((it) => it.state === 'live')
      .map((it) => [
        it.recordId as string,
        {
          name: it.headline === undefined ? '' : harmlessText(spokenName(it.headline)),
          recordClass: it.recordClass ?? 'other',
        },
      ]),
  );
  return { entries, bookkeeping: new Set(person.imports.map((it) => it.skeleton)) };
}

/** An entry that was handed out. */
export interface HandedOut {
  /** Undefined: erased since, or not in the listing any more. */
  readonly handle: string | undefined;
  readonly name: string;
  readonly recordClass: string;
}

/** What one look handed out, by name. */
const records: Call<{ readonly inboxId: number }, readonly HandedOut[]> = async (
  session,
  { inboxId },
  { signal },
) => {
  const notice = await noticeOf(session, inboxId, signal);
  if (notice.kind !== 'look') return [];
  const { entries, bookkeeping } = await recordBook(session, signal);
  const ids = notice.recordIds.filter((it) => !bookkeeping.has(it));
  const handles = await Promise.all(ids.map((it) => session.handles.of(it)));
  return ids.map((id, at) => {
    const entry = entries.get(id);
    const { name, recordClass } = entry ?? { name: '', recordClass: 'gone' };
    return { handle: entry === undefined ? undefined : handles[at], name, recordClass };
  });
};

async function noticeOf({ person, as }: Session, inboxId: number, signal: AbortSignal) {
  const { notices } = await person.looked({ ...as, signal });
  const notice = notices.find((it) => it.inboxId === inboxId);
  if (notice === undefined) throw new AppError('HANDLE_UNKNOWN');
  return notice;
}

/** The receipt of one look or refusal, checked here, with names for who is given it. */
const proof: Call<
  { readonly inboxId: number },
  { readonly proof: ProofView; readonly file: SavedFile }
> = async (session, { inboxId }, { signal }) => {
  const { person, as } = session;
  const options = { ...as, signal };
  const notice = await noticeOf(session, inboxId, signal);
  const receipt = await person.receiptOfNotice(notice, options);
  const bundle = await person.bundleOf(receipt, options).catch((error: unknown) => {
    // Without names it proves as much.
    if (isCoded(error, 'INTERRUPTED')) throw error;
    return receipt;
  });
  const file = { fileName: `${notice.kind}-${inboxId}.receipt`, bytes: bufferOf(bundle) };
  return { proof: await proofOf(session, bundle), file };
};

export const lookedCalls = {
  looked: asLastSeen('looked', looked),
  'looked.records': records,
  'looked.proof': proof,
};
