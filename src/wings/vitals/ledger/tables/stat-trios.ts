import { labelledHash } from '../../../../crypto/hash.ts';
import { stateTable } from '../../../../ledger/table.ts';
import { bytesToHex } from '../../../../primitives/bytes.ts';
import { encodeCbor } from '../../../../primitives/cbor.ts';
import { type AccountId, idBytes } from '../../../../primitives/ids.ts';
import { accountId, list, type Of, struct, uint } from '../../../../primitives/shape.ts';
import { vitalsNames } from '../../names.ts';

/** Three data servers, in their order: 1 and 2 hold seeds, 3 the explicit share. */
export const trioServers = list(accountId, { least: 3, most: 3 });

/** Id: the trio. Rows are written by the first dataset of the three. */
const trio = struct({
  servers: trioServers,
  /** 0: none was sealed yet. */
  newestBatch: uint,
});
export type Trio = Of<typeof trio>;

export const statTrios = stateTable('stat-trios', trio);

/** Hex: SHA-256(label ‖ 0x00 ‖ CBOR[account, account, account]). Source: vitals-ledger.md, rule VL-3. */
export function trioId(servers: readonly AccountId[]): string {
  const content = encodeCbor(servers.map(idBytes));
  return bytesToHex(labelledHash(vitalsNames.labels.trio, content));
}
