import { bytesOfText, textOfBytes } from '../../api/message-parts.ts';
import { sessionPost } from '../../api/routes/session-post.ts';
import { encodeSessionProof } from '../../api/session.ts';
import { sha256 } from '../../crypto/hash.ts';
import { labels } from '../../crypto/labels.ts';
import { type SigningKey, signLabelled } from '../../crypto/signature.ts';
import { CodedError } from '../../primitives/errors.ts';
import type { AccountId } from '../../primitives/ids.ts';
import type { CodeKeys } from '../wallet/identity.ts';
import type { SessionSource } from './call.ts';
import type { GatewayClient } from './gateway-client.ts';

/** A token is fetched anew this long before it runs out. */
const earlyMs = 30_000;
/** The longest that a session lasts (H-6). */
const sessionMs = 10 * 60_000;

/** Whose session, and where. */
export interface SignedInAt {
  readonly account: AccountId;
  readonly organisation: AccountId;
  readonly chainId: string;
}

/** What signs: the account's key in use, or the printed code's for copies of the wallet alone. */
type Signer =
  | { readonly key: SigningKey; readonly label: typeof labels.sessionSign }
  | {
      readonly key: SigningKey;
      readonly label: typeof labels.sessionRecover;
      /** SHA-256 of the code-kem key, as base64url. */
      readonly codeKemHash: string;
    };

/** Signed in by the account's key in use. */
export function keySession(
  gateway: GatewayClient,
  account: SignedInAt,
  key: () => Promise<SigningKey>,
  now: () => number,
): SessionSource {
  const signer = async () => ({ key: await key(), label: labels.sessionSign });
  return new AccountSession(gateway, account, signer, now);
}

/** Signed in by the printed code: for copies of the wallet, and nothing else. Source: docs/protocol/http.md, H-6. */
export function codeSession(
  gateway: GatewayClient,
  account: SignedInAt,
  { sign: key, kem }: CodeKeys,
  now: () => number,
): SessionSource {
  const codeKemHash = textOfBytes(sha256(kem.publicKey));
  const signer = async () => ({ key, label: labels.sessionRecover, codeKemHash });
  return new AccountSession(gateway, account, signer, now);
}

/**
 * Signs in as one account at its own gateway, and keeps the token while it lasts: one for all calls that
 * run at the same time.
 */
class AccountSession implements SessionSource {
  readonly #gateway: GatewayClient;
  readonly #account: SignedInAt;
  readonly #signer: () => Promise<Signer>;
  readonly #now: () => number;
  #held: { readonly token: string; readonly expiresMs: number } | undefined;
  #opening: Promise<string> | undefined;

  constructor(
    gateway: GatewayClient,
    account: SignedInAt,
    signer: () => Promise<Signer>,
    now: () => number,
  ) {
    this.#gateway = gateway;
    this.#account = account;
    this.#signer = signer;
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
    const { key, label, ...also } = await this.#signer();
    const proof = encodeSessionProof({
      chainId,
      organisation,
      account,
      challenge: bytesOfText(challenge, 32),
    });
    const signature = await signLabelled(key, label, proof);
    const opened = await this.#gateway.call(sessionPost, {
      body: {
        account,
        challenge,
        publicKey: textOfBytes(key.publicKey),
        signature: textOfBytes(signature),
        ...also,
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
