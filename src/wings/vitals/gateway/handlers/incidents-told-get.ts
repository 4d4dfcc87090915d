import { handler } from '../../../../gateway/handler.ts';
import { incidentsToldGet } from '../../api/routes/incidents-told-get.ts';
import { incidentNotices } from '../incident-notices-part.ts';

/** Source: rule VT-27. */
export const handleIncidentsToldGet = handler(incidentsToldGet, ({ gateway, caller, query }) => ({
  told: gateway.parts.get(incidentNotices).toldTo(caller.account, query.after),
}));
