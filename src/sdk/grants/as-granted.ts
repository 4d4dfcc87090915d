import { decodeGrantBody, grantBodyHash } from '../../api/grant-body.ts';
import type { Consent } from '../../ledger/tables/consents.ts';
import { equalBytes } from '../../primitives/bytes.ts';
import type { OwnGrant } from '../wallet/content.ts';

/**
 * Whether the ledger has this grant, with these terms and for this grantee: whoever once wrote into the wallet may have
 * invented it, or put himself in another's place. Source: docs/protocol/grants.md, rule G-16.
 */
export function isAsGranted(grant: OwnGrant, row: Consent | undefined): boolean {
  const { account, grantee, body, salt, notBeforeMs, notAfterMs } = grant;
  return (
    row !== undefined &&
    row.account === account &&
    row.notBeforeMs === notBeforeMs &&
    row.notAfterMs === notAfterMs &&
    equalBytes(row.bodyHash, grantBodyHash(salt, body)) &&
    decodeGrantBody(body).grantee === grantee
  );
}
