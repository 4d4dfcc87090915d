import { halvesAskedPost } from '../../api/routes/halves-asked-post.ts';
import { dataHandler } from '../handler.ts';

/** Source: rule DE-6. */
export const handleHalvesAskedPost = dataHandler(halvesAskedPost, ({ server, bytes }) =>
  server.halves.give(bytes),
);
