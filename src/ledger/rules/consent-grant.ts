import { isStrictKey } from '../../crypto/ed25519-strict.ts';
import type { ConsentGrant } from '../acts.ts';
import { freshWindow } from '../nonce-window.ts';
import { maxConsentMs } from './consents.ts';
import { type ActContext, accept, type LedgerView, type Outcome, refuse } from './outcome.ts';

const noLooks = new Uint8Array(32);

/**
 * A patient lets somebody read, or write, until a block time; who and what stay behind a salted hash.
 *
 * Refuses: CONSENT_ID_TAKEN, CONSENT_TIMES, NOT_AFTER_PASSED, NOT_AFTER_FAR, KEY_WEAK.
 * Writes: `consents[consent]`.
 * Source: docs/protocol/consent.md, rule C-2.
 */
export function consentGrant(view: LedgerView, act: ConsentGrant, context: ActContext): Outcome {
  const { consent, bodyHash, notBeforeMs, notAfterMs, writeKey } = act;
  const { height, timeMs } = context.block;
  if (view.get('consents', consent) !== undefined) return refuse('CONSENT_ID_TAKEN');
  if (notAfterMs <= notBeforeMs) return refuse('CONSENT_TIMES');
  if (notAfterMs <= timeMs) return refuse('NOT_AFTER_PASSED');
  if (notAfterMs > timeMs + maxConsentMs) return refuse('NOT_AFTER_FAR');
  if (writeKey.length !== 0 && !isStrictKey(writeKey)) return refuse('KEY_WEAK');

  const row = {
    account: context.sender,
    bodyHash,
    notBeforeMs,
    notAfterMs,
    writeKey,
    grantedHeight: height,
    revokedHeight: 0,
    looks: 0,
    lookChain: noLooks,
    window: freshWindow,
  };
  return accept([{ table: 'consents', id: consent, row }]);
}
