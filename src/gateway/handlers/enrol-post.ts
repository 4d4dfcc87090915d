import { enrolPost } from '../../api/routes/enrol-post.ts';
import { handler } from '../handler.ts';

export const handleEnrolPost = handler(enrolPost, async ({ gateway, body }) => {
  const enrolled = await gateway.enrolment.enrol(body);
  await gateway.index.reached(enrolled.height);
  return enrolled;
});
