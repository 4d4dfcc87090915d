import { consentId } from '../../primitives/shape.ts';
import { type ActWith, defineAct } from '../act.ts';
import { type ActContext, type Outcome, refuse } from '../outcome.ts';
import type { LedgerView } from '../table.ts';
import { aboutAnchor, anchored, anchorItems, factsOfAnchor } from './anchor-items.ts';

const fields = { consent: consentId, ...anchored };
export type DiagnosisAnchor = ActWith<'DiagnosisAnchor', typeof fields>;

/**
 * A colleague's diagnosis enters, always under a live grant that allows writing; on Docchain.
 *
 * Refuses and writes as DataAnchor. Source: docs/protocol/acts.md, rule A-7.
 */
export const diagnosisAnchor = defineAct({
  kind: 'DiagnosisAnchor',
  number: 21,
  fields,
  log: 'doc',
  senders: ['patient'],
  underWriteKey: ({ consent }) => consent,
  rules: [{ fromVersion: 1, judge }],
  about: aboutAnchor,
  commits: ({ root, count }) => ({ kind: 'root', root, count }),
  facts: factsOfAnchor,
});

function judge(view: LedgerView, act: DiagnosisAnchor, context: ActContext): Outcome {
  // a diagnosis is a colleague's, under a grant.
  if (context.authority !== 'write-key') return refuse('SENDER_WRONG');
  return anchorItems(view, act, context);
}
