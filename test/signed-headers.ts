import {
  type Commit,
  commitSignBytes,
  emptyRoot,
  voteForBlock,
} from '../src/ledger/chain/commit.ts';
import { type Header, headerHashBytes, noBlockId } from '../src/ledger/chain/header.ts';
import type { SignedHeaderParts } from '../src/ledger/chain/light-client.ts';
import { timestampOfMs, zeroTime } from '../src/ledger/chain/timestamp.ts';
import {
  type Validator,
  validatorAddress,
  validatorsHash,
} from '../src/ledger/chain/validators.ts';

/** A validator whose key is at hand. */
export interface Signer extends Validator {
  readonly sign: (bytes: Uint8Array) => Uint8Array | Promise<Uint8Array>;
}

export const headersChain = 'test-1';

/** A header that this set makes and hands on to itself; each comes a millisecond after the last. */
export function headerOf(
  height: number,
  set: readonly Validator[],
  fields: Partial<Header> = {},
): Header {
  return {
    version: { block: 11, app: 1 },
    chainId: headersChain,
    height,
    time: timestampOfMs(1_000_000 + height),
    lastBlockId: noBlockId,
    lastCommitHash: emptyRoot,
    dataHash: emptyRoot,
    validatorsHash: validatorsHash(set),
    nextValidatorsHash: validatorsHash(set),
    consensusHash: emptyRoot,
    appHash: emptyRoot,
    lastResultsHash: emptyRoot,
    evidenceHash: emptyRoot,
    proposerAddress: new Uint8Array(20),
    ...fields,
  };
}

/** Signs as the first `votes` of the set; the others are absent. */
export async function signedHeader(
  of: Header,
  set: readonly Signer[],
  votes = set.length,
): Promise<SignedHeaderParts> {
  const hash = headerHashBytes(of);
  const blockId = { hash, parts: { total: 1, hash } };
  const empty: Commit = { height: of.height, round: 0, blockId, signatures: [] };
  const none = new Uint8Array(0);
  const signatures = await Promise.all(
    set.map(async ({ publicKey, sign }, i) => {
      if (i >= votes) return { flag: 1, address: none, time: zeroTime, signature: none };
      const unsigned = { flag: voteForBlock, time: of.time, signature: none };
      const vote = { ...unsigned, address: validatorAddress(publicKey) };
      return { ...vote, signature: await sign(commitSignBytes(headersChain, empty, vote)) };
    }),
  );
  return { header: of, commit: { ...empty, signatures }, validators: set };
}
