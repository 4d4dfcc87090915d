import { statePost } from '../../api/routes/state-post.ts';
import type { StateAnswerMessage } from '../../api/tx.ts';
import { handler } from '../handler.ts';
import { stateRow } from '../ledger-messages.ts';

/** One after the other: each proof stands at the height of its answer. Source: rule H-8. */
export const handleStatePost = handler(statePost, async ({ gateway: { options }, body }) => {
  const answers: StateAnswerMessage[] = [];
  for (const row of body.rows) answers.push(await stateRow(options.engine, row, true));
  return { answers };
});
