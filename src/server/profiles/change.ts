import { randomInt } from 'node:crypto';
import { textOfBytes } from '../../api/message-parts.ts';
import { txPost } from '../../api/routes/tx-post.ts';
import { labels } from '../../crypto/labels.ts';
import { signLabelled, verifyVote } from '../../crypto/signature.ts';
import { verifyReceipt } from '../../ledger/chain/receipt.ts';
import { parseTrustRoot, type TrustRoot } from '../../ledger/chain/trust-root.ts';
import { encodeTx, encodeTxBody, txIdOfBytes } from '../../ledger/codec.ts';
import { type Genesis, parseGenesis } from '../../ledger/genesis.ts';
import { suite } from '../../ledger/object-types.ts';
import { refusalOf } from '../../ledger/refusals.ts';
import type { Account } from '../../ledger/tables/accounts.ts';
import { profileRowId, profiles as profilesTable } from '../../ledger/tables/profiles.ts';
import { equalBytes } from '../../primitives/bytes.ts';
import { CodedError } from '../../primitives/errors.ts';
import type { AccountId, TxId } from '../../primitives/ids.ts';
import { GatewayClient } from '../../sdk/client/gateway-client.ts';
import { Http } from '../../sdk/client/http.ts';
import { provenGenesis } from '../../sdk/ledger/proven-genesis.ts';
import { ProvenLedger } from '../../sdk/ledger/proven-ledger.ts';
import { maxStateAgeMs } from '../../sdk/ledger/proven-rows.ts';
import type { HeldKey } from '../founding.ts';
import {
  enrollersOf,
  missingOf,
  type Proposal,
  requireKnownActs,
  requireSigned,
} from './proposal.ts';
import { type LogStanding, logStandings } from './standing.ts';

/** A change that stands on the ledger, by its verified receipt. */
export interface TakenChange {
  readonly txId: TxId;
  readonly height: number;
}

const validMs = 60_000;
const waitMs = 30_000;
/** The gateway of the organisation takes the next numbers meanwhile. */
const nonceSpread = 128;

/**
 * The ledger behind a running gateway, believed as a device of a person believes it: by proofs to the trust root.
 * Throws GATEWAY_UNREACHABLE, TRUST_ROOT_WRONG (the gateway's genesis is another), PROOF_INVALID, HEADER_INVALID,
 * LEDGER_OLD, and what the gateway refuses.
 */
export class ProfileDesk {
  readonly genesis: Genesis;
  readonly #gateway: GatewayClient;
  readonly #ledger: ProvenLedger;
  readonly #trustRoot: TrustRoot;
  readonly #signal: AbortSignal;

  private constructor(
    gateway: GatewayClient,
    genesis: Genesis,
    trustRoot: TrustRoot,
    signal: AbortSignal,
  ) {
    this.#gateway = gateway;
    this.#ledger = new ProvenLedger(gateway, trustRoot);
    this.#trustRoot = trustRoot;
    this.#signal = signal;
    this.genesis = genesis;
  }

  static async open(url: string, trustRootJson: string, signal: AbortSignal): Promise<ProfileDesk> {
    const trustRoot = parseTrustRoot(trustRootJson);
    const gateway = new GatewayClient(new Http(url));
    const genesis = parseGenesis(await provenGenesis(gateway, trustRoot, signal));
    return new ProfileDesk(gateway, genesis, trustRoot, signal);
  }

  /** What each log takes, and the height after which that is so. */
  async standings(): Promise<{ readonly height: number; readonly logs: readonly LogStanding[] }> {
    const { height } = await this.#ledger.headers.latest(this.#signal);
    const logs = await logStandings(this.genesis, height, (log) =>
      this.#ledger.row(profilesTable, profileRowId(log), this.#fresh),
    );
    return { height, logs };
  }

  /** Of these, one that may send such an act. Throws SENDER_WRONG: none of them. */
  senderOf(held: readonly HeldKey[]): HeldKey {
    const able = new Set(enrollersOf(this.genesis).map(({ account }) => account));
    const sender = held.find(({ account }) => able.has(account));
    if (sender === undefined) throw new CodedError('SENDER_WRONG');
    return sender;
  }

  /**
   * Sends what all have signed, by the key of one of them, and believes its commit by its receipt.
   *
   * Throws CHAIN_WRONG, LEDGER_NEWER, SIGNATURE_WRONG, PROFILE_APPROVAL {missing}, KEY_NOT_CURRENT {organisation} before
   * anything is sent; then the ledger's refusal, COMMIT_TIMEOUT, RECEIPT_INVALID, GATEWAY_LIED.
   */
  async send(proposal: Proposal, sender: HeldKey): Promise<TakenChange> {
    if (proposal.chain !== this.genesis.chainId) throw new CodedError('CHAIN_WRONG');
    requireKnownActs(proposal);
    await requireSigned(proposal);
    await this.#requireAll(proposal);
    const tx = await this.#signedTx(proposal, sender);
    await this.#gateway.call(txPost, {
      query: { waitMs },
      body: { tx: textOfBytes(tx) },
      timeoutMs: 2 * waitMs,
      signal: this.#signal,
    });
    return this.#receiptOf(tx);
  }

  get #fresh() {
    return { signal: this.#signal, maxAgeMs: maxStateAgeMs };
  }

  /** The rule A-9 asks the same; here the missing ones have names. */
  async #requireAll({ profiles }: Proposal): Promise<void> {
    const missing = missingOf(this.genesis, profiles);
    if (missing.length > 0) {
      const titles = missing.map(({ title }) => title).join(', ');
      throw new CodedError('PROFILE_APPROVAL', { missing: titles });
    }
    for (const { account } of enrollersOf(this.genesis)) {
      const { signKey } = await this.#accountOf(account);
      for (const { approvals } of profiles) {
        const given = approvals.find(({ organisation }) => organisation === account);
        if (given !== undefined && !equalBytes(given.signKey, signKey)) {
          throw new CodedError('KEY_NOT_CURRENT', { organisation: account });
        }
      }
    }
  }

  #accountOf(account: AccountId): Promise<Account> {
    return this.#ledger.currentAccount(account, this.#signal);
  }

  async #signedTx({ profiles }: Proposal, sender: HeldKey): Promise<Uint8Array> {
    const { window } = await this.#accountOf(sender.account);
    const body = {
      suite,
      chainId: this.genesis.chainId,
      log: 'user' as const,
      sender: sender.account,
      nonce: window.top + randomInt(1, nonceSpread + 1),
      validUntilMs: Math.max(Date.now(), this.#ledger.tip.timeMs) + validMs,
      acts: profiles,
    };
    const key = sender.signingKey;
    const signature = await signLabelled(key, labels.txSign, encodeTxBody(body));
    return encodeTx({ body, signatures: [{ publicKey: key.publicKey, signature }] });
  }

  async #receiptOf(tx: Uint8Array): Promise<TakenChange> {
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
