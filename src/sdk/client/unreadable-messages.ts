import { sha256 } from '../../crypto/hash.ts';
import { equalBytes } from '../../primitives/bytes.ts';
import { isCoded } from '../../primitives/errors.ts';
import { bytes, decodeAs, encodeAs, list, struct, uint } from '../../primitives/shape.ts';
import type { Context } from './context.ts';

/** An inbox holds no more (http.md H-11). */
const mostRemembered = 10_000;
const shape = struct({ newestKey: bytes(32), inboxIds: list(uint, { most: mostRemembered }) });

/**
 * Messages that no key of this account opens, remembered beside the wallet: anybody can send such, and trying each
 * again at every visit would be the receiver's work. Another key gives each of them another try.
 */
export class UnreadableMessages {
  readonly #ctx: Context;
  readonly #newestKey: Uint8Array;
  readonly #known: ReadonlySet<number>;
  readonly #met = new Set<number>();

  private constructor(ctx: Context, newestKey: Uint8Array, known: readonly number[]) {
    this.#ctx = ctx;
    this.#newestKey = newestKey;
    this.#known = new Set(known);
  }

  static async of(ctx: Context): Promise<UnreadableMessages> {
    const [newest] = await ctx.allKeys();
    const newestKey = sha256(newest?.kem.publicKey ?? new Uint8Array(0));
    return new UnreadableMessages(ctx, newestKey, await knownUnder(ctx, newestKey));
  }

  has(inboxId: number): boolean {
    return this.#known.has(inboxId);
  }

  meet(inboxId: number): void {
    this.#met.add(inboxId);
  }

  /** Those that are in the inbox now. */
  get met(): readonly number[] {
    return [...this.#met];
  }

  async remember(): Promise<void> {
    const isSame = this.#met.size === this.#known.size && this.met.every((id) => this.has(id));
    if (isSame) return;
    const inboxIds = this.met.slice(-mostRemembered);
    const encoded = encodeAs(shape, { newestKey: this.#newestKey, inboxIds });
    await this.#ctx.vault.remember(nameOf(this.#ctx), encoded);
  }
}

const nameOf = (ctx: Context): string => `inbox-${ctx.account.account.slice(0, 16)}`;

async function knownUnder(ctx: Context, newestKey: Uint8Array): Promise<readonly number[]> {
  const held = await ctx.vault.recall(nameOf(ctx));
  if (held === undefined) return [];
  try {
    const read = decodeAs(shape, held);
    return equalBytes(read.newestKey, newestKey) ? read.inboxIds : [];
  } catch (error) {
    if (!isCoded(error)) throw error;
    return [];
  }
}
