import { dirname, join } from 'node:path';
import { handler } from '../../../../gateway/handler.ts';
import { channels } from '../../api/choice.ts';
import { lettersFile } from '../../api/codes-sent.ts';
import { alertsGet } from '../../api/routes/alerts-get.ts';
import { alerts } from '../alerts-part.ts';
import { readCodesFromMs } from '../codes-reader.ts';
import { serviceOf } from '../service.ts';

/** Source: rule AL-8. */
export const handleAlertsGet = handler(alertsGet, async ({ gateway, caller }) => {
  const service = await serviceOf(gateway);
  const kept = gateway.parts.get(alerts).outbox.chosen(caller.account);
  const lettersPath = join(dirname(gateway.options.databasePath), lettersFile);
  const codesFromMs = readCodesFromMs(lettersPath, caller.account, gateway.now());
  return {
    ...(codesFromMs !== undefined && { codesFromMs }),
    ...(service !== undefined && {
      service: {
        keyId: service.keyId,
        publicKey: service.publicKey,
        pushKey: service.pushKey,
        codeKeyId: service.codeKeyId,
      },
    }),
    channels: service?.channels ?? [],
    set: kept.flatMap(({ channel, ...it }) => {
      const known = channels.find((name) => name === channel);
      return known === undefined ? [] : [{ channel: known, ...it }];
    }),
  };
});
