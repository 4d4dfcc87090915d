import { bytesToHex } from '../../primitives/bytes.ts';
import type { ConsentId } from '../../primitives/ids.ts';
import { uint } from '../../primitives/shape.ts';
import type { About, Facts } from '../act.ts';
import { type ActContext, accept, type Outcome, refuse } from '../outcome.ts';
import type { RefusalCode } from '../refusals.ts';
import { hash } from '../shapes.ts';
import { type LedgerView, put } from '../table.ts';
import { accounts } from '../tables/accounts.ts';
import { anchorRowId, anchors } from '../tables/anchors.ts';
import { consents } from '../tables/consents.ts';
import { whyNotLive } from './consents.ts';
import { epochInForce } from './epochs.ts';

/** What both kinds of anchor carry beside the consent: epoch, root over the items' leaves, how many. */
export const anchored = { epoch: uint, root: hash, count: uint };

interface Anchored {
  readonly consent: ConsentId | '';
  readonly epoch: number;
  readonly root: Uint8Array;
  readonly count: number;
}

/** What both kinds of anchor have in common, once it is settled who may send them. */
export function anchorItems(view: LedgerView, act: Anchored, context: ActContext): Outcome {
  const { sender, block, log } = context;
  const { consent, epoch, root, count } = act;
  // A-6, C-3: the grant it is written under is in force at block time.
  const problem = whyNoWriting(view, consent, block.timeMs);
  if (problem !== undefined) return refuse(problem);
  // an anchor of nothing says nothing.
  if (count === 0) return refuse('ANCHOR_EMPTY');
  const account = view.get(accounts, sender);
  // the account has published keys to seal under, and since then not changed its own.
  if (account === undefined || account.schedule.length === 0) return refuse('EPOCH_NONE');
  // sealed under the epoch in force at block time; who was revoked holds an older one.
  if (epochInForce(account.schedule, block.timeMs)?.epoch !== epoch) return refuse('EPOCH_STALE');
  const id = anchorRowId(sender, root);
  // what is anchored once keeps its place and time.
  if (view.get(anchors, id) !== undefined) return refuse('ANCHOR_TAKEN');

  const { height, timeMs } = block;
  return accept([put(anchors, id, { consent, epoch, count, height, timeMs, log })]);
}

/** The grant under which an anchor was sent, if any. */
export function aboutAnchor({ consent }: Anchored): About {
  return consent === '' ? {} : { consent };
}

/** For receipts: which epoch, how many, under which root. */
export function factsOfAnchor(act: Anchored): Facts {
  const { epoch, count, root } = act;
  return { ...aboutAnchor(act), epoch, items: count, root: bytesToHex(root) };
}

/** That the grant is the sender's and shows the signing key was seen when the key was judged. */
function whyNoWriting(
  view: LedgerView,
  consentId: ConsentId | '',
  timeMs: number,
): RefusalCode | undefined {
  if (consentId === '') return undefined;
  const consent = view.get(consents, consentId);
  if (consent === undefined) return 'CONSENT_UNKNOWN';
  return whyNotLive(consent, view.get(accounts, consent.account), timeMs);
}
