import { bytesOfText } from '../../../../api/message-parts.ts';
import { handler } from '../../../../gateway/handler.ts';
import { CodedError } from '../../../../primitives/errors.ts';
import { alertsPut } from '../../api/routes/alerts-put.ts';
import { alerts } from '../alerts-part.ts';
import { serviceOf } from '../service.ts';

/** Throws ALERTS_OFF, ALERT_KEY_OLD, ALERT_CHOICE_OLD, REQUEST_INVALID. Source: rule AL-8. */
export const handleAlertsPut = handler(alertsPut, async ({ gateway, caller, params, body }) => {
  const service = await serviceOf(gateway);
  if (service?.channels.includes(params.channel) !== true) throw new CodedError('ALERTS_OFF');
  if (body.keyId !== service.keyId) throw new CodedError('ALERT_KEY_OLD');
  gateway.parts.get(alerts).outbox.choose({
    account: caller.account,
    channel: params.channel,
    keyId: body.keyId,
    counter: body.counter,
    sealed: bytesOfText(body.sealed),
  });
  return { ok: true as const };
});
