import { textOfBytes } from '../../../../api/message-parts.ts';
import { randomBytes } from '../../../../crypto/random.ts';
import { handler } from '../../../../gateway/handler.ts';
import { alertsTestPost } from '../../api/routes/alerts-test-post.ts';
import { alerts } from '../alerts-part.ts';

/** Throws ALERT_TRIES_OVER. Source: rule AL-8. */
export const handleAlertsTestPost = handler(alertsTestPost, ({ gateway, caller }) => {
  const subject = textOfBytes(randomBytes(16));
  gateway.parts.get(alerts).outbox.tryOut(caller.account, subject);
  return { ok: true as const };
});
