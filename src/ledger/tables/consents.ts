import { accountId, type Of, tailed, uint } from '../../primitives/shape.ts';
import { nonceWindow } from '../nonce-window.ts';
import { hash, optionalSignKey } from '../shapes.ts';
import { stateTable } from '../table.ts';

/** Id: the consent. A patient's permission as the ledger holds it; who and what stay behind `bodyHash`. */
const consent = tailed(
  {
    account: accountId,
    bodyHash: hash,
    notBeforeMs: uint,
    notAfterMs: uint,
    /** Empty: no writing under this grant. */
    writeKey: optionalSignKey,
    grantedHeight: uint,
    /** 0: not revoked by an act; the account may have ended it all the same (`endedGrants`). */
    revokedHeight: uint,
    /** How often the grant was served, and the hash chain over the entries: docs/protocol/consent.md C-8. */
    looks: uint,
    lookChain: hash,
    /** Numbers used by the write key. */
    window: nonceWindow,
  },
  {
    /** `keyGeneration` of the account when the write key was set: a rotation ends it. */
    writeKeyGeneration: uint,
  },
  { writeKeyGeneration: 0 },
);
export type Consent = Of<typeof consent>;

export const consents = stateTable('consents', consent);
