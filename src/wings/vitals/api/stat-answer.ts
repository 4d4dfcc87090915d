import { suite } from '../../../ledger/object-types.ts';
import { type Cbor, encodeCbor } from '../../../primitives/cbor.ts';
import { CodedError } from '../../../primitives/errors.ts';
import {
  bytes,
  checked,
  decodeAs,
  encodeAs,
  hexId,
  type Of,
  typed,
  uintTo,
} from '../../../primitives/shape.ts';
import { vitalsObjects } from './object-types.ts';

/** 1 to 3: which of the trio. */
export const serverPlace = checked(uintTo(3), (place, field) => {
  if (place === 0) throw new CodedError('CBOR_SHAPE', { field });
});

const answer = typed(suite, vitalsObjects.statAnswer, {
  query: hexId(32),
  place: serverPlace,
  /** Which pages were added up. */
  selection: bytes(32),
  enc: bytes(1120),
  ciphertext: bytes(),
});
/** One server's part, as it is given for ever. Source: docs/protocol/vitals-statistics.md, rule VQ-36. */
export type StatAnswer = Of<typeof answer>;

export const encodeStatAnswer = (value: StatAnswer): Uint8Array => encodeAs(answer, value);
/** Throws CBOR_INVALID, CBOR_SHAPE, SUITE_UNKNOWN, TYPE_UNKNOWN. */
export const decodeStatAnswer = (encoded: Uint8Array): StatAnswer => decodeAs(answer, encoded);

/** What the seal of an answer is bound to, beside its query. */
export const answerContext = (of: Pick<StatAnswer, 'place' | 'selection'>): Uint8Array => {
  const context: Cbor = [of.place, of.selection];
  return encodeCbor(context);
};
