import { peerPost } from '../../api/routes/peer-post.ts';
import { dataHandler } from '../handler.ts';

/** Source: rule VS-5. */
export const handlePeerPost = dataHandler(peerPost, ({ server, bytes }) =>
  server.answerPeer(bytes),
);
