import type { WingParts } from './part.ts';

/** What a wing adds to every hospital's gateway; `src/wings/gateway.ts` is the list. */
export interface GatewayWing extends WingParts {
  // handlers: what answers the wing's routes
}
