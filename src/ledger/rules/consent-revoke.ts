import type { ConsentRevoke } from '../acts.ts';
import { type ActContext, accept, type LedgerView, type Outcome, refuse } from './outcome.ts';

/**
 * A patient takes a grant back; from this block on nothing is served under it. One that expired a moment
 * ago may still be revoked: a wallet that revokes must not fail for a race with the clock.
 *
 * Refuses: CONSENT_UNKNOWN, CONSENT_ENDED (revoked before).
 * Writes: `consents[consent]`.
 * Source: docs/protocol/consent.md, rule C-5.
 */
export function consentRevoke(view: LedgerView, act: ConsentRevoke, context: ActContext): Outcome {
  const consent = view.get('consents', act.consent);
  // Somebody else's grant is answered as one that does not exist.
  if (consent === undefined || consent.account !== context.sender) return refuse('CONSENT_UNKNOWN');
  if (consent.revokedHeight !== 0) return refuse('CONSENT_ENDED');
  const row = { ...consent, revokedHeight: context.block.height };
  return accept([{ table: 'consents', id: act.consent, row }]);
}
