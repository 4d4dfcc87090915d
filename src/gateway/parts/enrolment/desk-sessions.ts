import { sha256 } from '../../../crypto/hash.ts';
import { randomBytes } from '../../../crypto/random.ts';
import { bytesToHex, utf8 } from '../../../primitives/bytes.ts';
import { CodedError } from '../../../primitives/errors.ts';

/** From the link that a desk is opened with; after it a new one is made. */
const linkMs = 10 * 60_000;
/** A working day. */
const sessionMs = 12 * 60 * 60_000;
/** Desks of one hospital at a time. */
const most = 100;

/**
 * A desk in a browser: a link serves once, for a session that may do what a desk does and nothing else. The hospital's
 * own token, which makes links and ends sessions, never comes to the desk's machine. In memory alone: a server that
 * starts again has no session. Source: docs/protocol/http.md, rule H-31.
 */
export class DeskSessions {
  readonly #now: () => number;
  /** By SHA-256 of what is shown, so that no lookup tells by its time how much of it was right. */
  readonly #links = new Map<string, number>();
  readonly #sessions = new Map<string, number>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** A link that was made before and not used serves still. Throws STORE_BUSY: too many wait. */
  link(): { readonly link: string; readonly expiresMs: number } {
    const expiresMs = this.#now() + linkMs;
    return { link: this.#keep(this.#links, expiresMs), expiresMs };
  }

  /** Throws UNAUTHENTICATED: it was used, ran out, or never was. */
  open(link: string): { readonly token: string; readonly expiresMs: number } {
    const name = nameOf(link);
    const until = this.#links.get(name);
    this.#links.delete(name);
    if (until === undefined || until <= this.#now()) throw new CodedError('UNAUTHENTICATED');
    const expiresMs = this.#now() + sessionMs;
    return { token: this.#keep(this.#sessions, expiresMs), expiresMs };
  }

  holds(token: string): boolean {
    return (this.#sessions.get(nameOf(token)) ?? 0) > this.#now();
  }

  /** Open now. */
  count(): number {
    return [...this.#sessions.values()].filter((it) => it > this.#now()).length;
  }

  /** Ends all of them, and links that wait; returns how many sessions there were. */
  endAll(): number {
    const count = this.count();
    this.#links.clear();
    this.#sessions.clear();
    return count;
  }

  #keep(held: Map<string, number>, expiresMs: number): string {
    for (const [name, until] of held) if (until <= this.#now()) held.delete(name);
    if (held.size >= most) throw new CodedError('STORE_BUSY');
    const secret = bytesToHex(randomBytes(32));
    held.set(nameOf(secret), expiresMs);
    return secret;
  }
}

const nameOf = (secret: string): string => bytesToHex(sha256(utf8(secret)));
