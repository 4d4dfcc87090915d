import { maxSlotBytes, type RelaySlot, relayLimits, relaySlots } from '../../../api/relay.ts';
import { equalBytes } from '../../../primitives/bytes.ts';
import { CodedError } from '../../../primitives/errors.ts';
import type { AccountId } from '../../../primitives/ids.ts';
import type { GatewayBase } from '../../base.ts';
import { definePart } from '../../part.ts';
import { RelaySession } from './session.ts';

/** Bytes of all sessions of this gateway together: those that are here, and those that were announced. */
const defaults = { relayBytes: 256 * 1024 * 1024 };

/** A message that may come: who sends it and how long it is were judged, its bytes were not read. */
export interface Announced {
  /** Aborted when the session ends meanwhile. */
  readonly signal: AbortSignal;
  /** Writes what came. Throws NOT_FOUND: the session is over, or another message stands there, which ends it. */
  write(bytes: Uint8Array): void;
  /** Gives the room back; always called once. */
  done(): void;
}

/**
 * Messages between two devices of a person, of which one has no account yet. They are kept in memory alone, for two
 * minutes; the gateway can read none of what matters in them and is believed nothing.
 *
 * An account pays for its sessions from its own share: two at a time. Unknown, over, ended and another's are one
 * answer, NOT_FOUND. Source: docs/protocol/devices.md, rules D-7 and D-8.
 */
export class Relay {
  readonly #base: GatewayBase;
  readonly #maxBytes: number;
  readonly #sessions = new Map<string, RelaySession>();
  readonly #idsOf = new Map<AccountId, Set<string>>();
  readonly #onRelease: ((account: AccountId, id: string) => void)[] = [];
  #bytes = 0;
  #announcedBytes = 0;

  constructor(base: GatewayBase) {
    this.#base = base;
    this.#maxBytes = base.settingsOver(defaults).relayBytes;
  }

  /**
   * Whether a message of this length may come, before any of it is read; `account` is who signed in, undefined for a
   * device that has none. Throws NOT_FOUND, BODY_TOO_LARGE, REQUEST_INVALID (empty), RATE_LIMITED (two
   * are open), STORE_BUSY (no room).
   */
  announce(
    id: string,
    slot: RelaySlot,
    { account, length }: { readonly account: AccountId | undefined; readonly length: number },
  ): Announced {
    const maxBytes = maxSlotBytes(slot);
    if (length > maxBytes) throw new CodedError('BODY_TOO_LARGE', { maxBytes });
    if (length === 0) throw new CodedError('REQUEST_INVALID', { at: 'content-length' });
    const session = this.#sessionFor(id, slot, account);
    if (this.#bytes + this.#announcedBytes + length > this.#maxBytes) {
      throw new CodedError('STORE_BUSY');
    }
    this.#announcedBytes += length;
    return {
      signal: session.signal,
      write: (bytes) => this.#write(id, session, slot, bytes),
      done: () => {
        this.#announcedBytes -= length;
        // A session whose first message did not come was never opened.
        if (session.bytes === 0 && this.#sessions.get(id) === session) this.#end(id);
      },
    };
  }

  /**
   * A message, or no bytes when `waitMs` passed without one. Throws NOT_FOUND, also when the session ends meanwhile;
   * RATE_LIMITED (too many wait).
   */
  async read(
    id: string,
    slot: RelaySlot,
    { waitMs, gone }: { readonly waitMs: number; readonly gone: AbortSignal },
  ): Promise<Uint8Array> {
    const session = this.#alive(id);
    const endMs = performance.now() + waitMs;
    for (;;) {
      const bytes = session.get(slot);
      if (bytes !== undefined) return bytes;
      const leftMs = endMs - performance.now();
      if (leftMs <= 0 || gone.aborted) return new Uint8Array(0);
      if (session.waitingReaders >= relayLimits.waitingReaders) {
        throw new CodedError('RATE_LIMITED');
      }
      await session.changed(leftMs, gone);
      if (this.#alive(id) !== session) throw new CodedError('NOT_FOUND');
    }
  }

  /** Throws NOT_FOUND, also for another account's. */
  end(id: string, account: AccountId): void {
    if (this.#alive(id).account !== account) throw new CodedError('NOT_FOUND');
    this.#end(id);
  }

  /** Called before what one device of an account hands over to a new one can be fetched; what it throws keeps it back. */
  onRelease(told: (account: AccountId, id: string) => void): void {
    this.#onRelease.push(told);
  }

  get openSessions(): number {
    return this.#sessions.size;
  }

  /** What all sessions hold together. */
  get bytes(): number {
    return this.#bytes;
  }

  close(): void {
    for (const id of [...this.#sessions.keys()]) this.#end(id);
  }

  #alive(id: string): RelaySession {
    const session = this.#sessions.get(id);
    if (session !== undefined && session.endsMs <= this.#base.now()) this.#end(id);
    const alive = this.#sessions.get(id);
    if (alive === undefined) throw new CodedError('NOT_FOUND');
    return alive;
  }

  #sessionFor(id: string, slot: RelaySlot, account: AccountId | undefined): RelaySession {
    if (slot === relaySlots.key && account !== undefined && !this.#sessions.has(id)) {
      return this.#open(id, account);
    }
    const session = this.#alive(id);
    if (account !== undefined && session.account !== account) throw new CodedError('NOT_FOUND');
    return session;
  }

  #open(id: string, account: AccountId): RelaySession {
    const nowMs = this.#base.now();
    const own = this.#idsOf.get(account) ?? new Set();
    for (const it of [...own]) if ((this.#sessions.get(it)?.endsMs ?? 0) <= nowMs) this.#end(it);
    if (own.size >= relayLimits.openSessions) throw new CodedError('RATE_LIMITED');
    const session = new RelaySession(account, nowMs + relayLimits.sessionMs);
    this.#sessions.set(id, session);
    this.#idsOf.set(account, own.add(id));
    // Not at somebody's next call: a session that is over holds no byte and keeps nobody waiting.
    const timer = setTimeout(() => {
      if (this.#sessions.get(id) === session) this.#end(id);
    }, relayLimits.sessionMs);
    timer.unref();
    session.signal.addEventListener('abort', () => clearTimeout(timer), { once: true });
    return session;
  }

  /** Another message in the same place comes from somebody who should not be in this session: it ends. */
  #write(id: string, session: RelaySession, slot: RelaySlot, bytes: Uint8Array): void {
    if (this.#alive(id) !== session) throw new CodedError('NOT_FOUND');
    const held = session.get(slot);
    if (held === undefined) {
      // Written down by whoever tells its owner before anybody can fetch it.
      if (slot === relaySlots.release)
        for (const told of this.#onRelease) told(session.account, id);
      session.fill(slot, bytes);
      this.#bytes += bytes.length;
      return;
    }
    if (equalBytes(held, bytes)) return;
    this.#end(id);
    throw new CodedError('NOT_FOUND');
  }

  #end(id: string): void {
    const session = this.#sessions.get(id);
    if (session === undefined) return;
    const own = this.#idsOf.get(session.account);
    own?.delete(id);
    if (own?.size === 0) this.#idsOf.delete(session.account);
    this.#sessions.delete(id);
    this.#bytes -= session.bytes;
    session.end();
  }
}

export const relay = definePart({
  name: 'relay',
  open: (base) => new Relay(base),
  close: (part) => part.close(),
});
