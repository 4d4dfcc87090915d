import { list, type Of, tailed, text, uint } from '../../primitives/shape.ts';
import { type OrganisationRight, right } from '../rights.ts';
import { stateTable } from '../table.ts';

/** What an organisation says of its rights that are those of its beginning. */
export const rightsFromGenesis = {
  rightsFromHeight: 0,
  rightsBefore: [] as readonly OrganisationRight[],
} as const;

/** Id: the account. Where the organisation's gateway answers, and what it may send: `rightsAt`. */
const organisation = tailed(
  { name: text(), url: text(), rights: list(right) },
  {
    /** `rights` holds from this height on. */
    rightsFromHeight: uint,
    /** What held until then. */
    rightsBefore: list(right),
  },
  rightsFromGenesis,
);
export type Organisation = Of<typeof organisation>;

export const organisations = stateTable('organisations', organisation);

/** What an organisation may send at a height. */
export function rightsAt(organisation: Organisation, height: number): readonly OrganisationRight[] {
  const { rights, rightsFromHeight, rightsBefore } = organisation;
  return height < rightsFromHeight ? rightsBefore : rights;
}
