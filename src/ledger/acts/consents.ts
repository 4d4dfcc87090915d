import type { RefusalCode } from '../refusals.ts';
import type { Consent } from '../tables/consents.ts';

/** Ten years, leap days included. */
export const maxConsentMs = 3_653 * 86_400_000;

/**
 * Whether a grant is in force at this block time: undefined, or why not.
 * Live is notBeforeMs <= block time < notAfterMs, and not revoked. Source: docs/protocol/consent.md, C-3.
 */
export function whyNotLive(consent: Consent, timeMs: number): RefusalCode | undefined {
  if (consent.revokedHeight !== 0 || consent.notAfterMs <= timeMs) return 'CONSENT_ENDED';
  return consent.notBeforeMs <= timeMs ? undefined : 'CONSENT_NOT_LIVE';
}
