import { idBytes } from '../../../primitives/ids.ts';
import { accountId, bytes, type Of, struct, uint, uintTo } from '../../../primitives/shape.ts';
import type { Drawer } from '../../../sdk/wallet/drawer.ts';
import { trioServers } from '../ledger/tables/stat-trios.ts';
import { vitalsDrawers } from './drawers.ts';

/** A bit a server. */
export const everywhere = 0b111;

const keptRegistration = struct({
  /** Grows with every change: the newer entry wins on every device. */
  counter: uint,
  /** Which of the three have it, a bit a server: at one counter more wins. */
  reached: uintTo(everywhere),
  account: accountId,
  servers: trioServers,
  /** As it is handed in. */
  signed: bytes(),
});
export type KeptRegistration = Of<typeof keptRegistration>;

/** Where the newest registration of each account is kept. Source: docs/protocol/vitals-reading.md, rule VR-1. */
export const registrationsDrawer: Drawer<KeptRegistration> = {
  wing: vitalsDrawers.registrations,
  entry: keptRegistration,
  key: ({ account }) => idBytes(account),
};
