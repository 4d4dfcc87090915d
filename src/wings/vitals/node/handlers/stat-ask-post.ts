import { statAskPost } from '../../api/routes/stat-ask-post.ts';
import { dataHandler } from '../handler.ts';

/** Source: rule VQ-32. */
export const handleStatAskPost = dataHandler(statAskPost, ({ server, bytes }) =>
  server.questions.ask(bytes),
);
