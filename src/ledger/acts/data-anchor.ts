import { type ActWith, defineAct } from '../act.ts';
import { type ActContext, type Outcome, refuse } from '../outcome.ts';
import { optionalConsent } from '../shapes.ts';
import type { LedgerView } from '../table.ts';
import { aboutAnchor, anchored, anchorItems, factsOfAnchor } from './anchor-items.ts';

const fields = {
  /** '': the owner anchors. */
  consent: optionalConsent,
  ...anchored,
};
export type DataAnchor = ActWith<'DataAnchor', typeof fields>;

/**
 * Sealed records enter a patient's account: by the owner's key, or by the write key of a live grant.
 *
 * Refuses: SENDER_WRONG (the key does not fit the consent named), CONSENT_UNKNOWN, CONSENT_ENDED,
 * CONSENT_NOT_LIVE, ANCHOR_EMPTY, EPOCH_NONE, EPOCH_STALE, ANCHOR_TAKEN.
 * Writes: `anchors[sender, root]`.
 * Source: docs/protocol/acts.md, rule A-6.
 */
export const dataAnchor = defineAct({
  kind: 'DataAnchor',
  number: 20,
  fields,
  log: 'user',
  senders: ['patient'],
  underWriteKey: ({ consent }) => consent,
  rules: [{ fromVersion: 1, judge }],
  about: aboutAnchor,
  commits: ({ root, count }) => ({ kind: 'root', root, count }),
  facts: factsOfAnchor,
});

function judge(view: LedgerView, act: DataAnchor, context: ActContext): Outcome {
  const isUnderGrant = context.authority === 'write-key';
  // the owner's key names no grant, a write key names its own.
  if (isUnderGrant !== (act.consent !== '')) return refuse('SENDER_WRONG');
  return anchorItems(view, act, context);
}
