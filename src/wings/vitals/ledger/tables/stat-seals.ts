import { hash } from '../../../../ledger/shapes.ts';
import { stateTable } from '../../../../ledger/table.ts';
import type { AccountId } from '../../../../primitives/ids.ts';
import { type Of, struct, uint } from '../../../../primitives/shape.ts';
import { queryRowId } from './stat-queries.ts';

/** Id: `sealRowId`. What a server answered, for ever: two answers of one would be seen. */
const seal = struct({ answer: hash, height: uint });
export type Seal = Of<typeof seal>;

export const statSeals = stateTable('stat-seals', seal, { lasting: true });

/** Researcher ‖ query ‖ server. */
export const sealRowId = (researcher: AccountId, query: string, server: AccountId): string =>
  queryRowId(researcher, query) + server;
