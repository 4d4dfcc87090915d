import { bytesOfText } from '../../../../api/message-parts.ts';
import { handler } from '../../../../gateway/handler.ts';
import { CodedError } from '../../../../primitives/errors.ts';
import { incidentWord } from '../../api/incident-notice.ts';
import { dataServerIncidentsPost } from '../../api/routes/data-server-incidents-post.ts';
import { silenceWord } from '../../api/silence-notice.ts';
import { incidentNotices } from '../incident-notices-part.ts';
import { silenceNotices } from '../silences-part.ts';
import { openTold } from '../told-statement.ts';

/** Source: rules VT-12, VR-35. */
export const handleDataServerIncidentsPost = handler(
  dataServerIncidentsPost,
  async ({ gateway, body, request }) => {
    const { method, path } = dataServerIncidentsPost;
    const forged = () =>
      gateway.findings.attempts.refused(request.ip, `${method} ${path}`, 'UNAUTHENTICATED');
    const of = { view: gateway.view, organisation: gateway.options.organisation, now: gateway.now };
    const { from, word, payload } = await openTold(of, bytesOfText(body.notice), forged);
    if (word === incidentWord) await gateway.parts.get(incidentNotices).tell(from, payload);
    else if (word === silenceWord) await gateway.parts.get(silenceNotices).tell(from, payload);
    else throw new CodedError('UNAUTHENTICATED');
    return {};
  },
);
