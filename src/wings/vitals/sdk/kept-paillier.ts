import { concatBytes } from '../../../primitives/bytes.ts';
import { idBytes } from '../../../primitives/ids.ts';
import { accountId, bytes, list, type Of, struct, uint } from '../../../primitives/shape.ts';
import type { Drawer } from '../../../sdk/wallet/drawer.ts';
import { vitalsDrawers } from './drawers.ts';

const keptKey = struct({
  /** Grows with every change. */
  version: uint,
  account: accountId,
  /** The name of the key, 32 bytes. */
  id: bytes(32),
  /** VD-6. It never leaves the wallet. */
  secretKey: bytes(),
  /** Data servers that verified it. */
  shownTo: list(accountId, { most: 64 }),
});
export type KeptKey = Of<typeof keptKey>;

/** Paillier keys of a person's accounts. Two devices apart may make two: both open what came to them. Rule VD-21. */
export const keptPaillierKeys: Drawer<KeptKey> = {
  wing: vitalsDrawers.paillierKeys,
  entry: keptKey,
  key: ({ account, id }) => concatBytes(idBytes(account), id),
};

const keyInUse = struct({
  version: uint,
  account: accountId,
  /** The account's signing key while this one was made and asked with. */
  signKey: bytes(32),
  /** The name of the Paillier key. */
  id: bytes(32),
});
export type KeyInUse = Of<typeof keyInUse>;

/** Which Paillier key goes with which key of an account: who had everything of before a rotation has not the next. Rule VD-21. */
export const paillierInUse: Drawer<KeyInUse> = {
  wing: vitalsDrawers.paillierInUse,
  entry: keyInUse,
  key: ({ account, signKey }) => concatBytes(idBytes(account), signKey),
};

const keptDelivery = struct({
  version: uint,
  query: bytes(32),
  /** Under which of the keys it was asked for. */
  key: bytes(32),
  /** The product of three parts, 768 bytes; empty: not multiplied yet. */
  ciphertext: bytes(),
});
export type KeptDelivery = Of<typeof keptDelivery>;

/** Questions whose answers come encrypted. Rule VD-25. */
export const keptDeliveries: Drawer<KeptDelivery> = {
  wing: vitalsDrawers.deliveries,
  entry: keptDelivery,
  key: ({ query }) => query,
};
