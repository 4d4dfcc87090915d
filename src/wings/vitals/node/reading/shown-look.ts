import { decodeGrantBody, type GrantBody, grantBodyHash } from '../../../../api/grant-body.ts';
import { decodeReadRequest, type ReadRequest } from '../../../../api/read-request.ts';
import { decodeSigned } from '../../../../api/signed.ts';
import type { ReceiptVerdict } from '../../../../ledger/chain/receipt.ts';
import { readTxBody } from '../../../../ledger/codec.ts';
import { accounts } from '../../../../ledger/tables/accounts.ts';
import { type Consent, consents } from '../../../../ledger/tables/consents.ts';
import { equalBytes } from '../../../../primitives/bytes.ts';
import { decodeCbor, readArray, readBytes } from '../../../../primitives/cbor.ts';
import { CodedError } from '../../../../primitives/errors.ts';
import type { DataServerBase } from '../data-server-base.ts';
import type { ReadingFacts, ShownLook } from './reading-decision.ts';

/** What this server's own view of the ledger says of a look. */
export type Looked = Pick<ReadingFacts, 'look' | 'consent' | 'patient' | 'body' | 'nowMs'>;

/** Of the receipt of a look. Throws LOOK_WRONG, RECEIPT_INVALID, TRUST_ROOT_WRONG, CONDITION_UNKNOWN. */
export async function lookedUnder(
  { ledger, now }: Pick<DataServerBase, 'ledger' | 'now'>,
  receipt: Uint8Array,
): Promise<Looked> {
  const look = shownLook(await ledger.receipt(receipt));
  const consent = await ledger.row(consents, look.request.consent);
  return {
    ...{ look, consent, nowMs: Math.max(now(), look.timeMs) },
    body: consent === undefined ? undefined : bodyShown(look.request, consent),
    patient: consent === undefined ? undefined : await ledger.row(accounts, consent.account),
  };
}

/**
 * The look that a receipt shows: one entry of the one act of an AccessLog, by the organisation that the reader asked,
 * answered 1. Throws LOOK_WRONG.
 */
function shownLook({
  tx,
  code,
  data,
  claim,
  timeMs,
}: ReceiptVerdict): ShownLook & { readonly request: ReadRequest } {
  const { acts, sender } = readTxBody(tx);
  const [act] = acts;
  const isLog = acts.length === 1 && act !== undefined && 'kind' in act && act.kind === 'AccessLog';
  if (!isLog || code !== 0 || claim?.kind !== 'entry' || claim.act !== 0) {
    throw new CodedError('LOOK_WRONG');
  }
  const entries = act.entries.length;
  const bits = readBytes(readArray(decodeCbor(data), 'result data')[0], 'bits', entries);
  const request = decodeReadRequest(decodeSigned(claim.signedRequest).bytes);
  const isOfConsent = act.entries[claim.entry]?.consent === request.consent;
  if (bits[claim.entry] !== 1 || request.organisation !== sender || !isOfConsent) {
    throw new CodedError('LOOK_WRONG');
  }
  return { request, timeMs };
}

/** Undefined when the shown body is not what the ledger's hash stands for. Throws CONDITION_UNKNOWN. */
function bodyShown(
  { grantBody, grantSalt }: ReadRequest,
  { bodyHash }: Consent,
): GrantBody | undefined {
  const isShown = equalBytes(grantBodyHash(grantSalt, grantBody), bodyHash);
  return isShown ? decodeGrantBody(grantBody) : undefined;
}
