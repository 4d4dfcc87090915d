import { CodedError } from '../../primitives/errors.ts';
import { ProtoMessage, varintField } from './protobuf.ts';

/**
 * `google.protobuf.Timestamp`: seconds since 1970 and nanoseconds, kept apart because CometBFT's own block
 * times have nanoseconds and a header hashes only when they are kept. Ours are whole milliseconds.
 */
export interface Timestamp {
  readonly seconds: number;
  readonly nanos: number;
}

/** Go's zero time, 0001-01-01T00:00:00Z: what an absent vote carries. */
export const zeroTime: Timestamp = { seconds: -62_135_596_800, nanos: 0 };

/** Block times are whole milliseconds (B-4); of other chains they may be finer. */
export function timestampOfMs(ms: number): Timestamp {
  const rest = ms % 1000;
  return { seconds: (ms - rest) / 1000, nanos: rest * 1_000_000 };
}

/** Rounds down to the millisecond: the block time that the rules see. */
export function msOfTimestamp(time: Timestamp): number {
  return time.seconds * 1000 + (time.nanos - (time.nanos % 1_000_000)) / 1_000_000;
}

/** Strictly. */
export function isAfter(a: Timestamp, b: Timestamp): boolean {
  return a.seconds > b.seconds || (a.seconds === b.seconds && a.nanos > b.nanos);
}

/** The message without tag or length. */
export function encodeTimestamp(time: Timestamp): Uint8Array {
  const seconds = varintField(1, time.seconds);
  const nanos = varintField(2, time.nanos);
  const whole = new Uint8Array(seconds.length + nanos.length);
  whole.set(seconds);
  whole.set(nanos, seconds.length);
  return whole;
}

/** Throws HEADER_INVALID: nanoseconds that are none, or what is no message. */
export function decodeTimestamp(bytes: Uint8Array): Timestamp {
  const message = new ProtoMessage(bytes);
  const time = { seconds: message.number(1), nanos: message.number(2) };
  // What no calendar has a date for nobody can show; CometBFT ends at the year 9999.
  const lastSecond = 8_639_999_999_999;
  const hasDate = time.seconds >= -lastSecond && time.seconds <= lastSecond;
  if (!hasDate || time.nanos < 0 || time.nanos > 999_999_999) {
    throw new CodedError('HEADER_INVALID', { reason: 'time' });
  }
  return time;
}
