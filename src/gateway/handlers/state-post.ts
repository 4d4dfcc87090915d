import { statePost } from '../../api/routes/state-post.ts';
import { maxStateAnswerBytes, type StateAnswerMessage } from '../../api/tx.ts';
import { handler } from '../handler.ts';
import { stateRow } from '../ledger-messages.ts';

/** One after the other, until the answer is full: each proof stands at the height of its answer. Source: rule H-8. */
export const handleStatePost = handler(statePost, async ({ gateway: { options }, body }) => {
  const answers: StateAnswerMessage[] = [];
  let characters = 0;
  for (const row of body.rows) {
    const answer = await stateRow(options.engine, row, true);
    answers.push(answer);
    characters += (answer.value ?? '').length + (answer.proof ?? '').length;
    if (characters >= maxStateAnswerBytes) break;
  }
  return { answers };
});
