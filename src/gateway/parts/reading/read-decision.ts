import type { GrantBody } from '../../../api/grant-body.ts';
import { maxRequestAgeMs, type ReadRequest } from '../../../api/read-request.ts';
import type { Code } from '../../../codes/index.ts';
import type { Consent } from '../../../ledger/tables/consents.ts';
import type { AccountId } from '../../../primitives/ids.ts';
import type { StoredItem } from '../custody/stored-row.ts';

/** What the decision rests on; everything was looked up before. */
export interface ReadFacts {
  readonly request: Pick<ReadRequest, 'organisation' | 'reader' | 'purpose' | 'issuedMs' | 'what'>;
  /** Undefined: the ledger has no such consent. */
  readonly consent:
    | Pick<Consent, 'account' | 'notBeforeMs' | 'notAfterMs' | 'revokedHeight'>
    | undefined;
  /** Undefined: what the reader showed does not hash to what the ledger has. */
  readonly body: GrantBody | undefined;
  /** The hospital that keeps the patient's rows. */
  readonly custodian: AccountId | undefined;
  readonly nowMs: number;
}

/**
 * May this reader look, as far as can be known before the block? Undefined: yes, ask the ledger. The ledger
 * has the last word about a grant that ends meanwhile. Every missing fact is a no.
 * Source: docs/protocol/reading.md, rule R-6; read-decision.test.ts is the table.
 */
export function decideRead({
  request,
  consent,
  body,
  custodian,
  nowMs,
}: ReadFacts): Code | undefined {
  if (Math.abs(nowMs - request.issuedMs) > maxRequestAgeMs) return 'REQUEST_STALE';
  if (consent === undefined) return 'CONSENT_UNKNOWN';
  if (body === undefined || body.account !== consent.account) return 'GRANT_BODY_WRONG';
  if (body.grantee !== request.reader) return 'NOT_SHARED';
  if (custodian !== request.organisation) return 'NOT_FOUND';
  if (consent.revokedHeight !== 0 || nowMs >= consent.notAfterMs) return 'CONSENT_ENDED';
  if (nowMs < consent.notBeforeMs) return 'CONSENT_NOT_LIVE';
  if (!body.purposes.includes(request.purpose)) return 'PURPOSE_NOT_GRANTED';
  if (body.readClasses.length === 0) return 'CLASS_NOT_GRANTED';
  if (request.what.kind === 'records' && body.recordIds.length > 0) {
    const granted = new Set(body.recordIds);
    if (!request.what.recordIds.some((id) => granted.has(id))) return 'RECORD_NOT_GRANTED';
  }
  return undefined;
}

/**
 * Whether the grant covers an item. What it does not cover is left out of the answer like what does not exist:
 * a reader who may not see an item learns nothing about it. Erased items are left out for readers as well.
 */
export function isCovered(item: StoredItem, body: GrantBody): boolean {
  return (
    body.readClasses.some((granted) => granted === item.recordClass) &&
    (body.recordIds.length === 0 || body.recordIds.includes(item.recordId)) &&
    item.timeMs >= body.fromMs
  );
}
