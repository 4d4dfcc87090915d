import { randomInt } from 'node:crypto';
import { textOfBytes } from '../api/message-parts.ts';
import { txPost } from '../api/routes/tx-post.ts';
import { labels } from '../crypto/labels.ts';
import { signLabelled, verifyVote } from '../crypto/signature.ts';
import { verifyReceipt } from '../ledger/chain/receipt.ts';
import { parseTrustRoot, type TrustRoot } from '../ledger/chain/trust-root.ts';
import { encodeTx, encodeTxBody, txIdOfBytes } from '../ledger/codec.ts';
import { type Genesis, parseGenesis } from '../ledger/genesis.ts';
import { suite } from '../ledger/object-types.ts';
import type { Act } from '../ledger/protocol.ts';
import { refusalOf } from '../ledger/refusals.ts';
import type { StateTable } from '../ledger/table.ts';
import type { Account } from '../ledger/tables/accounts.ts';
import { equalBytes } from '../primitives/bytes.ts';
import { CodedError } from '../primitives/errors.ts';
import type { AccountId, TxId } from '../primitives/ids.ts';
import { GatewayClient } from '../sdk/client/gateway-client.ts';
import { Http } from '../sdk/client/http.ts';
import { provenGenesis } from '../sdk/ledger/proven-genesis.ts';
import { ProvenLedger } from '../sdk/ledger/proven-ledger.ts';
import { maxStateAgeMs } from '../sdk/ledger/proven-rows.ts';
import type { HeldKey } from './home-members.ts';

/** What an organisation sent and stands on the ledger, by its verified receipt. */
export interface TakenTx {
  readonly txId: TxId;
  readonly height: number;
}

const validMs = 60_000;
const waitMs = 30_000;
/** The gateway of the organisation takes the next numbers meanwhile. */
const nonceSpread = 128;

/**
 * The ledger behind a running gateway, believed as a device of a person believes it, by proofs to the trust root; and
 * what an organisation sends there by its own key.
 * Throws GATEWAY_UNREACHABLE, TRUST_ROOT_WRONG (the gateway's genesis is another), PROOF_INVALID, HEADER_INVALID,
 * LEDGER_OLD, and what the gateway refuses.
 */
export class OrganisationDesk {
  readonly genesis: Genesis;
  readonly ledger: ProvenLedger;
  readonly #gateway: GatewayClient;
  readonly #trustRoot: TrustRoot;
  readonly #signal: AbortSignal;

  private constructor(
    gateway: GatewayClient,
    genesis: Genesis,
    trustRoot: TrustRoot,
    signal: AbortSignal,
  ) {
    this.#gateway = gateway;
    this.ledger = new ProvenLedger(gateway, trustRoot);
    this.#trustRoot = trustRoot;
    this.#signal = signal;
    this.genesis = genesis;
  }

  static async open(
    url: string,
    trustRootJson: string,
    signal: AbortSignal,
  ): Promise<OrganisationDesk> {
    const trustRoot = parseTrustRoot(trustRootJson);
    const gateway = new GatewayClient(new Http(url));
    const genesis = parseGenesis(await provenGenesis(gateway, trustRoot, signal));
    return new OrganisationDesk(gateway, genesis, trustRoot, signal);
  }

  /** Of the newest block that is shown. */
  async height(): Promise<number> {
    return (await this.ledger.headers.latest(this.#signal)).height;
  }

  /** A row as it stands now. */
  row<Row>(table: StateTable<Row>, id: string): Promise<Row | undefined> {
    return this.ledger.row(table, id, { signal: this.#signal, maxAgeMs: maxStateAgeMs });
  }

  accountOf(account: AccountId): Promise<Account> {
    return this.ledger.currentAccount(account, this.#signal);
  }

  /**
   * Sends acts by the key of one organisation, and believes their commit by its receipt. Throws the ledger's refusal,
   * COMMIT_TIMEOUT, RECEIPT_INVALID, GATEWAY_LIED.
   */
  async send(acts: readonly Act[], sender: HeldKey): Promise<TakenTx> {
    const tx = await this.#signedTx(acts, sender);
    await this.#gateway.call(txPost, {
      query: { waitMs },
      body: { tx: textOfBytes(tx) },
      timeoutMs: 2 * waitMs,
      signal: this.#signal,
    });
    return this.#receiptOf(tx);
  }

  async #signedTx(acts: readonly Act[], sender: HeldKey): Promise<Uint8Array> {
    const { window } = await this.accountOf(sender.account);
    const body = {
      suite,
      chainId: this.genesis.chainId,
      log: 'user' as const,
      sender: sender.account,
      nonce: window.top + randomInt(1, nonceSpread + 1),
      validUntilMs: Math.max(Date.now(), this.ledger.tip.timeMs) + validMs,
      acts,
    };
    const key = sender.signingKey;
    const signature = await signLabelled(key, labels.txSign, encodeTxBody(body));
    return encodeTx({ body, signatures: [{ publicKey: key.publicKey, signature }] });
  }

  async #receiptOf(tx: Uint8Array): Promise<TakenTx> {
    const txId = txIdOfBytes(tx);
    const receipt = await this.#gateway.receipt(txId, this.#signal);
    const verdict = await verifyReceipt(receipt, this.#trustRoot, verifyVote);
    if (!equalBytes(verdict.tx, tx)) throw new CodedError('GATEWAY_LIED', { txId });
    if (verdict.code !== 0) {
      throw new CodedError(refusalOf(verdict.code)?.code ?? 'REFUSAL_UNKNOWN', { txId });
    }
    return { txId, height: verdict.height };
  }
}
