import { maxReceiptBytes } from '../ledger/chain/receipt.ts';
import { ledgerObjects, suite } from '../ledger/object-types.ts';
import { CodedError, isCoded } from '../primitives/errors.ts';
import {
  bytes,
  decodeAs,
  encodeAs,
  list,
  type Of,
  struct,
  text,
  typed,
} from '../primitives/shape.ts';

/** A receipt, a genesis and 64 people fit with room to spare. */
export const maxBundleBytes = 16 * 1024 * 1024;
export const maxPeopleOfBundle = 64;
const maxTrustRootLength = 16 * 1024;

const person = struct({
  /** `[bytes, signature]`, as people give it to each other (api/card.ts). */
  card: bytes(),
  /** Of the transaction that enrolled the account: it holds the hash of what the card says. */
  enrolment: bytes(),
});

/**
 * A receipt with what makes it readable for somebody who knows nobody in it: who the accounts are, each proven by the
 * ledger itself, and how the ledger is told from others.
 * Source: docs/protocol/receipts.md, rule R-12.
 */
const receiptBundle = typed(suite, ledgerObjects.receiptBundle, {
  receipt: bytes(),
  /** JSON of R-5: for who has none, and then only as good as its words. */
  trustRoot: text(maxTrustRootLength),
  /** The hospitals by name, and the first validators. */
  genesis: bytes(),
  people: list(person, { most: maxPeopleOfBundle }),
});
export type ReceiptBundle = Of<typeof receiptBundle>;

export function encodeReceiptBundle(bundle: ReceiptBundle): Uint8Array {
  return encodeAs(receiptBundle, bundle);
}

/** Whether bytes say of themselves that they are a bundle and no plain receipt: `[suite, 22, ...]`. */
export function isReceiptBundle(encoded: Uint8Array): boolean {
  return encoded[1] === suite && encoded[2] === ledgerObjects.receiptBundle;
}

/** Throws RECEIPT_INVALID (reason size, encoding). */
export function decodeReceiptBundle(encoded: Uint8Array): ReceiptBundle {
  const invalid = (reason: string, cause?: unknown) =>
    new CodedError('RECEIPT_INVALID', { reason }, cause);
  if (encoded.length > maxBundleBytes) throw invalid('size');
  try {
    const bundle = decodeAs(receiptBundle, encoded, 'bundle');
    if (bundle.people.some((it) => it.enrolment.length > maxReceiptBytes)) throw invalid('size');
    return bundle;
  } catch (cause) {
    if (!isCoded(cause) || isCoded(cause, 'RECEIPT_INVALID')) throw cause;
    throw invalid('encoding', cause);
  }
}
