import { statEncryptedPost } from '../../api/routes/stat-encrypted-post.ts';
import { dataHandler } from '../handler.ts';

/** Source: rule VD-23. */
export const handleStatEncryptedPost = dataHandler(statEncryptedPost, ({ server, bytes }) =>
  server.questions.askEncrypted(bytes),
);
