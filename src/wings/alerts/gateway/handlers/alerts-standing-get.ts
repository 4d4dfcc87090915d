import { handler } from '../../../../gateway/handler.ts';
import { alertsStandingGet } from '../../api/routes/alerts-standing-get.ts';
import { serviceOf } from '../service.ts';

/** Source: rule AL-17. */
export const handleAlertsStandingGet = handler(alertsStandingGet, async ({ gateway }) => {
  const standing = (await serviceOf(gateway))?.standing;
  return { ...(standing !== undefined && { standing }) };
});
