import { encodeInboxMessage } from '../../src/api/inbox-message.ts';
import { textOfBytes } from '../../src/api/message-parts.ts';
import { enrolPost } from '../../src/api/routes/enrol-post.ts';
import { inboxPost } from '../../src/api/routes/inbox-post.ts';
import { txPost } from '../../src/api/routes/tx-post.ts';
import { whoGet } from '../../src/api/routes/who-get.ts';
import { encodeSigned } from '../../src/api/signed.ts';
import { labels } from '../../src/crypto/labels.ts';
import { randomBytes } from '../../src/crypto/random.ts';
import { signLabelled } from '../../src/crypto/signature.ts';
import { encodeTx, encodeTxBody } from '../../src/ledger/codec.ts';
import { identity as identityShape } from '../../src/ledger/identity.ts';
import { suite } from '../../src/ledger/object-types.ts';
import type { Act } from '../../src/ledger/protocol.ts';
import { encodeCbor } from '../../src/primitives/cbor.ts';
import type { AccountId } from '../../src/primitives/ids.ts';
import { GatewayClient } from '../../src/sdk/client/gateway-client.ts';
import { Http, type HttpOptions } from '../../src/sdk/client/http.ts';
import { keySession } from '../../src/sdk/client/session.ts';
import {
  type AccountKeys,
  accountIdOfKeys,
  deriveAccountKeys,
  enrolmentIdentity,
  noRecovery,
} from '../../src/sdk/wallet/identity.ts';
import { blobIdOf } from '../../src/storage/blob-id.ts';

/** How far ahead of what was confirmed a number may be; the ledger lets 1,024 be missing. */
const farthest = 200;

/** A patient without a wallet: sends many small things at once, and repeats nothing by itself. */
export class RawPatient {
  readonly account: AccountId;
  readonly gateway: GatewayClient;
  readonly #keys: AccountKeys;
  readonly #chainId: string;
  readonly #http: HttpOptions;
  #nonce = 0;
  /** The highest number that was confirmed. */
  #used = 0;

  private constructor(
    gateway: GatewayClient,
    keys: AccountKeys,
    chainId: string,
    http: HttpOptions,
  ) {
    this.gateway = gateway;
    this.#http = http;
    this.account = accountIdOfKeys(keys);
    this.#keys = keys;
    this.#chainId = chainId;
  }

  static async enrol(
    at: string,
    invitation: string,
    options: { readonly http: HttpOptions; readonly signal?: AbortSignal },
  ): Promise<RawPatient> {
    const { http, signal } = options;
    const plain = new GatewayClient(new Http(at, http));
    const { organisation, chainId } = await plain.call(whoGet, { signal });
    const keys = await deriveAccountKeys(randomBytes(32), organisation, 0);
    const bound = { chainId, organisation, role: 'patient', recovery: noRecovery } as const;
    const identity = await enrolmentIdentity(keys, bound);
    const text = textOfBytes(encodeCbor(identityShape.encode(identity)));
    const request = { invitation, identity: text, role: 'patient' } as const;
    await plain.call(enrolPost, { body: request, signal });
    const account = { account: accountIdOfKeys(keys), organisation, chainId };
    const session = keySession(plain, account, async () => keys.sign, Date.now);
    const patient = new RawPatient(plain.as(session), keys, chainId, http);
    const [keySetBlob, envelopeSetBlob] = [randomBytes(2_100), randomBytes(2_200)];
    for (const blob of [keySetBlob, envelopeSetBlob])
      await patient.gateway.putBlob(blobIdOf(blob), blob, signal);
    await patient.send(
      [
        {
          kind: 'KeySet',
          after: 0,
          salt: randomBytes(16),
          schedule: [{ epoch: 1, validFromMs: 0 }],
          keySetBlob: blobIdOf(keySetBlob),
          envelopeSetBlob: blobIdOf(envelopeSetBlob),
        },
      ],
      signal,
    );
    return patient;
  }

  /** `at`: the gateway that takes it, its own or any other. */
  async send(acts: readonly Act[], signal?: AbortSignal, at?: string): Promise<void> {
    // Where nothing arrives numbers are not used up: too far ahead nothing would be taken any more.
    if (this.#nonce > this.#used + farthest) this.#nonce = this.#used;
    const nonce = ++this.#nonce;
    const body = {
      suite,
      chainId: this.#chainId,
      log: 'user',
      sender: this.account,
      nonce,
      validUntilMs: Date.now() + 600_000,
      acts,
    } as const;
    const { sign } = this.#keys;
    const signature = await signLabelled(sign, labels.txSign, encodeTxBody(body));
    const tx = encodeTx({ body, signatures: [{ publicKey: sign.publicKey, signature }] });
    const gateway = at === undefined ? this.gateway : new GatewayClient(new Http(at, this.#http));
    await gateway.call(txPost, {
      query: { waitMs: 5_000 },
      body: { tx: textOfBytes(tx) },
      timeoutMs: 35_000,
      signal,
    });
    this.#used = Math.max(this.#used, nonce);
  }

  /** Announced and never delivered: one act alone. */
  anchor(signal?: AbortSignal, at?: string): Promise<void> {
    const anchor = { consent: '', epoch: 1, root: randomBytes(32), count: 1 } as const;
    return this.send([{ kind: 'DataAnchor', ...anchor }], signal, at);
  }

  async message(to: AccountId, bytes: number, signal?: AbortSignal): Promise<void> {
    const { sign } = this.#keys;
    const message = encodeInboxMessage({
      chainId: this.#chainId,
      to,
      from: this.account,
      fromKey: sign.publicKey,
      sealed: randomBytes(bytes),
      sentMs: Date.now(),
    });
    const signature = await signLabelled(sign, labels.inboxSign, message);
    const text = textOfBytes(encodeSigned({ bytes: message, signature }));
    await this.gateway.call(inboxPost, { body: { message: text }, signal });
  }

  async blob(bytes: number, signal?: AbortSignal): Promise<void> {
    const content = randomBytes(bytes);
    await this.gateway.putBlob(blobIdOf(content), content, signal);
  }
}
