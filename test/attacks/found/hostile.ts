import assert from 'node:assert/strict';
import { encodeInboxMessage } from '../../../src/api/inbox-message.ts';
import { bytesOfText, textOfBytes } from '../../../src/api/message-parts.ts';
import { encodeSessionProof } from '../../../src/api/session.ts';
import { encodeSigned } from '../../../src/api/signed.ts';
import { labels } from '../../../src/crypto/labels.ts';
import { randomBytes } from '../../../src/crypto/random.ts';
import { signLabelled } from '../../../src/crypto/signature.ts';
import { encodeTx, encodeTxBody } from '../../../src/ledger/codec.ts';
import { suite } from '../../../src/ledger/object-types.ts';
import type { Act } from '../../../src/ledger/protocol.ts';
import type { TxBody } from '../../../src/ledger/tx.ts';
import { type AccountId, type BlobId, recordIdOf } from '../../../src/primitives/ids.ts';
import type { WalletContent } from '../../../src/sdk/wallet/content.ts';
import { type AccountKeys, deriveAccountKeys } from '../../../src/sdk/wallet/identity.ts';
import { Vault } from '../../../src/sdk/wallet/vault.ts';
import { blobIdOf } from '../../../src/storage/blob-id.ts';
import { type Consortium, type Enrolled, passphrase } from '../../e2e/consortium.ts';

/** An enrolled person who holds his own keys in his hand and sends what no client of ours would. */
export class Hostile {
  readonly account: AccountId;
  readonly card: Uint8Array;
  keys: AccountKeys;
  readonly #town: Consortium;
  readonly #organisation: AccountId;
  #nonce = 500;

  private constructor(town: Consortium, content: WalletContent, keys: AccountKeys) {
    const [held] = content.accounts;
    assert.ok(held);
    this.#town = town;
    this.account = held.account;
    this.#organisation = held.organisation;
    this.card = held.card;
    this.keys = keys;
  }

  static async enrolled(town: Consortium, name: string): Promise<Hostile> {
    return Hostile.of(town, await town.person(name, 'north', 'patient'));
  }

  static async of(town: Consortium, { store }: Enrolled): Promise<Hostile> {
    const { content } = await Vault.open(store, passphrase);
    const [root] = content.roots;
    const [held] = content.accounts;
    assert.ok(root && held);
    const keys = await deriveAccountKeys(root.secret, held.organisation, 0);
    return new Hostile(town, content, keys);
  }

  recordId() {
    return recordIdOf(randomBytes(16));
  }

  /** A transaction of his own; throws unless it is accepted. */
  async send(acts: readonly Act[], nonce = this.#nonce++): Promise<void> {
    const { sign } = this.keys;
    const body: TxBody = {
      ...{ suite, chainId: this.#town.chainId, log: 'user' as const, sender: this.account, nonce },
      ...{ validUntilMs: this.#town.now() + 60_000, acts },
    };
    const signature = await signLabelled(sign, labels.txSign, encodeTxBody(body));
    const tx = encodeTx({ body, signatures: [{ publicKey: sign.publicKey, signature }] });
    assert.equal(await this.post('/tx?waitMs=10000', { tx: textOfBytes(tx) }), 'accepted');
  }

  /** A message to anybody. Returns the code, or `accepted`. */
  async message(to: AccountId, sealed: Uint8Array): Promise<string> {
    const { sign } = this.keys;
    const bytes = encodeInboxMessage({
      ...{ chainId: this.#town.chainId, to, from: this.account, fromKey: sign.publicKey },
      ...{ sealed, sentMs: this.#town.now() },
    });
    const signature = await signLabelled(sign, labels.inboxSign, bytes);
    const message = textOfBytes(encodeSigned({ bytes, signature }));
    // What is larger than a stranger's comes with a session.
    const isLarge = message.length > 60_000;
    return this.post('/inbox', { message }, isLarge ? await this.#token() : undefined);
  }

  async putBlob(bytes: Uint8Array): Promise<BlobId> {
    const id = blobIdOf(bytes);
    const answer = await fetch(`${this.#town.url('north')}/v1/blobs/${id}`, {
      method: 'PUT',
      headers: {
        authorization: `Bearer ${await this.#token()}`,
        'content-type': 'application/octet-stream',
      },
      body: new Uint8Array(bytes),
    });
    assert.equal(answer.status, 200, await answer.text());
    return id;
  }

  async post(path: string, json: unknown, token?: string): Promise<string> {
    const body = await this.#ask(path, json, token);
    return String(body.code === 0 || body.code === undefined ? 'accepted' : body.code);
  }

  async #token(): Promise<string> {
    const { sign } = this.keys;
    const { account } = this;
    const { challenge } = await this.#ask('/session', { account });
    assert.ok(typeof challenge === 'string');
    const proof = encodeSessionProof({
      ...{ chainId: this.#town.chainId, organisation: this.#organisation, account },
      challenge: bytesOfText(challenge),
    });
    const signature = textOfBytes(await signLabelled(sign, labels.sessionSign, proof));
    const publicKey = textOfBytes(sign.publicKey);
    const { token } = await this.#ask('/session', { account, challenge, publicKey, signature });
    return String(token);
  }

  async #ask(path: string, json: unknown, token?: string): Promise<Record<string, unknown>> {
    const answer = await fetch(`${this.#town.url('north')}/v1${path}`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
      body: JSON.stringify(json),
    });
    const isJson = answer.headers.get('content-type')?.startsWith('application/json') === true;
    // Rows and bodies are no JSON: that they came is all that is asked.
    if (answer.ok && !isJson) await answer.arrayBuffer();
    return answer.ok && !isJson ? {} : Object(await answer.json());
  }
}
