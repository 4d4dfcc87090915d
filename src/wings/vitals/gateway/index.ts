import type { GatewayWing } from '../../../gateway/wing.ts';
import { dataServerNotices } from './data-servers-part.ts';
import { handleDataServerIncidentsPost } from './handlers/data-server-incidents-post.ts';
import { handleDataServerRelayPost } from './handlers/data-server-relay-post.ts';
import { handleDataServersGet } from './handlers/data-servers-get.ts';
import { handleDataServersPost } from './handlers/data-servers-post.ts';
import { handleIncidentsGet } from './handlers/incidents-get.ts';
import { handleIncidentsToldGet } from './handlers/incidents-told-get.ts';
import { handleStudiesGet } from './handlers/studies-get.ts';
import { incidentNotices } from './incident-notices-part.ts';
import { hospitalReports } from './incidents/incidents-part.ts';
import { dataServerRelay } from './relay-part.ts';
import { silenceNotices } from './silences-part.ts';
import { seenStudies } from './studies-part.ts';

/** What the wing adds to every gateway: where its hospital's data servers answer, a way to all of them, and which studies there are. */
export const vitalsGateway: GatewayWing = {
  name: 'vitals',
  parts: [
    dataServerNotices,
    seenStudies,
    dataServerRelay,
    incidentNotices,
    silenceNotices,
    hospitalReports,
  ],
  handlers: [
    handleDataServersGet,
    handleDataServersPost,
    handleDataServerIncidentsPost,
    handleDataServerRelayPost,
    handleStudiesGet,
    handleIncidentsGet,
    handleIncidentsToldGet,
  ],
};
