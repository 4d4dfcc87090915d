import { codeShape } from '../../api/look.ts';
import type { Code } from '../../codes/index.ts';
import { optionalConsent } from '../../ledger/shapes.ts';
import type { AccountId, ConsentId, RecordId, TxId } from '../../primitives/ids.ts';
import {
  accountId,
  bytes,
  choice,
  consentId,
  hexId,
  list,
  type Of,
  recordId,
  text,
  txId,
  uint,
} from '../../primitives/shape.ts';

/** One thing that was done, or tried, with this person's records. */
export type Noticed =
  | {
      readonly kind: 'look';
      readonly inboxId: number;
      readonly reader: AccountId;
      readonly consent: ConsentId;
      readonly purpose: string;
      readonly servedBy: AccountId;
      readonly servedMs: number;
      readonly recordIds: readonly RecordId[];
      readonly txId: TxId;
      readonly height: number;
      /** Hex; the look's name on the ledger: one for each. */
      readonly entryHash: string;
      /** Hex; SHA-256 of the reader's signed request, which serves once. */
      readonly requestHash: string;
    }
  | {
      readonly kind: 'refusal';
      readonly inboxId: number;
      readonly reader: AccountId;
      readonly consent: ConsentId;
      readonly code: Code;
      readonly refusedMs: number;
      /** Undefined until the batch of its minute is anchored. */
      readonly txId: TxId | undefined;
      readonly height: number | undefined;
    }
  /** How often the reader was refused in an hour, beyond what was told one by one. */
  | {
      readonly kind: 'refusals';
      readonly inboxId: number;
      readonly reader: AccountId;
      readonly consent: ConsentId | '';
      readonly count: number;
      readonly firstMs: number;
      readonly lastMs: number;
      readonly txId: TxId | undefined;
      readonly height: number | undefined;
    }
  | {
      readonly kind: 'erased';
      readonly inboxId: number;
      readonly holder: AccountId;
      readonly leaf: Uint8Array;
      readonly erasedMs: number;
      readonly txId: TxId | undefined;
      readonly height: number | undefined;
    }
  /** A notice that does not verify: shown, never believed. */
  | { readonly kind: 'doubtful'; readonly inboxId: number; readonly code: Code };

const hash = hexId(32);
const place = { inboxId: uint, txId, height: uint } as const;

/** A notice that stands on the ledger, without its receipt: what a device keeps of those that it has checked. */
export const keptNotice = choice({
  look: [
    0,
    {
      ...place,
      reader: accountId,
      consent: consentId,
      purpose: text(16),
      servedBy: accountId,
      servedMs: uint,
      recordIds: list(recordId),
      entryHash: hash,
      requestHash: hash,
    },
  ],
  refusal: [
    1,
    { ...place, reader: accountId, consent: consentId, code: codeShape, refusedMs: uint },
  ],
  refusals: [
    2,
    {
      ...place,
      reader: accountId,
      consent: optionalConsent,
      count: uint,
      firstMs: uint,
      lastMs: uint,
    },
  ],
  erased: [3, { ...place, holder: accountId, leaf: bytes(), erasedMs: uint }],
});
export type KeptNotice = Of<typeof keptNotice>;

/** Whether nothing about it changes any more. */
export function isSettled(notice: Noticed): notice is KeptNotice {
  return notice.kind !== 'doubtful' && notice.txId !== undefined;
}
