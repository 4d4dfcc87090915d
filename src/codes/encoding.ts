/** Bytes, ids and the one encoding; and what must not happen. */
export const encodingCodes = {
  SUITE_UNKNOWN: { kind: 'not-valid', number: 3, sentence: 'This object names a set of algorithms that this version does not know.' },
  TYPE_UNKNOWN: { kind: 'not-valid', number: 4, sentence: 'This object is of a type that this version does not know.' },
  CBOR_INVALID: { kind: 'not-valid', sentence: 'These bytes are not in the one encoding that Salus accepts.' },
  CBOR_SHAPE: { kind: 'not-valid', sentence: 'A field is missing, too many, or of the wrong type or length.' },
  ID_FORMAT: { kind: 'not-valid', sentence: 'This identifier is not written the way Salus writes identifiers.' },
  INTERNAL: { kind: 'fault', sentence: 'Something broke here; the log names it.' },
} as const;
