import { type AccountId, isCoded, parseAccountId, parseConsentId } from '@salus/salus/sdk/browser';
import type { Call } from '../call.ts';
import { type GrantView, grantViews } from '../grant-view.ts';
import { type PersonView, peopleOf } from '../people.ts';
import { reach } from '../reach.ts';
import { asLastSeen, isUnreachable } from '../seen.ts';
import type { Session } from '../session.ts';
import { sendWaiting } from '../waiting-work.ts';

/** A share of this person that another device gave and that this one knows nothing of but its times. */
export interface UnlistedView {
  readonly consent: string;
  readonly fromMs: number;
  readonly untilMs: number;
  readonly mayWrite: boolean;
  readonly looks: number;
}

/** Letters of somebody whom this wallet does not know. */
export interface WaitingLetterView {
  /** Undefined: they do not say. */
  readonly account: string | undefined;
  readonly person: PersonView | undefined;
  /** On a card that came along and holds; empty: none. */
  readonly name: string;
  readonly count: number;
  readonly lastMs: number;
}

/** Somebody else's record that this person may read. */
export interface ReceivedView {
  readonly consent: string;
  readonly name: string;
  readonly untilMs: number;
}

export interface SharingView {
  readonly grants: readonly GrantView[];
  readonly unlisted: readonly UnlistedView[];
  readonly letters: readonly WaitingLetterView[];
  readonly received: readonly ReceivedView[];
  readonly isTakingBack: boolean;
}

const order = { live: 0, 'not yet': 1, unconfirmed: 2, ended: 3 } as const;

/** What was given, live first, those that end first before others; of the ended the last one first. */
const inOrder = (grants: readonly GrantView[]): readonly GrantView[] =>
  grants.toSorted(
    (a, b) =>
      order[a.state] - order[b.state] ||
      (a.state === 'ended'
        ? (b.endedMs ?? b.untilMs) - (a.endedMs ?? a.untilMs)
        : a.untilMs - b.untilMs),
  );

const grants: Call<void, readonly GrantView[]> = async (session, _input, { signal }) =>
  inOrder(await grantViews(session, await session.person.grants({ ...session.as, signal })));

/** Everything about sharing: what the wallet gave, what the ledger has beside, and letters that wait. */
const overview: Call<void, SharingView> = async (session, _input, { signal }) => {
  const { person, as } = session;
  const options = { ...as, signal };
  await person.catchUp(options).catch(() => undefined);
  const [given, unlisted, received] = await Promise.all([
    person.grants(options),
    person.unlistedGrants(options),
    // Letters are told of beside the shares: an inbox that does not answer now hides none of them.
    person.inbox(options).catch(() => []),
  ]);
  return {
    grants: inOrder(await grantViews(session, given)),
    unlisted: unlisted.map(({ consent, notBeforeMs, notAfterMs, mayWrite, looks }) => ({
      ...{ consent, mayWrite, looks },
      fromMs: notBeforeMs,
      untilMs: notAfterMs,
    })),
    letters: await waitingLetters(session),
    received: received
      .filter((it) => it.state !== 'ended')
      .map((it) => ({ consent: it.consent, name: it.patientName, untilMs: it.notAfterMs })),
    isTakingBack: person.isTakingBack,
  };
};

const overviewNow = ({ person }: Session, seen: SharingView): SharingView => ({
  ...seen,
  isTakingBack: person.isTakingBack,
});

async function waitingLetters(session: Session): Promise<readonly WaitingLetterView[]> {
  const { waitingLetters: waiting } = session.person;
  const senders = new Set<AccountId | undefined>(waiting.map((it) => it.from));
  const personOf = await peopleOf(
    session,
    [...senders].flatMap((it) => it ?? []),
  );
  return [...senders].map((account) => {
    const theirs = waiting.filter((it) => it.from === account);
    return {
      account,
      person: account === undefined ? undefined : personOf(account),
      name: theirs.find((it) => it.name !== '')?.name ?? '',
      count: theirs.length,
      lastMs: Math.max(...theirs.map((it) => it.receivedMs)),
    };
  });
}

/** `waits`: it is written down, and goes by itself as soon as any hospital answers. */
export type Stopped = { readonly state: 'stopped' | 'waits' };

/** Takes a share back. What cannot be sent now is kept, and goes by itself. */
const stop: Call<{ readonly consent: string }, Stopped> = async (
  session,
  { consent },
  { signal },
) => {
  const { person, as } = session;
  try {
    // It is written down before anybody is asked: while nobody answers that is all that there is to do.
    const until = reach.isAway ? AbortSignal.abort() : signal;
    await person.revoke(parseConsentId(consent), { ...as, signal: until });
    return { state: 'stopped' };
  } catch (error) {
    const isUnsent = isUnreachable(error) || (reach.isAway && isCoded(error, 'INTERRUPTED'));
    if (!isUnsent || !person.isTakingBack) throw error;
    void sendWaiting(session);
    return { state: 'waits' };
  }
};

/** Takes the letters of somebody, who is known here from then on. */
const accept: Call<{ readonly account: string }, void> = async (session, input, { signal }) => {
  await session.person.acceptLetters(parseAccountId(input.account), { ...session.as, signal });
};

/** Removes them unread. */
const drop: Call<{ readonly account: string }, void> = async (session, input, { signal }) => {
  await session.person.dropLetters(parseAccountId(input.account), { ...session.as, signal });
};

export const sharingCalls = {
  'sharing.grants': asLastSeen('sharing.grants', grants),
  'sharing.overview': asLastSeen('sharing.overview', overview, overviewNow),
  'sharing.stop': stop,
  'sharing.accept': accept,
  'sharing.drop': drop,
};
