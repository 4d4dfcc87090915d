import { handler } from '../../../../gateway/handler.ts';
import { alertsDelete } from '../../api/routes/alerts-delete.ts';
import { alerts } from '../alerts-part.ts';

/** Source: rule AL-8. */
export const handleAlertsDelete = handler(alertsDelete, ({ gateway, caller, params }) => {
  gateway.parts.get(alerts).outbox.forget(caller.account, params.channel);
  return { ok: true as const };
});
