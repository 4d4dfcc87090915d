import { bytes as bytesOf, decodeAs, list } from '../../../../primitives/shape.ts';
import { pageStatesPost } from '../../api/routes/page-states-post.ts';
import { dataHandler } from '../handler.ts';

const asked = list(bytesOf(16), { least: 1, most: 256 });

/** Source: rule VS-10. */
export const handlePageStatesPost = dataHandler(pageStatesPost, ({ server, bytes }) =>
  server.pageStates(decodeAs(asked, bytes)),
);
