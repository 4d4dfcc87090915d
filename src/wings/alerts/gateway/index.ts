import type { GatewayWing } from '../../../gateway/wing.ts';
import { alerts } from './alerts-part.ts';
import { handleAlertsDelete } from './handlers/alerts-delete.ts';
import { handleAlertsGet } from './handlers/alerts-get.ts';
import { handleAlertsInboxGet } from './handlers/alerts-inbox-get.ts';
import { handleAlertsPut } from './handlers/alerts-put.ts';
import { handleAlertsStandingGet } from './handlers/alerts-standing-get.ts';
import { handleAlertsTestPost } from './handlers/alerts-test-post.ts';

/** What the wing adds to every gateway. */
export const alertsGateway: GatewayWing = {
  name: 'alerts',
  parts: [alerts],
  handlers: [
    handleAlertsInboxGet,
    handleAlertsStandingGet,
    handleAlertsGet,
    handleAlertsPut,
    handleAlertsDelete,
    handleAlertsTestPost,
  ],
};
