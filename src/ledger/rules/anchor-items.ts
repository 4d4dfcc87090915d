import type { DataAnchor, DiagnosisAnchor } from '../acts.ts';
import type { RefusalCode } from '../refusals.ts';
import { anchorRowId } from '../state.ts';
import { whyNotLive } from './consents.ts';
import { epochInForce } from './epochs.ts';
import { type ActContext, accept, type LedgerView, type Outcome, refuse } from './outcome.ts';

/** What both kinds of anchor have in common, once it is settled who may send them. */
export function anchorItems(
  view: LedgerView,
  act: DataAnchor | DiagnosisAnchor,
  context: ActContext,
): Outcome {
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
