import { CodedError } from '../../primitives/errors.ts';
import type { AccountId } from '../../primitives/ids.ts';
import type { SignerDirectory } from '../ledger/proven-ledger.ts';

/** Whether the directory had this signing key for the account at this height. */
export async function wasKeyOf(
  ledger: Pick<SignerDirectory, 'identityOfKey'>,
  {
    author,
    publicKey,
    height,
  }: { readonly author: AccountId; readonly publicKey: Uint8Array; readonly height: number },
  signal?: AbortSignal,
): Promise<boolean> {
  try {
    const held = await ledger.identityOfKey(author, publicKey, height, signal);
    if (held === undefined) return false;
    const { fromHeight, untilHeight } = held;
    return fromHeight <= height && (untilHeight === 0 || height <= untilHeight);
  } catch (error) {
    if (error instanceof CodedError && error.code === 'ACCOUNT_UNKNOWN') return false;
    throw error;
  }
}
