import { bytesToHex } from '../../primitives/bytes.ts';
import type { AccountId } from '../../primitives/ids.ts';
import { type Of, struct, uint } from '../../primitives/shape.ts';
import { logName, optionalConsent } from '../shapes.ts';
import { stateTable } from '../table.ts';

/** That sealed items entered an account: the root over their leaves stands in the id. */
const anchor = struct({
  /** '' : the owner anchored. */
  consent: optionalConsent,
  epoch: uint,
  count: uint,
  height: uint,
  timeMs: uint,
  log: logName,
});
export type Anchor = Of<typeof anchor>;

export const anchors = stateTable('anchors', anchor, { lasting: true });

/** account ‖ root; of a batch, organisation ‖ root. */
export function anchorRowId(account: AccountId, root: Uint8Array): string {
  return account + bytesToHex(root);
}
