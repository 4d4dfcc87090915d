import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type LedgerApplication,
  openLedgerApplication,
} from '../../engines/ledger-application/open.ts';
import { TxVerifier } from '../../engines/ledger-application/verify-tx.ts';
import { VerifyPool } from '../../engines/threads/verify-pool.ts';
import { resultLeaf } from '../../ledger/chain/block-leaves.ts';
import { msOfTimestamp } from '../../ledger/chain/timestamp.ts';
import { parseTrustRoot } from '../../ledger/chain/trust-root.ts';
import { parseGenesis } from '../../ledger/genesis.ts';
import { readIncomingTx } from '../../ledger/incoming.ts';
import { bytesToHex, equalBytes } from '../../primitives/bytes.ts';
import { CodedError } from '../../primitives/errors.ts';
import { GatewayClient } from '../../sdk/client/gateway-client.ts';
import { Http } from '../../sdk/client/http.ts';
import { type WalkedBlock, walkBlocks } from '../../sdk/ledger/block-walk.ts';
import { provenGenesis } from '../../sdk/ledger/proven-genesis.ts';
import { batchesAhead, checksBy } from '../ledger.ts';

/** What of a ledger elsewhere was hashed, and what of it executed again. */
export interface VerifiedBlocks {
  readonly chain: string;
  readonly height: number;
  readonly headerHash: string;
  readonly txs: number;
  /** Transactions of which only the hashes were shown: their log is not open to who asked. */
  readonly heldBack: number;
  /** Up to which block every transaction was executed again and gave the state that is signed. */
  readonly executed: number;
  readonly logs: { readonly user: number; readonly doc: number };
}

export interface VerifyBlocksOptions {
  readonly url: string;
  readonly trustRootJson: string;
  /** Who is signed in at that hospital; missing: asked as anybody. */
  readonly signedIn?: GatewayClient;
  readonly signal: AbortSignal;
  readonly onProgress: (what: string) => void;
}

/**
 * Verifies a whole ledger that a hospital elsewhere serves, with nothing but the trust root: every block is hashed
 * (`walkBlocks`), every transaction that is shown is held to its signatures, and up to the first that is held back
 * all are executed again. Throws what `walkBlocks` throws, TRUST_ROOT_WRONG (another genesis).
 */
export async function verifyRemoteBlocks(options: VerifyBlocksOptions): Promise<VerifiedBlocks> {
  const { url, signedIn, signal, onProgress } = options;
  const trustRoot = parseTrustRoot(options.trustRootJson);
  const gateway = new GatewayClient(new Http(url));
  const genesis = await provenGenesis(gateway, trustRoot, signal);
  const folder = mkdtempSync(join(tmpdir(), 'salus-verify-'));
  const curves = new VerifyPool({ batches: batchesAhead });
  const again = await Execution.open(join(folder, 'state.db'), genesis, curves);
  try {
    const seen = { txs: 0, heldBack: 0, height: 0, headerHash: '' };
    const { logs } = await walkBlocks(gateway, trustRoot, {
      ...(signedIn !== undefined && { signedIn }),
      signal,
      onBlock: async (walked, last) => {
        await again.take(walked);
        const { txs, height } = walked.block;
        seen.txs += txs.length;
        seen.heldBack += txs.filter(({ body }) => body.length === 0).length;
        Object.assign(seen, { height, headerHash: bytesToHex(walked.headerHash) });
        if (height % 50 === 0 || height === last) onProgress(`block ${height} of ${last}`);
      },
    });
    const sizes = { user: logs.user.size, doc: logs.doc.size };
    return { chain: trustRoot.chain, ...seen, executed: again.height, logs: sizes };
  } finally {
    again.close();
    await curves.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The rules run again over what is shown, as far as all of it is. */
class Execution {
  /** The last block that gave the state which the header after it carries. */
  height = 0;
  readonly #application: LedgerApplication;
  readonly #verifier: TxVerifier;
  readonly #maxTxBytes: number;
  #isOver = false;

  private constructor(application: LedgerApplication, verifier: TxVerifier, maxTxBytes: number) {
    this.#application = application;
    this.#verifier = verifier;
    this.#maxTxBytes = maxTxBytes;
  }

  static async open(path: string, genesis: Uint8Array, curves: VerifyPool): Promise<Execution> {
    const verify = checksBy(curves);
    const application = await openLedgerApplication({ path, genesis, verify, isScratch: true });
    const { limits } = parseGenesis(genesis);
    return new Execution(application, new TxVerifier(verify), limits.maxTxBytes);
  }

  async take(walked: WalkedBlock): Promise<void> {
    this.#isOver ||= walked.block.txs.some(({ body }) => body.length === 0);
    if (this.#isOver) await this.#requireSigned(walked);
    else await this.#execute(walked);
  }

  async #execute({ block, parts, next }: WalkedBlock): Promise<void> {
    const { height } = block;
    const broken = (what: string) => new CodedError('LEDGER_CORRUPT', { height, what });
    const before = parts.header.appHash;
    if (!equalBytes(this.#application.info().appHash, before)) throw broken('state');
    const txs = block.txs.flatMap(({ body }) => body.map(({ tx }) => tx));
    const timeMs = msOfTimestamp(parts.header.time);
    const { evidence: misbehaviour } = block;
    const output = await this.#application.finalizeBlock({ height, timeMs, txs, misbehaviour });
    const isSame = block.txs.every(({ resultHash }, at) => {
      const result = output.results[at];
      return result !== undefined && equalBytes(resultLeaf(result), resultHash);
    });
    if (!isSame) throw broken('result');
    // Of the newest block it is known only where it left the state as it was: the next header is still to come.
    const isIdle = txs.length === 0 && misbehaviour.length === 0;
    const after = next?.header.appHash ?? (isIdle ? before : undefined);
    if (after === undefined) return;
    if (!equalBytes(output.appHash, after)) throw broken('state');
    this.#application.commit();
    this.height = height;
  }

  /** What was accepted was signed by who says so, whatever the state was. */
  async #requireSigned({ block }: WalkedBlock): Promise<void> {
    const accepted = block.txs.filter((it) => it.accepted).flatMap(({ body }) => body);
    for (const { tx } of accepted) {
      const judged = await this.#verifier.verify(readIncomingTx(tx, this.#maxTxBytes));
      if (!('verdict' in judged) || !judged.verdict.isSigned) {
        throw new CodedError('LEDGER_CORRUPT', { height: block.height, what: 'signature' });
      }
    }
  }

  close(): void {
    this.#application.close();
  }
}
