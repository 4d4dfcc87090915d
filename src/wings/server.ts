import { alertsServer } from './alerts/server/index.ts';
import { consortiumServer } from './consortium/server/index.ts';
import { vitalsServer } from './vitals/server/index.ts';
/** What each wing brings to the servers, a line a wing. Only `server/` reads it. */
export const serverWings = [consortiumServer, vitalsServer, alertsServer] as const;
