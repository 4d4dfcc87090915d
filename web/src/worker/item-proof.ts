import { bareMediaType, type Content } from '@salus/salus/sdk/browser';
import { hexOf, sha256Of } from './hash.ts';

/** What shows that an entry is what its author signed, and since when it stands where it stands. */
export interface ItemProofView {
  readonly account: string;
  /** Hex. */
  readonly authorKey: string;
  readonly writtenMs: number;
  readonly height: number;
  readonly timeMs: number;
  readonly txId: string;
  readonly recordId: string;
  /** Hex, of the bytes as they came. */
  readonly sha256: string;
  readonly bytes: number;
  readonly mediaType: string;
}

/** `anchor`: where the ledger has it. */
export async function itemProof(
  { head, bytes }: Pick<Content, 'head' | 'bytes'>,
  anchor: Pick<ItemProofView, 'height' | 'timeMs' | 'txId'>,
): Promise<ItemProofView> {
  const { height, timeMs, txId } = anchor;
  return {
    ...{ height, timeMs, txId, recordId: head.recordId, writtenMs: head.writtenMs },
    account: head.author,
    authorKey: hexOf(head.authorKey),
    sha256: await sha256Of(bytes),
    bytes: bytes.length,
    mediaType: bareMediaType(head.mediaType),
  };
}
