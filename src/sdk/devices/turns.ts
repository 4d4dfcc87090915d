import type { Code } from '../../codes/index.ts';
import { CodedError, isCoded } from '../../primitives/errors.ts';

/**
 * Whose turn it is in a ceremony: one of several steps, each with what is known in it, or none, when it is over. A
 * step is taken before anything is looked at, so whatever fails in it, comes twice or out of its turn ends the ceremony.
 */
export class Turns<Step extends { readonly kind: string }> {
  #step: Step | undefined;

  constructor(first: Step) {
    this.#step = first;
  }

  /** Throws DEVICE_SESSION_OVER: another step's turn, which ends the ceremony, or nobody's. */
  take<Kind extends Step['kind']>(kind: Kind): Extract<Step, { readonly kind: Kind }> {
    const step = this.#step;
    this.#step = undefined;
    if (step?.kind !== kind) throw new CodedError('DEVICE_SESSION_OVER', { at: kind });
    return step as Extract<Step, { readonly kind: Kind }>;
  }

  /** Only what went well gives the next its turn. */
  next(step: Step): void {
    this.#step = step;
  }

  get isOver(): boolean {
    return this.#step === undefined;
  }
}

/** What a message that cannot be read or opened fails with, whatever is wrong with it. */
const ofMessages: ReadonlySet<Code> = new Set([
  ...(['CBOR_INVALID', 'CBOR_SHAPE', 'SUITE_UNKNOWN', 'TYPE_UNKNOWN'] as const),
  ...(['CANNOT_OPEN', 'KEY_WEAK'] as const),
]);

/** Reads a message that a relay gave. Throws DEVICE_RELAY_LIED naming which, for everything that is wrong with it. */
export async function believing<T>(message: string, read: () => T | Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (cause) {
    if (isCoded(cause) && ofMessages.has(cause.code)) throw lied(message, cause);
    throw cause;
  }
}

export function lied(message: string, cause?: unknown): CodedError {
  return new CodedError('DEVICE_RELAY_LIED', { message }, cause);
}
