import { readingsPost } from '../../api/routes/readings-post.ts';
import { dataHandler } from '../handler.ts';

/** Source: rule VR-11. */
export const handleReadingsPost = dataHandler(readingsPost, ({ server, bytes }) =>
  server.reading.answer(bytes),
);
