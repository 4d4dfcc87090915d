import { textOfBytes } from '../../api/message-parts.ts';
import { blockWholeGet } from '../../api/routes/block-whole-get.ts';
import { headerGet } from '../../api/routes/header-get.ts';
import { txPost } from '../../api/routes/tx-post.ts';
import type { HeaderAnswer } from '../../api/tx.ts';
import { sha256 } from '../../crypto/hash.ts';
import type { SignedHeader } from '../../engines/engine.ts';
import type { LedgerSource } from '../../engines/follower/source.ts';
import { decodeShownBlock } from '../../ledger/chain/shown-block.ts';
import { refusalNumber, refusals } from '../../ledger/refusals.ts';
import { CodedError, isCoded } from '../../primitives/errors.ts';
import { txIdOf } from '../../primitives/ids.ts';
import type { GatewayClient } from '../../sdk/client/gateway-client.ts';
import { bytesOfAnswer } from '../../sdk/ledger/header-answer.ts';

/** The ledger at its operator's gateway, as one who is signed in there as a member sees it. Nothing of it is verified here. */
export class OperatorSource implements LedgerSource {
  readonly #gateway: GatewayClient;

  /** Signed in: both logs are open to an organisation. */
  constructor(gateway: GatewayClient) {
    this.#gateway = gateway;
  }

  newest(): Promise<SignedHeader> {
    return this.#header('latest');
  }

  signedHeader(height: number): Promise<SignedHeader> {
    return this.#header(height);
  }

  async #header(height: number | 'latest'): Promise<SignedHeader> {
    return signedOf(await passing(this.#gateway.call(headerGet, { params: { height } })));
  }

  /** Throws FORBIDDEN: a transaction is held back, so this is no member's session. */
  async block(height: number) {
    const bytes = await passing(this.#gateway.call(blockWholeGet, { params: { height } }));
    const bodies = decodeShownBlock(bytes, height).txs.map(({ body: [whole] }) => {
      if (whole === undefined) throw new CodedError('FORBIDDEN', { height });
      return whole;
    });
    return {
      txs: bodies.map(({ tx }) => tx),
      results: bodies.map(({ code, data }) => ({ code, data })),
    };
  }

  /** What becomes of it is known here when its block was executed here. */
  async submit(tx: Uint8Array) {
    const txId = txIdOf(sha256(tx));
    try {
      await this.#gateway.call(txPost, { query: { waitMs: 0 }, body: { tx: textOfBytes(tx) } });
    } catch (error) {
      const code = refusedAtOnce(error);
      if (code === undefined) throw error;
      return { code, txId };
    }
    return { code: 0, txId };
  }
}

/** What says nothing of the ledger is asked again: too many questions at once, a session that ran out on the way. */
async function passing<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    if (!isCoded(error, 'SESSION_EXPIRED') && !isCoded(error, 'RATE_LIMITED')) throw error;
    throw new CodedError('GATEWAY_UNREACHABLE', {}, error);
  }
}

/**
 * The number with which CheckTx refused; 0: it waits, or stands in a block already, whatever became of it there; undefined: it was
 * not taken in.
 */
function refusedAtOnce(error: unknown): number | undefined {
  if (!isCoded(error)) return undefined;
  if (error.code === 'COMMIT_TIMEOUT') return 0;
  const refusal = refusals.find((it) => it.code === error.code);
  if (refusal === undefined || error.details.txId === undefined) return undefined;
  return error.details.act === undefined ? refusalNumber(refusal.code) : 0;
}

function signedOf({ height, header, commit, validators }: HeaderAnswer): SignedHeader {
  return {
    height,
    header: bytesOfAnswer(header),
    commit: bytesOfAnswer(commit),
    validators: validators.map(({ publicKey, power }) => ({
      publicKey: bytesOfAnswer(publicKey, 32),
      power,
    })),
  };
}

/** As a gateway answers it, for who keeps evidence. */
export const answerOf = ({ height, header, commit, validators }: SignedHeader): HeaderAnswer => ({
  height,
  header: textOfBytes(header),
  commit: textOfBytes(commit),
  validators: validators.map(({ publicKey, power }) => ({
    publicKey: textOfBytes(publicKey),
    power,
  })),
});
