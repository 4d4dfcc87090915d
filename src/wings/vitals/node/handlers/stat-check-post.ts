import { textOfBytes } from '../../../../api/message-parts.ts';
import { statCheckPost } from '../../api/routes/stat-check-post.ts';
import { dataHandler } from '../handler.ts';

/** Source: rule VQ-33. */
export const handleStatCheckPost = dataHandler(statCheckPost, async ({ server, bytes }) => {
  const { patients, selection } = await server.questions.check(bytes);
  return { patients, selection: textOfBytes(selection) };
});
