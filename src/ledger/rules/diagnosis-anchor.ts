import type { DiagnosisAnchor } from '../acts.ts';
import { anchorItems } from './anchor-items.ts';
import { type ActContext, type LedgerView, type Outcome, refuse } from './outcome.ts';

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
  return anchorItems(view, act, context);
}
