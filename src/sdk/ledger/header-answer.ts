import { bytesOfText } from '../../api/message-parts.ts';
import type { HeaderAnswer } from '../../api/tx.ts';
import { decodeCommit } from '../../ledger/chain/commit.ts';
import { decodeHeader } from '../../ledger/chain/header.ts';
import type { SignedHeaderParts } from '../../ledger/chain/light-client.ts';
import { CodedError, isCoded } from '../../primitives/errors.ts';

/** Header, votes and validators as a gateway sends them; nothing is verified. Throws HEADER_INVALID, GATEWAY_LIED. */
export function headerPartsOf({ header, commit, validators }: HeaderAnswer): SignedHeaderParts {
  return {
    header: decodeHeader(bytesOfAnswer(header)),
    commit: decodeCommit(bytesOfAnswer(commit)),
    validators: validators.map(({ publicKey, power }) => ({
      publicKey: bytesOfAnswer(publicKey, 32),
      power,
    })),
  };
}

/** Bytes that a gateway sent. Throws GATEWAY_LIED: no bytes, or not so many. */
export function bytesOfAnswer(text: string, length?: number): Uint8Array {
  try {
    return bytesOfText(text, length);
  } catch (cause) {
    if (!isCoded(cause, 'REQUEST_INVALID')) throw cause;
    throw new CodedError('GATEWAY_LIED', {}, cause);
  }
}
