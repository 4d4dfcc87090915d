import { CodedError } from '../primitives/errors.ts';
import {
  accountId,
  decodeAs,
  encodeAs,
  list,
  mapped,
  type Of,
  recordId,
  struct,
  uint,
} from '../primitives/shape.ts';

/** The bodies of many rows in one answer. Source: docs/protocol/http.md, rule H-25. */
export const maxBodiesAsked = 8_192;
/** An ask of so many, and what stands around their ids. */
export const maxBodiesAskBytes = 17 * maxBodiesAsked + 64;

/** Whose rows, and which of them, in the order in which their bodies are to come. */
const bodiesAsk = struct({
  account: accountId,
  recordIds: list(recordId, { least: 1, most: maxBodiesAsked, tooMany: 'REQUEST_TOO_MANY' }),
});
export type BodiesAsk = Of<typeof bodiesAsk>;

export function encodeBodiesAsk(ask: BodiesAsk): Uint8Array {
  return encodeAs(bodiesAsk, ask);
}

/** Throws CBOR_INVALID, CBOR_SHAPE, REQUEST_TOO_MANY. */
export function decodeBodiesAsk(encoded: Uint8Array): BodiesAsk {
  return decodeAs(bodiesAsk, encoded);
}

/** Why a body does not come; `alone`: it is no single leaf, and is fetched by itself. */
const reasons = { erased: 1, 'not-stored': 2, corrupt: 3, alone: 4 } as const;
export type WhyNoBody = keyof typeof reasons;

const reason = mapped<number, WhyNoBody>(
  uint,
  (why) => reasons[why],
  (number, field) => {
    for (const why of ['erased', 'not-stored', 'corrupt', 'alone'] as const) {
      if (reasons[why] === number) return why;
    }
    throw new CodedError('CBOR_SHAPE', { field });
  },
);

/** What stands in a body's place. */
const noBody = struct({ recordId, why: reason });
export type NoBody = Of<typeof noBody>;

/** The last thing that is said: so many ids were answered. */
const end = struct({ count: uint });

export function encodeNoBody(said: NoBody): Uint8Array {
  return encodeAs(noBody, said);
}

/** Throws CBOR_INVALID, CBOR_SHAPE. */
export function decodeNoBody(encoded: Uint8Array): NoBody {
  return decodeAs(noBody, encoded);
}

export function encodeBodiesEnd(count: number): Uint8Array {
  return encodeAs(end, { count });
}

/** How many ids were answered. Throws CBOR_INVALID, CBOR_SHAPE. */
export function decodeBodiesEnd(encoded: Uint8Array): number {
  return decodeAs(end, encoded).count;
}
