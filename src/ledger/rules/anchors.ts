import type { DataAnchor, DiagnosisAnchor } from '../acts.ts';
import type { RefusalCode } from '../refusals.ts';
import { anchorRowId } from '../state.ts';
import { whyNotLive } from './consents.ts';
import { epochInForce } from './epochs.ts';
import { type ActContext, accept, type LedgerView, type Outcome, refuse } from './outcome.ts';

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
  return anchor(view, act, context);
}

/**
 * A colleague's diagnosis enters, always under a live grant that allows writing.
 *
 * Refuses and writes as DataAnchor. Source: docs/protocol/acts.md, rule A-7.
 */
export function diagnosisAnchor(
  view: LedgerView,
  act: DiagnosisAnchor,
  context: ActContext,
): Outcome {
  if (context.authority !== 'write-key') return refuse('SENDER_WRONG');
  return anchor(view, act, context);
}

function anchor(view: LedgerView, act: DataAnchor | DiagnosisAnchor, context: ActContext): Outcome {
  const { sender, block, log } = context;
  const { consent, epoch, root, count } = act;
  const problem = whyNoWriting(view, consent, block.timeMs);
  if (problem !== undefined) return refuse(problem);
  if (count === 0) return refuse('ANCHOR_EMPTY');
  const account = view.get('accounts', sender);
  if (account === undefined || account.highestEpoch === 0) return refuse('EPOCH_NONE');
  if (epochInForce(account.schedule, block.timeMs)?.epoch !== epoch) return refuse('EPOCH_STALE');
  const id = anchorRowId(sender, root);
  if (view.get('anchors', id) !== undefined) return refuse('ANCHOR_TAKEN');

  const { height, timeMs } = block;
  return accept([{ table: 'anchors', id, row: { consent, epoch, count, height, timeMs, log } }]);
}

/** That the grant is the sender's and shows the signing key was seen when the key was judged. */
function whyNoWriting(
  view: LedgerView,
  consentId: string,
  timeMs: number,
): RefusalCode | undefined {
  if (consentId === '') return undefined;
  const consent = view.get('consents', consentId);
  return consent === undefined ? 'CONSENT_UNKNOWN' : whyNotLive(consent, timeMs);
}
