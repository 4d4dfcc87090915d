import { freezePost } from '../../api/routes/freeze-post.ts';
import { handler } from '../handler.ts';

/** Answered when this gateway has indexed the block: its sessions have ended. Source: rule H-19. */
export const handleFreezePost = handler(freezePost, async ({ gateway, body }) => {
  const frozen = await gateway.desk.freeze(body.account);
  await gateway.index.reached(frozen.height);
  return frozen;
});
