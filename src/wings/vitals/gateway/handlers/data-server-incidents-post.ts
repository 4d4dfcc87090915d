import { bytesOfText } from '../../../../api/message-parts.ts';
import { handler } from '../../../../gateway/handler.ts';
import { dataServerIncidentsPost } from '../../api/routes/data-server-incidents-post.ts';
import { incidentNotices } from '../incidents-part.ts';

/** Source: rule VT-12. */
export const handleDataServerIncidentsPost = handler(
  dataServerIncidentsPost,
  async ({ gateway, body, request }) => {
    const { method, path } = dataServerIncidentsPost;
    await gateway.parts.get(incidentNotices).tell(bytesOfText(body.notice), () => {
      gateway.findings.attempts.refused(request.ip, `${method} ${path}`, 'UNAUTHENTICATED');
    });
    return {};
  },
);
