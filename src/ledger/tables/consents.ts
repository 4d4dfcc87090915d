import { accountId, type Of, struct, uint } from '../../primitives/shape.ts';
import { nonceWindow } from '../nonce-window.ts';
import { hash, optionalSignKey } from '../shapes.ts';
import { stateTable } from '../table.ts';

/** Id: the consent. A patient's permission as the ledger holds it; who and what stay behind `bodyHash`. */
const consent = struct({
  account: accountId,
  bodyHash: hash,
  notBeforeMs: uint,
  notAfterMs: uint,
  /** Empty: no writing under this grant. */
  writeKey: optionalSignKey,
  grantedHeight: uint,
  /** 0: not revoked. */
  revokedHeight: uint,
  /** How often the grant was served, and the hash chain over the entries: docs/protocol/consent.md C-8. */
  looks: uint,
  lookChain: hash,
  /** Numbers used by the write key. */
  window: nonceWindow,
});
export type Consent = Of<typeof consent>;

export const consents = stateTable('consents', consent);
