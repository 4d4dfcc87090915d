import { suite } from '../ledger/object-types.ts';
import { CodedError } from '../primitives/errors.ts';
import {
  bytes,
  checked,
  choice,
  decodeAs,
  encodeAs,
  list,
  type Of,
  typed,
  uintTo,
} from '../primitives/shape.ts';
import { ordinaryClass, ordinaryClasses } from './classes.ts';
import { messageObjects } from './object-types.ts';
import { purpose } from './purposes.ts';

/** The longest time that somebody may ask for. */
export const maxAskDays = 366;
/** The asker's card, as it travels. */
export const maxAskCardBytes = 2 * 1024;

const days = checked(uintTo(maxAskDays), (wished, field) => {
  if (wished === 0) throw new CodedError('CBOR_SHAPE', { field });
});

/** What is asked: to be granted something, or who somebody is; or the answer to the latter, which is the card. */
const question = choice({
  access: [
    1,
    {
      /** None: everything but what is restricted. */
      readClasses: list(ordinaryClass, { most: ordinaryClasses.length }),
      purpose,
      days,
    },
  ],
  who: [2, {}],
  introduction: [3, {}],
});
export type Question = Of<typeof question>;

/**
 * A question from one person to another, in a message. Who asks is proven by the message's own signature and named by
 * the card. It gives nothing and changes nothing. Source: docs/protocol/grants.md, rule G-18.
 */
const ask = typed(suite, messageObjects.ask, {
  question,
  card: checked(bytes(), ({ length }, field) => {
    if (length === 0 || length > maxAskCardBytes) throw new CodedError('CBOR_SHAPE', { field });
  }),
});
export type Ask = Of<typeof ask>;

export function encodeAsk(asked: Ask): Uint8Array {
  return encodeAs(ask, asked);
}

/** Throws CBOR_INVALID, CBOR_SHAPE, SUITE_UNKNOWN, TYPE_UNKNOWN, CLASS_UNKNOWN, PURPOSE_UNKNOWN. */
export function decodeAsk(encoded: Uint8Array): Ask {
  return decodeAs(ask, encoded);
}
