import { concatBytes } from '../../../../primitives/bytes.ts';
import { idBytes } from '../../../../primitives/ids.ts';
import {
  accountId,
  bytes,
  list,
  type Of,
  recordId,
  struct,
  uint,
} from '../../../../primitives/shape.ts';
import type { Drawer } from '../../../../sdk/wallet/drawer.ts';

/** So many halves lie in one entry: a drawer takes few entries, and large ones. */
export const halvesAnEntry = 128;

const keptHalves = struct({
  version: uint,
  account: accountId,
  /** Random, 16 bytes. */
  id: bytes(16),
  halves: list(struct({ recordId, half: bytes(32) }), { least: 1, most: halvesAnEntry }),
});
export type KeptHalves = Of<typeof keptHalves>;

/** The second halves of one's own doubly encrypted records, so that none is lost with a server. Rule DE-5. */
export const halvesDrawer: Drawer<KeptHalves> = {
  wing: 'vitals/halves',
  entry: keptHalves,
  key: ({ account, id }) => concatBytes(idBytes(account), id),
};
