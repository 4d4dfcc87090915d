import { setTimeout as pause } from 'node:timers/promises';
import { textOfBytes } from '../../../src/api/message-parts.ts';
import { labels } from '../../../src/crypto/labels.ts';
import { randomBytes } from '../../../src/crypto/random.ts';
import { signLabelled } from '../../../src/crypto/signature.ts';
import type { RotateKey } from '../../../src/ledger/acts/rotate-key.ts';
import { encodeTx, encodeTxBody } from '../../../src/ledger/codec.ts';
import { suite } from '../../../src/ledger/object-types.ts';
import type { Act } from '../../../src/ledger/protocol.ts';
import type { AccountId } from '../../../src/primitives/ids.ts';
import {
  type AccountKeys,
  deriveAccountKeys,
  rotationIdentity,
} from '../../../src/sdk/wallet/identity.ts';
import { Vault } from '../../../src/sdk/wallet/vault.ts';
import { type Consortium, type Enrolled, passphrase } from '../../e2e/consortium.ts';

/** Somebody with the signing key out of a wallet, at work without the SDK. */
export class Thief {
  readonly #town: Consortium;
  readonly account: AccountId;
  readonly organisation: AccountId;
  keys: AccountKeys;

  private constructor(
    town: Consortium,
    ids: { readonly account: AccountId; readonly organisation: AccountId },
    keys: AccountKeys,
  ) {
    this.#town = town;
    this.account = ids.account;
    this.organisation = ids.organisation;
    this.keys = keys;
  }

  static async of(town: Consortium, { store }: Enrolled): Promise<Thief> {
    const { content } = await Vault.open(store, passphrase);
    const [account] = content.accounts;
    const [root] = content.roots;
    if (account === undefined || root === undefined) throw new TypeError('an empty wallet');
    const keys = await deriveAccountKeys(root.secret, account.organisation, 0);
    return new Thief(town, account, keys);
  }

  /** The code of the ledger's answer; 0: accepted. */
  async send(act: Act, nonce: number): Promise<number | string> {
    const body = {
      ...({ suite, chainId: this.#town.chainId, log: 'user', sender: this.account } as const),
      ...{ nonce, validUntilMs: this.#town.now() + 60_000, acts: [act] },
    };
    const { sign } = this.keys;
    const signature = await signLabelled(sign, labels.txSign, encodeTxBody(body));
    return this.post(encodeTx({ body, signatures: [{ publicKey: sign.publicKey, signature }] }));
  }

  async post(tx: Uint8Array): Promise<number | string> {
    const answer = await fetch(`${this.#town.url('north')}/v1/tx?waitMs=10000`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ tx: textOfBytes(tx) }),
    });
    const said: { code: number | string; name?: string; height?: number } = JSON.parse(
      await answer.text(),
    );
    await this.#closed(said.height ?? 0);
    return said.name ?? said.code;
  }

  /** The block after it is made: one that is being made while time is let pass would take the clock for wrong. */
  async #closed(height: number): Promise<void> {
    const { engine } = this.#town;
    for (let looks = 0; looks < 400 && engine.status().height <= height; looks++) await pause(5);
  }

  /** To fresh keys, which are kept if the ledger took them. */
  async rotate(nonce: number): Promise<number | string> {
    const next = await deriveAccountKeys(randomBytes(32), this.organisation, 0);
    const none = new Uint8Array(0);
    const act: RotateKey = {
      ...{ kind: 'RotateKey', identity: await this.identityOf(next) },
      ...{ recoveryKey: none, codeKemHash: none, endGrantsFrom: 0 },
    };
    const code = await this.send(act, nonce);
    if (code === 0) this.keys = next;
    return code;
  }

  async identityOf(keys: AccountKeys) {
    const { recovery } = await this.#town.gateway('north').view.identity(this.account);
    return rotationIdentity(keys, { chainId: this.#town.chainId, account: this.account, recovery });
  }

  /** Status and length of what a gateway answers about the account's keys. */
  async keysRow(): Promise<number> {
    const answer = await fetch(`${this.#town.url('north')}/v1/state/keys/${this.account}?proof=1`);
    await answer.arrayBuffer();
    return answer.status;
  }
}
