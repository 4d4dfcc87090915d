import { alertsGateway } from './alerts/gateway/index.ts';
import { consortiumGateway } from './consortium/gateway/index.ts';
import { vitalsGateway } from './vitals/gateway/index.ts';
/** What the wings add to a gateway: a line a wing. Only `server/consortium.ts` reads it. */
export const gatewayWings = [consortiumGateway, vitalsGateway, alertsGateway] as const;
