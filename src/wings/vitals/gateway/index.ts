import type { GatewayWing } from '../../../gateway/wing.ts';
import { dataServerNotices } from './data-servers-part.ts';
import { handleDataServersGet } from './handlers/data-servers-get.ts';
import { handleDataServersPost } from './handlers/data-servers-post.ts';

/** What the wing adds to every gateway: where its hospital's data servers answer. */
export const vitalsGateway: GatewayWing = {
  name: 'vitals',
  parts: [dataServerNotices],
  handlers: [handleDataServersGet, handleDataServersPost],
};
