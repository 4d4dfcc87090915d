import type { GatewayWing } from '../../../gateway/wing.ts';
import { handleConsortiumGet } from './handlers/consortium-get.ts';

/** What the wing adds to every gateway. */
export const consortiumGateway: GatewayWing = {
  name: 'consortium',
  parts: [],
  handlers: [handleConsortiumGet],
};
