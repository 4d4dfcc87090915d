import type { ServerWing } from '../server/process.ts';

/** What each wing brings to the servers, a line a wing. Only `server/` reads it. */
export const serverWings: readonly ServerWing[] = [];
