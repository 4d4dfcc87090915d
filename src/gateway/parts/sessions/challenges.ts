import { timingSafeEqual } from 'node:crypto';
import { hmacSha256 } from '../../../crypto/hash.ts';
import { randomBytes } from '../../../crypto/random.ts';
import { concatBytes } from '../../../primitives/bytes.ts';
import { type AccountId, idBytes } from '../../../primitives/ids.ts';

const timeBytes = 6;
const randomLength = 10;
const macBytes = 16;

/**
 * Challenges that nothing is kept of, so that nobody can push another's out by asking for many. A challenge is
 * until (6, ms) ‖ random (10) ‖ HMAC-SHA-256 of both and the account, cut to 16: only this process made it, for this
 * account. Whoever answers one uses it up; that is remembered as long as it would have lasted.
 * Source: docs/protocol/http.md, rule H-6.
 */
export class Challenges {
  readonly #key = randomBytes(32);
  readonly #now: () => number;
  readonly #lastMs: number;
  /** Answered ones, as text, with their end: the oldest first. */
  readonly #used = new Map<string, number>();

  constructor(now: () => number, lastMs: number) {
    this.#now = now;
    this.#lastMs = lastMs;
  }

  make(account: AccountId): Uint8Array {
    const until = new Uint8Array(8);
    new DataView(until.buffer).setBigUint64(0, BigInt(this.#now() + this.#lastMs));
    const stated = concatBytes(until.subarray(8 - timeBytes), randomBytes(randomLength));
    return concatBytes(stated, this.#mac(account, stated));
  }

  /** Whether it was made here for this account, lasts still, and nobody has answered it. */
  isOpen(challenge: Uint8Array, account: AccountId): boolean {
    if (challenge.length !== timeBytes + randomLength + macBytes) return false;
    const stated = challenge.subarray(0, timeBytes + randomLength);
    if (!timingSafeEqual(this.#mac(account, stated), challenge.subarray(stated.length))) {
      return false;
    }
    return untilOf(challenge) > this.#now() && !this.#used.has(textOf(challenge));
  }

  /** It was answered, by whoever may act for its account. */
  use(challenge: Uint8Array): void {
    for (const [oldest, untilMs] of this.#used) {
      if (untilMs > this.#now()) break;
      this.#used.delete(oldest);
    }
    this.#used.set(textOf(challenge), untilOf(challenge));
  }

  #mac(account: AccountId, stated: Uint8Array): Uint8Array {
    return hmacSha256(this.#key, concatBytes(idBytes(account), stated)).subarray(0, macBytes);
  }
}

function untilOf(challenge: Uint8Array): number {
  return Number(Buffer.from(challenge.subarray(0, timeBytes)).readUIntBE(0, timeBytes));
}

function textOf(challenge: Uint8Array): string {
  return Buffer.from(challenge).toString('base64url');
}
