import { oneOf } from '../primitives/shape.ts';
import { wingRights } from '../wings/names.ts';

/** What genesis lets an organisation send: enrol people, serve reads (AccessLog), anchor batches. */
export const organisationRights = ['enrol', 'serve', 'batch', ...wingRights] as const;
export type OrganisationRight = (typeof organisationRights)[number];

export const right = oneOf<OrganisationRight>(organisationRights);
