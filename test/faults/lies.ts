import {
  Response,
  ResponseProcessProposal_ProposalStatus,
} from 'cosmjs-types/tendermint/abci/types';
import { randomBytes } from '../../src/crypto/random.ts';
import type { Answer } from '../../src/engines/cometbft/abci/server.ts';
import type { Random } from '../crash/random.ts';

const kib = 1024;

/** What a liar proposes, given what an honest proposer would. */
const lies = {
  /** Bytes that are no transaction. */
  garbage: (txs: Uint8Array[]) => [randomBytes(300), ...txs, randomBytes(1), new Uint8Array(0)],
  /** The same transactions twice. */
  twice: (txs: Uint8Array[]) => [...txs, ...txs],
  /** More bytes than a block may have. */
  oversize: (txs: Uint8Array[]) => [
    ...txs,
    ...Array.from({ length: 40 }, () => randomBytes(60 * kib)),
  ],
  /** Transactions that were in blocks before. */
  old: (txs: Uint8Array[], seen: readonly Uint8Array[]) => [...seen.slice(-20), ...txs],
  /** Transactions with a bit of their signature turned, which can be read all the same. */
  forged: (txs: Uint8Array[]) => txs.map(withOtherSignature),
  /** Nothing, for ever: others' transactions wait for another proposer. */
  nothing: () => [],
} as const satisfies Readonly<
  Record<string, (txs: Uint8Array[], seen: readonly Uint8Array[]) => Uint8Array[]>
>;
/** Rarely `oversize`: the liar's own node ends for it, and lies no more until it is begun again. */
const weights = { garbage: 3, twice: 3, oversize: 1, old: 3, forged: 3, nothing: 2 } as const;

/** A validator's application that proposes lies, and finds every proposal right. */
export function lying(honest: Answer, random: Random): Answer {
  const seen: Uint8Array[] = [];
  return async (request) => {
    if (request.finalizeBlock !== undefined) seen.push(...request.finalizeBlock.txs);
    if (request.processProposal !== undefined) {
      const { ACCEPT } = ResponseProcessProposal_ProposalStatus;
      return Response.fromPartial({ processProposal: { status: ACCEPT } });
    }
    const response = await honest(request);
    const { prepareProposal } = response;
    if (prepareProposal === undefined) return response;
    const lie = random.weighted(weights);
    process.stderr.write(`proposes ${lie}\n`);
    const txs = lies[lie]([...prepareProposal.txs], seen);
    return Response.fromPartial({ prepareProposal: { txs } });
  };
}

/** The signature stands at the end of a transaction with one. */
function withOtherSignature(tx: Uint8Array): Uint8Array {
  const forged = Uint8Array.from(tx);
  forged[forged.length - 1] = (forged.at(-1) ?? 0) ^ 1;
  return forged;
}
