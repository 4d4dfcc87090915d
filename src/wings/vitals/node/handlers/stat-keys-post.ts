import { statKeysPost } from '../../api/routes/stat-keys-post.ts';
import { dataHandler } from '../handler.ts';

/** Source: rule VD-22. */
export const handleStatKeysPost = dataHandler(statKeysPost, async ({ server, bytes }) => ({
  key: await server.shownKeys.take(bytes),
}));
