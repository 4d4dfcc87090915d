import { concatBytes, utf8 } from '../../../primitives/bytes.ts';
import { idBytes } from '../../../primitives/ids.ts';
import { accountId, flag, list, type Of, struct, text, uint } from '../../../primitives/shape.ts';
import type { Drawer } from '../../../sdk/wallet/drawer.ts';
import { vitalsDrawers } from './drawers.ts';

/** In 10^-5 of the vital sign's own unit; empty: no bound on that side. */
const bound = list(uint, { most: 1 });

const keptLimits = struct({
  /** Grows with every change: the newer entry wins on every device. */
  changedMs: uint,
  account: accountId,
  /** As panels name it, `heartRate`; one that a later version knows is left where it is. */
  vital: text(32),
  /** False: the defaults hold again. An entry is never ended, or no later one could take its key. */
  isOwn: flag,
  low: bound,
  high: bound,
});
export type KeptLimits = Of<typeof keptLimits>;

/** Where a patient's own limits are kept, vital by vital; nobody else reads them. Source: vitals-reading.md, rule VR-30a. */
export const limitsDrawer: Drawer<KeptLimits> = {
  wing: vitalsDrawers.limits,
  entry: keptLimits,
  key: ({ account, vital }) => concatBytes(idBytes(account), utf8(vital)),
};
