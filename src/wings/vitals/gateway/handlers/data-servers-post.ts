import { bytesOfText } from '../../../../api/message-parts.ts';
import { handler } from '../../../../gateway/handler.ts';
import { dataServersPost } from '../../api/routes/data-servers-post.ts';
import { dataServerNotices } from '../data-servers-part.ts';

/** Source: rule VS-3. */
export const handleDataServersPost = handler(
  dataServersPost,
  async ({ gateway, body, request }) => {
    const { method, path } = dataServersPost;
    await gateway.parts.get(dataServerNotices).keep(bytesOfText(body.notice), () => {
      gateway.findings.attempts.refused(request.ip, `${method} ${path}`, 'UNAUTHENTICATED');
    });
    return {};
  },
);
