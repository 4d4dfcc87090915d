import type { RefusalCode } from '../refusals.ts';
import { type Account, type EndedRange, maxEndedRanges } from '../tables/accounts.ts';
import type { Consent } from '../tables/consents.ts';

/** Ten years, leap days included. */
export const maxConsentMs = 3_653 * 86_400_000;

/** What the account's row says about all of its grants. */
export type GrantsEnded = Pick<Account, 'endedGrants'>;

/**
 * The height from which on a grant is taken back: by its own revocation, or by a rotation that ended all that was
 * granted since a height; 0: it is not. The one place that knows both. Source: docs/protocol/consent.md, C-3.
 */
export function revokedHeight(
  consent: Pick<Consent, 'revokedHeight' | 'grantedHeight'>,
  account: GrantsEnded | undefined,
): number {
  if (consent.revokedHeight !== 0) return consent.revokedHeight;
  const range = account?.endedGrants.find(
    ({ from, until }) => from <= consent.grantedHeight && consent.grantedHeight <= until,
  );
  return range?.until ?? 0;
}

/** The grant's row with what its account's row says about it: for everybody who does not write it back. */
export function asItCounts(consent: Consent, account: GrantsEnded | undefined): Consent {
  const height = revokedHeight(consent, account);
  return height === consent.revokedHeight ? consent : { ...consent, revokedHeight: height };
}

/** Taken back, or its end has come. */
export function isEnded(
  consent: Consent,
  account: GrantsEnded | undefined,
  timeMs: number,
): boolean {
  return revokedHeight(consent, account) !== 0 || consent.notAfterMs <= timeMs;
}

/**
 * Whether a grant is in force at this block time: undefined, or why not.
 * Live is notBeforeMs <= block time < notAfterMs, and not revoked. Source: docs/protocol/consent.md, C-3.
 */
export function whyNotLive(
  consent: Consent,
  account: GrantsEnded | undefined,
  timeMs: number,
): RefusalCode | undefined {
  if (isEnded(consent, account, timeMs)) return 'CONSENT_ENDED';
  return consent.notBeforeMs <= timeMs ? undefined : 'CONSENT_NOT_LIVE';
}

/**
 * The account without what it granted from a height on, this block's included; 0, or a height to come: as it
 * was. Ranges that meet are one; of more than 16 the two oldest become one.
 */
export function withEndedGrants(account: Account, from: number, height: number): Account {
  if (from === 0 || from > height) return account;
  const apart = account.endedGrants.filter((it) => it.until < from);
  const met = account.endedGrants.filter((it) => it.until >= from);
  const [first = from] = [from, ...met.map((it) => it.from)].sort((a, b) => a - b);
  const ranges = [...apart, { from: first, until: height }];
  return { ...account, endedGrants: atMost(ranges) };
}

function atMost(ranges: readonly EndedRange[]): readonly EndedRange[] {
  const [oldest, next, ...rest] = ranges;
  if (oldest === undefined || next === undefined || ranges.length <= maxEndedRanges) return ranges;
  return [{ from: oldest.from, until: next.until }, ...rest];
}
