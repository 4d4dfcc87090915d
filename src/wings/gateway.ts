import type { GatewayWing } from '../gateway/wing.ts';

/** What the wings add to a gateway: a line a wing. */
export const gatewayWings: readonly GatewayWing[] = [];
