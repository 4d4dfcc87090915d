import { bytesOfText } from '../../api/message-parts.ts';
import { encodeSessionProof } from '../../api/session.ts';
import { labels } from '../../crypto/labels.ts';
import { type SigningKey, signLabelled } from '../../crypto/signature.ts';
import type { AccountId } from '../../primitives/ids.ts';
import type { Gateway, SessionSource } from './gateway.ts';

/** A token is fetched anew this long before it runs out. */
const earlyMs = 30_000;

/**
 * Signs in as one account at its own gateway, and keeps the token while it lasts: one for all calls that
 * run at the same time.
 */
export class AccountSession implements SessionSource {
  readonly #gateway: Gateway;
  readonly #account: {
    readonly account: AccountId;
    readonly organisation: AccountId;
    readonly chainId: string;
  };
  readonly #key: () => Promise<SigningKey>;
  readonly #now: () => number;
  #held: { readonly token: string; readonly expiresMs: number } | undefined;
  #opening: Promise<string> | undefined;

  constructor(
    gateway: Gateway,
    account: {
      readonly account: AccountId;
      readonly organisation: AccountId;
      readonly chainId: string;
    },
    key: () => Promise<SigningKey>,
    now: () => number,
  ) {
    this.#gateway = gateway;
    this.#account = account;
    this.#key = key;
    this.#now = now;
  }

  async token(signal?: AbortSignal): Promise<string> {
    const held = this.#held;
    if (held !== undefined && held.expiresMs - earlyMs > this.#now()) return held.token;
    this.#opening ??= this.#open(signal).finally(() => {
      this.#opening = undefined;
    });
    return this.#opening;
  }

  drop(token: string): void {
    if (this.#held?.token === token) this.#held = undefined;
  }

  async #open(signal?: AbortSignal): Promise<string> {
    const { account, organisation, chainId } = this.#account;
    const { challenge } = await this.#gateway.challenge(account, signal);
    const key = await this.#key();
    const proof = encodeSessionProof({
      chainId,
      organisation,
      account,
      challenge: bytesOfText(challenge, 32),
    });
    const signature = await signLabelled(key, labels.sessionSign, proof);
    const { publicKey } = key;
    const opened = await this.#gateway.openSession(
      { account, challenge, publicKey, signature },
      signal,
    );
    // The gateway's clock may differ from ours; what it says bounds the token, never lengthens it.
    this.#held = {
      token: opened.token,
      expiresMs: Math.min(opened.expiresMs, this.#now() + 10 * 60_000),
    };
    return opened.token;
  }
}
