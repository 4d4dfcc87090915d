import { u64Bytes } from '../../../../ledger/integers.ts';
import { hash } from '../../../../ledger/shapes.ts';
import { stateTable } from '../../../../ledger/table.ts';
import { bytesToHex } from '../../../../primitives/bytes.ts';
import { type Of, struct, uint } from '../../../../primitives/shape.ts';

/** Id: `batchRowId`. Pages that the three servers hold alike: root over their leaves. */
const batch = struct({ root: hash, pages: uint, firstHour: uint, lastHour: uint, height: uint });
export type StatBatchRow = Of<typeof batch>;

export const statBatches = stateTable('stat-batches', batch, { lasting: true });

/** Trio ‖ number u64. */
export const batchRowId = (trio: string, number: number): string =>
  trio + bytesToHex(u64Bytes(number));
