import { handler } from '../../../../gateway/handler.ts';
import { alertsStandingGet } from '../../api/routes/alerts-standing-get.ts';
import { standingOf } from '../service.ts';

/** Throws HOME_INVALID, ROW_CORRUPT, STORE_BUSY, RELAY_INVALID. Source: rule AL-17. */
export const handleAlertsStandingGet = handler(alertsStandingGet, async ({ gateway }) => {
  const standing = await standingOf(gateway);
  return { ...(standing !== undefined && { standing }) };
});
