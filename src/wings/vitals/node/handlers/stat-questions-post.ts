import { textOfBytes } from '../../../../api/message-parts.ts';
import { statQuestionsPost } from '../../api/routes/stat-questions-post.ts';
import { dataHandler } from '../handler.ts';

/** Source: rule VQ-38. */
export const handleStatQuestionsPost = dataHandler(
  statQuestionsPost,
  async ({ server, bytes }) => ({
    questions: (await server.questions.questions(bytes)).map(textOfBytes),
  }),
);
