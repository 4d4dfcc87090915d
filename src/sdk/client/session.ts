import { bytesOfText, textOfBytes } from '../../api/message-parts.ts';
import { sessionPost } from '../../api/routes/session-post.ts';
import { encodeSessionProof } from '../../api/session.ts';
import { labels } from '../../crypto/labels.ts';
import { type SigningKey, signLabelled } from '../../crypto/signature.ts';
import { CodedError } from '../../primitives/errors.ts';
import type { AccountId } from '../../primitives/ids.ts';
import type { SessionSource } from './call.ts';
import type { GatewayClient } from './gateway-client.ts';

/** A token is fetched anew this long before it runs out. */
const earlyMs = 30_000;
/** The longest that a session lasts (H-6). */
const sessionMs = 10 * 60_000;

/**
 * Signs in as one account at its own gateway, and keeps the token while it lasts: one for all calls that
 * run at the same time.
 */
export class AccountSession implements SessionSource {
  readonly #gateway: GatewayClient;
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
    gateway: GatewayClient,
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
    const asked = await this.#gateway.call(sessionPost, { body: { account }, signal });
    if (!('challenge' in asked)) throw new CodedError('GATEWAY_LIED', { path: sessionPost.path });
    const { challenge } = asked;
    const key = await this.#key();
    const proof = encodeSessionProof({
      chainId,
      organisation,
      account,
      challenge: bytesOfText(challenge, 32),
    });
    const signature = await signLabelled(key, labels.sessionSign, proof);
    const opened = await this.#gateway.call(sessionPost, {
      body: {
        account,
        challenge,
        publicKey: textOfBytes(key.publicKey),
        signature: textOfBytes(signature),
      },
      signal,
    });
    if (!('token' in opened)) throw new CodedError('GATEWAY_LIED', { path: sessionPost.path });
    this.#held = { token: opened.token, expiresMs: heldUntil(opened.expiresMs, this.#now()) };
    return opened.token;
  }
}

/**
 * What the gateway says bounds the token, never lengthens it. Unless it is over already: then the two clocks differ,
 * and a device that is ahead would sign in for every call, and end its own sessions by it.
 */
function heldUntil(expiresMs: number, nowMs: number): number {
  const mostMs = nowMs + sessionMs;
  return expiresMs - earlyMs > nowMs ? Math.min(expiresMs, mostMs) : mostMs;
}
