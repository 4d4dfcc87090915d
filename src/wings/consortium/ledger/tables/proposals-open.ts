import { stateTable } from '../../../../ledger/table.ts';
import { hexId, list, type Of, struct, uint } from '../../../../primitives/shape.ts';

/** So many a member may have open: one member's flood is his own. */
export const maxOpen = 8;

const openProposal = struct({ proposal: hexId(32), untilMs: uint });
export type OpenProposal = Of<typeof openProposal>;

/** Id: the member. Its own proposals that are not decided; those that have lapsed leave with its next. */
export const proposalsOpen = stateTable('proposals-open', list(openProposal, { most: maxOpen }));
