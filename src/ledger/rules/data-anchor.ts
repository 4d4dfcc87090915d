import type { DataAnchor } from '../acts.ts';
import { anchorItems } from './anchor-items.ts';
import { type ActContext, type LedgerView, type Outcome, refuse } from './outcome.ts';

/**
 * Sealed records enter a patient's account: by the owner's key, or by the write key of a live grant.
 *
 * Refuses: SENDER_WRONG (the key does not fit the consent named), CONSENT_UNKNOWN, CONSENT_ENDED,
 * CONSENT_NOT_LIVE, ANCHOR_EMPTY, EPOCH_NONE, EPOCH_STALE, ANCHOR_TAKEN.
 * Writes: `anchors[sender, root]`.
 * Source: docs/protocol/acts.md, rule A-6.
 */
export function dataAnchor(view: LedgerView, act: DataAnchor, context: ActContext): Outcome {
  const isUnderGrant = context.authority === 'write-key';
  if (isUnderGrant !== (act.consent !== '')) return refuse('SENDER_WRONG');
  return anchorItems(view, act, context);
}
