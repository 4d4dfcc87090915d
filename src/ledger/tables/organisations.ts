import { list, type Of, struct, text } from '../../primitives/shape.ts';
import { right } from '../rights.ts';
import { stateTable } from '../table.ts';

/** Id: the account. From genesis: where the organisation's gateway answers, and what it may send. */
const organisation = struct({ name: text(), url: text(), rights: list(right) });
export type Organisation = Of<typeof organisation>;

export const organisations = stateTable('organisations', organisation, { lasting: true });
