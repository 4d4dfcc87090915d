import { type Of, struct, uint } from '../../primitives/shape.ts';
import { batchKind } from '../batch-kinds.ts';
import { stateTable } from '../table.ts';

/** Id: organisation ‖ root (`anchorRowId`). What an organisation gathered and anchored. */
const batch = struct({ batch: batchKind, count: uint, firstMs: uint, lastMs: uint, height: uint });
export type Batch = Of<typeof batch>;

export const batches = stateTable('batches', batch, { lasting: true });
