import { checkReceiptFile, explainReceipt } from '@salus/salus/sdk/browser';
import { type PersonView, peopleOf } from './people.ts';
import type { Session } from './session.ts';
import { hospitalOf } from './site.ts';

/** A file for the person to keep; its bytes leave the worker because they are proofs, and no keys. */
export interface SavedFile {
  readonly fileName: string;
  readonly bytes: ArrayBuffer;
}

/** What a receipt says that this browser has checked against the ledger that the wallet believes. */
export interface ProofView {
  /** By block time. */
  readonly ms: number;
  readonly log: string;
  readonly height: number;
  readonly txId: string;
  readonly headerHash: string;
  /** Who sent what is proven: a person, or undefined for a hospital. */
  readonly sender: PersonView | undefined;
  /** Title of the hospital that sent it; undefined: a person did, or it answers elsewhere. */
  readonly hospital: string | undefined;
  /** 0 and 0: one operator vouches, and nobody beside. */
  readonly witnesses: number;
  readonly validators: number;
  /** The twelve words of the ledger, to compare. */
  readonly trustWords: readonly string[];
}

/** Checks a receipt, alone or with names, and tells it. Throws RECEIPT_INVALID, TRUST_ROOT_WRONG. */
export async function proofOf(session: Session, receipt: Uint8Array): Promise<ProofView> {
  const trustRootJson = session.person.trustRootJson(session.account.account);
  const { verdict, trustWords } = await checkReceiptFile(receipt, { trustRootJson });
  const { sender, log } = explainReceipt(verdict);
  const hospital = (await hospitalOf(sender).catch(() => undefined))?.title;
  const personOf = await peopleOf(session, hospital === undefined ? [sender] : []);
  const { timeMs: ms, height, txId, headerHash, witnesses, validatorsTotal } = verdict;
  return {
    ...{ ms, log, height, txId, headerHash, hospital, witnesses, trustWords },
    sender: hospital === undefined ? personOf(sender) : undefined,
    validators: validatorsTotal > 1 ? validatorsTotal : 0,
  };
}

/** A copy of the bytes that no other view shares. */
export const bufferOf = (bytes: Uint8Array): ArrayBuffer => new Uint8Array(bytes).buffer;
