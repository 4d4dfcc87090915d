import { pageStatesPost } from '../../api/routes/page-states-post.ts';
import { dataHandler } from '../handler.ts';

/** Source: rule VS-10. */
export const handlePageStatesPost = dataHandler(pageStatesPost, ({ server, bytes }) =>
  server.pageStates(bytes),
);
