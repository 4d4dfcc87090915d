import { registrationsPost } from '../../api/routes/registrations-post.ts';
import { dataHandler } from '../handler.ts';

/** Source: rule VS-6. */
export const handleRegistrationsPost = dataHandler(registrationsPost, async ({ server, bytes }) => {
  await server.register(bytes);
  return {};
});
