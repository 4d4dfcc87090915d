import { statePost } from '../../api/routes/state-post.ts';
import type { StateAnswerMessage } from '../../api/tx.ts';
import { handler } from '../handler.ts';
import { stateRow } from '../ledger-messages.ts';

export const handleStatePost = handler(statePost, async ({ gateway: { options }, body }) => {
  const answers: StateAnswerMessage[] = [];
  for (const row of body.rows) answers.push(await stateRow(options.engine, row, true));
  return { answers };
});
