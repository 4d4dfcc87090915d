import { parseConsentId } from '@salus/salus/sdk/browser';
import type { Call } from '../call.ts';
import { type GrantView, grantViews } from '../grant-view.ts';

/** What was given, live first, those that end first before others. */
const grants: Call<void, readonly GrantView[]> = async (session, _input, { signal }) => {
  const listed = await session.person.grants({ ...session.as, signal });
  const order = { live: 0, 'not yet': 1, unconfirmed: 2, ended: 3 } as const;
  return (await grantViews(session, listed)).toSorted(
    (a, b) => order[a.state] - order[b.state] || a.untilMs - b.untilMs,
  );
};

/** Takes a share back. What cannot be sent now is kept, and goes by itself. */
const stop: Call<{ readonly consent: string }, void> = async (session, { consent }, { signal }) => {
  await session.person.revoke(parseConsentId(consent), { ...session.as, signal });
};

export const sharingCalls = { 'sharing.grants': grants, 'sharing.stop': stop };
