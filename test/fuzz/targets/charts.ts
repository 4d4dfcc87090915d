import assert from 'node:assert/strict';
import {
  decodeBodiesAsk,
  decodeBodiesEnd,
  decodeNoBody,
  encodeBodiesAsk,
  encodeBodiesEnd,
  encodeNoBody,
} from '../../../src/api/bodies.ts';
import {
  type AnchoredRows,
  decodeItemsPage,
  decodeReadAnswer,
  listingPieces,
  readPieces,
} from '../../../src/api/rows.ts';
import { sha256 } from '../../../src/crypto/hash.ts';
import { concatBytes, utf8 } from '../../../src/primitives/bytes.ts';
import { accountIdOf, consentIdOf, recordIdOf, txIdOf } from '../../../src/primitives/ids.ts';
import { blobIdOf } from '../../../src/storage/blob-id.ts';
import { carHead, carSections, leafSectionHead, noteSection } from '../../../src/storage/car.ts';
import type { Target, TargetModule } from '../target.ts';
import { codecModule, mustEqual } from './codec.ts';
import { inPieces } from './sealed.ts';

const filled = (length: number, byte: number): Uint8Array => new Uint8Array(length).fill(byte);
const recordId = recordIdOf(filled(16, 1));
const other = recordIdOf(filled(16, 2));

const anchors: readonly AnchoredRows[] = [
  {
    ...{ txId: txIdOf(filled(32, 3)), height: 7, timeMs: 1_000, epoch: 1, consent: '' },
    ...{ root: filled(32, 4), count: 3, siblings: [filled(32, 5)] },
    rows: [
      {
        ...{ kind: 'live', index: 0, recordId, salt: filled(32, 6) },
        ...{ leafContent: filled(120, 7), header: filled(90, 8) },
      },
      { kind: 'erased', index: 1, recordId: other, leaf: filled(32, 9), tombstone: filled(200, 1) },
    ],
  },
];
const consent = consentIdOf(filled(16, 2));
const more = anchors.map((it) => ({ ...it, consent }));
const look = { ticket: filled(32, 1), ticketUntilMs: 9, txId: txIdOf(filled(32, 2)), height: 8 };

/** What a custodian says of rows, as its reader takes it. */
export const rowAnswers = codecModule(() => ({
  ...{ name: 'row-answers', words: [filled(32, 5), recordId] },
  seeds: [
    concatBytes(...listingPieces({ changes: 3, next: '7.1.1', anchors: [...anchors, ...more] })),
    concatBytes(...listingPieces({ changes: 0, next: '', anchors: [] })),
    concatBytes(...readPieces({ ...look, index: 0, salt: filled(32, 3), next: '', anchors })),
  ],
  decode: (bytes) => {
    try {
      return { page: decodeItemsPage(bytes) };
    } catch {
      return { read: decodeReadAnswer(bytes) };
    }
  },
  encode: (answer) =>
    concatBytes(...('page' in answer ? listingPieces(answer.page) : readPieces(answer.read))),
  allows: ['CBOR_INVALID', 'CBOR_SHAPE', 'ID_FORMAT'],
}));

export const bodiesAsks = codecModule(() => ({
  ...{ name: 'bodies-asks', words: [recordId] },
  seeds: [encodeBodiesAsk({ account: accountIdOf(filled(32, 1)), recordIds: [recordId, other] })],
  ...{ decode: decodeBodiesAsk, encode: encodeBodiesAsk },
  allows: ['CBOR_INVALID', 'CBOR_SHAPE', 'ID_FORMAT', 'REQUEST_TOO_MANY'],
}));

const body = utf8('a body');
const seed = concatBytes(
  carHead(),
  leafSectionHead(blobIdOf(body), body.length),
  body,
  noteSection(encodeNoBody({ recordId, why: 'erased' })),
  noteSection(encodeBodiesEnd(2)),
);

/** A custodian's stream of bodies: sections are cut alike however the bytes arrive, and a note is what its id says. */
export const bodyStreams: TargetModule = {
  open: async (): Promise<Target> => ({
    ...{ name: 'body-streams', shape: 'bytes', seeds: [seed], words: [body], boundMiB: 8 },
    allows: ['CAR_INVALID', 'CBOR_INVALID', 'CBOR_SHAPE'],
    run: async (input) => {
      const whole = await sections(input, input.length + 1);
      const inBits = await sections(input, 5);
      assert.equal(inBits.refused?.code, whole.refused?.code, 'pieces decide');
      mustEqual(inBits.bytes, whole.bytes, 'pieces decide');
      if (whole.refused !== undefined) throw whole.refused;
    },
  }),
};

async function sections(input: Uint8Array, size: number) {
  const parts: Uint8Array[] = [];
  try {
    for await (const come of carSections(inPieces(input, size))) {
      for (const { kind, digest, bytes } of come) {
        parts.push(digest, bytes);
        if (kind === 'leaf') continue;
        mustEqual(sha256(bytes), digest, 'a note under another id');
        mustEqual(noteAgain(bytes), bytes, 'another encoding of the same note');
      }
    }
  } catch (error) {
    if (!(error instanceof Error) || !('code' in error) || error instanceof assert.AssertionError) {
      throw error;
    }
    return { bytes: concatBytes(...parts), refused: error };
  }
  return { bytes: concatBytes(...parts), refused: undefined };
}

function noteAgain(bytes: Uint8Array): Uint8Array {
  try {
    return encodeBodiesEnd(decodeBodiesEnd(bytes));
  } catch {
    return encodeNoBody(decodeNoBody(bytes));
  }
}
