import { type RelaySlot, relayLimits, relaySlots } from '../../api/relay.ts';
import { relayAnswerPost } from '../../api/routes/relay-answer-post.ts';
import { relayDelete } from '../../api/routes/relay-delete.ts';
import { relayGet } from '../../api/routes/relay-get.ts';
import { relayPost } from '../../api/routes/relay-post.ts';
import { CodedError, isCoded } from '../../primitives/errors.ts';
import type { GatewayClient } from '../client/gateway-client.ts';
import { type DeviceLink, sessionNameOf } from './link.ts';

type OpenersSlot = '1' | '3' | '6';
type AnswerersSlot = '2' | '4';

/**
 * The way of one session's messages, over a hospital that is believed nothing: a device keeps the two minutes by
 * itself, and what comes is for the ceremony to judge.
 *
 * Throws DEVICE_SESSION_OVER (two minutes, or the relay says that there is no such session), DEVICE_RELAY_LIED (more
 * bytes than a slot takes), INTERRUPTED (the caller's signal), and what `call` throws. Source: rules D-7 and D-8.
 */
export class RelayLine {
  readonly #gateway: GatewayClient;
  readonly #session: string;
  readonly #now: () => number;
  readonly #endsMs: number;
  readonly #callers: AbortSignal | undefined;
  /** Ends every wait: two minutes by the timer, or the caller. */
  readonly signal: AbortSignal;

  constructor(
    gateway: GatewayClient,
    link: DeviceLink,
    options: { readonly now: () => number; readonly signal: AbortSignal | undefined },
  ) {
    const { now, signal } = options;
    this.#gateway = gateway;
    this.#session = sessionNameOf(link);
    this.#now = now;
    this.#endsMs = now() + relayLimits.sessionMs;
    this.#callers = signal;
    const late = AbortSignal.timeout(relayLimits.sessionMs);
    this.signal = signal === undefined ? late : AbortSignal.any([late, signal]);
  }

  /** As who opened the session. */
  async write(slot: OpenersSlot, stream: Uint8Array): Promise<void> {
    const params = { session: this.#session, slot };
    await this.#call((signal) => this.#gateway.call(relayPost, { params, stream, signal }));
  }

  /** As the device that has no account. */
  async answer(slot: AnswerersSlot, stream: Uint8Array): Promise<void> {
    const params = { session: this.#session, slot };
    await this.#call((signal) => this.#gateway.call(relayAnswerPost, { params, stream, signal }));
  }

  /** Waits for a message of the other device. */
  async read(slot: RelaySlot): Promise<Uint8Array> {
    const params = { session: this.#session, slot: `${slot}` as const };
    const query = { waitMs: relayLimits.waitMs };
    for (;;) {
      const bytes = await this.#call((signal) =>
        this.#gateway.call(relayGet, { params, query, signal }),
      );
      if (bytes.length > 0) return bytes;
    }
  }

  /** What a person is asked: ends with the session. */
  async ask<T>(person: (signal: AbortSignal) => Promise<T>): Promise<T> {
    return this.#call((signal) => {
      const ended = new Promise<never>((_, reject) => {
        signal.addEventListener('abort', () => reject(new CodedError('INTERRUPTED')), {
          once: true,
        });
      });
      return Promise.race([person(signal), ended]);
    });
  }

  /** Lets the other device know, and frees the account's place. What cannot be told ends by itself. */
  async end(): Promise<void> {
    const asking = { params: { session: this.#session }, timeoutMs: 5_000 };
    await this.#gateway.call(relayDelete, asking).catch(() => undefined);
  }

  /** Throws DEVICE_SESSION_OVER, INTERRUPTED. */
  stillOpen(): void {
    if (this.#callers?.aborted === true) throw new CodedError('INTERRUPTED');
    const isLate = this.signal.aborted || this.#now() >= this.#endsMs;
    if (isLate) throw new CodedError('DEVICE_SESSION_OVER');
  }

  async #call<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    this.stillOpen();
    try {
      return await work(this.signal);
    } catch (error) {
      if (isCoded(error, 'NOT_FOUND')) throw new CodedError('DEVICE_SESSION_OVER', {}, error);
      if (isCoded(error, 'BODY_TOO_LARGE')) throw new CodedError('DEVICE_RELAY_LIED', {}, error);
      if (isCoded(error, 'INTERRUPTED')) this.stillOpen();
      throw error;
    }
  }
}

/** By name, as addresses spell them. */
export const slotNames = {
  key: `${relaySlots.key}`,
  commitment: `${relaySlots.commitment}`,
  nonce: `${relaySlots.nonce}`,
  reveal: `${relaySlots.reveal}`,
  release: `${relaySlots.release}`,
} as const;
