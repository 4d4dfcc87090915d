import { handler } from '../../../../gateway/handler.ts';
import { alertsInboxGet } from '../../api/routes/alerts-inbox-get.ts';
import { alerts } from '../alerts-part.ts';
import { readInbox } from '../inbox-reader.ts';

/** Source: rule AL-16. */
export const handleAlertsInboxGet = handler(alertsInboxGet, ({ gateway, caller }) => {
  const { key } = gateway.parts.get(alerts);
  if (key === undefined) return { entries: [], tampered: 0 };
  const { entries, tampered } = readInbox(gateway.options.databasePath, key, caller.account);
  return { entries: [...entries], tampered };
});
