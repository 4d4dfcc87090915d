import { oneOf } from '../primitives/shape.ts';
import { wingRights } from '../wings/names.ts';

/** What genesis lets an organisation send: enrol people, serve reads (AccessLog), anchor batches. */
export const spineRights = ['enrol', 'serve', 'batch'] as const;

/** Those of the spine, and what wings let one send besides. */
export const organisationRights = [...spineRights, ...wingRights] as const;
export type OrganisationRight = (typeof organisationRights)[number];

export const right = oneOf<OrganisationRight>(organisationRights);
