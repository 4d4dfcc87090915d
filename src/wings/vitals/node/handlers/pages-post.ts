import { pagesPost } from '../../api/routes/pages-post.ts';
import { dataHandler } from '../handler.ts';

/** Source: rule VS-7. */
export const handlePagesPost = dataHandler(pagesPost, ({ server, bytes }) => server.upload(bytes));
