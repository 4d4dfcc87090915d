import { enrolPost } from '../../api/routes/enrol-post.ts';
import { handler } from '../handler.ts';

/** Answered when this gateway has indexed the block: the new account can sign in at once. Source: rule H-13. */
export const handleEnrolPost = handler(enrolPost, async ({ gateway, body }) => {
  const enrolled = await gateway.enrolment.enrol(body);
  await gateway.index.reached(enrolled.height);
  return enrolled;
});
