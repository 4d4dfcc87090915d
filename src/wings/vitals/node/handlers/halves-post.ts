import { halvesPost } from '../../api/routes/halves-post.ts';
import { dataHandler } from '../handler.ts';

/** Source: rule DE-4. */
export const handleHalvesPost = dataHandler(halvesPost, async ({ server, bytes }) => {
  await server.halves.take(bytes);
  return {};
});
