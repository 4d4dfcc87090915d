import { maxProvenLeaves } from '../ledger/multiproof.ts';
import { optionalConsent } from '../ledger/shapes.ts';
import { type Cbor, cborSequence } from '../primitives/cbor.ts';
import { CodedError } from '../primitives/errors.ts';
import {
  bytes,
  type ChoiceOf,
  choice,
  encodeAs,
  list,
  type Of,
  recordId,
  type Shape,
  struct,
  text,
  txId,
  uint,
  uintTo,
} from '../primitives/shape.ts';
import { bytesTo, maxHeaderBytes, maxLeafContentBytes } from './items.ts';
import { maxReadRecords } from './read-request.ts';

/** Rows of items as a custodian hands them out: to their owner, and under a grant. Source: docs/protocol/http.md, H-24. */
export const rowsMediaType = 'application/cbor-seq';

const maxTombstoneBytes = 1_024;
/** A tree of 4,096 leaves of which every other is shown; a few more where trees are larger. */
const maxSiblings = maxProvenLeaves * 2;

const rowChoices = {
  live: [
    0,
    {
      /** Its place in the tree of the anchor. */
      index: uint,
      recordId,
      salt: bytes(32),
      leafContent: bytesTo(maxLeafContentBytes),
      header: bytesTo(maxHeaderBytes),
    },
  ],
  /** The hash of the leaf stays; `tombstone` is the signed Erased. */
  erased: [1, { index: uint, recordId, leaf: bytes(32), tombstone: bytesTo(maxTombstoneBytes) }],
} as const;
const itemRow = choice(rowChoices);
export type ItemRow = ChoiceOf<typeof rowChoices>;
export type LiveRow = Extract<ItemRow, { readonly kind: 'live' }>;
export type ErasedRow = Extract<ItemRow, { readonly kind: 'erased' }>;

/** What the rows of one anchor have in common, and what proves them together; its rows follow. */
const anchorHead = struct({
  txId,
  height: uint,
  timeMs: uint,
  epoch: uint,
  /** '': the owner anchored them. */
  consent: optionalConsent,
  root: bytes(32),
  /** Leaves of the whole tree. */
  count: uint,
  /** The multiproof of the rows that follow. */
  siblings: list(bytes(32), { most: maxSiblings }),
  /** So many rows follow, their places rising. */
  rows: uintTo(maxProvenLeaves),
});
export type AnchorHead = Of<typeof anchorHead>;

/** Rows of one anchor, which its multiproof proves together. */
export interface AnchoredRows extends Omit<AnchorHead, 'rows'> {
  readonly rows: readonly ItemRow[];
}

const nextPage = text(64);

/** What an owner's listing says before its rows. */
const listingHead = struct({
  /** How often rows of the account were shown or erased: what the next listing says as `changed`. */
  changes: uint,
  /** '': this is the last page. */
  next: nextPage,
  anchors: uintTo(maxReadRecords),
});

/** What the answer to a read says before its rows. */
const readHead = struct({
  /** Fetches the bodies of these rows. */
  ticket: bytes(32),
  ticketUntilMs: uint,
  /** Where the look stands on the ledger: an entry of an AccessLog. */
  txId,
  height: uint,
  index: uint,
  /** Opens the hash of its entry. */
  salt: bytes(32),
  next: nextPage,
  anchors: uintTo(maxReadRecords),
});

type Answer<Head> = Omit<Head, 'anchors'> & { readonly anchors: readonly AnchoredRows[] };
/** A page of one's own rows. */
export type ItemsPage = Answer<Of<typeof listingHead>>;
/** What a read hands out once its look stands on the ledger. */
export type ReadAnswer = Answer<Of<typeof readHead>>;

/** A page piece by piece: the head, then of each anchor its head and its rows. */
export function listingPieces(page: ItemsPage): Generator<Uint8Array, void, undefined> {
  return pieces(encodeAs(listingHead, { ...page, anchors: page.anchors.length }), page.anchors);
}

/** The same of a read. */
export function readPieces(answer: ReadAnswer): Generator<Uint8Array, void, undefined> {
  return pieces(encodeAs(readHead, { ...answer, anchors: answer.anchors.length }), answer.anchors);
}

function* pieces(
  head: Uint8Array,
  anchors: readonly AnchoredRows[],
): Generator<Uint8Array, void, undefined> {
  yield head;
  for (const anchor of anchors) {
    yield encodeAs(anchorHead, { ...anchor, rows: anchor.rows.length });
    for (const row of anchor.rows) yield encodeAs(itemRow, row);
  }
}

/** Throws CBOR_INVALID, CBOR_SHAPE (also for more or fewer rows than it says), ID_FORMAT. */
export function decodeItemsPage(encoded: Uint8Array): ItemsPage {
  return decodeAnswer(listingHead, encoded);
}

/** Throws as `decodeItemsPage`. */
export function decodeReadAnswer(encoded: Uint8Array): ReadAnswer {
  return decodeAnswer(readHead, encoded);
}

function decodeAnswer<Head extends { readonly anchors: number }>(
  shape: Shape<Head>,
  encoded: Uint8Array,
): Answer<Head> {
  const values = cborSequence(encoded);
  const head = shape.decode(nextOf(values), 'head');
  let left = maxReadRecords;
  const anchors: AnchoredRows[] = [];
  while (anchors.length < head.anchors) {
    const anchor = anchorHead.decode(nextOf(values), 'anchor');
    left -= anchor.rows;
    if (anchor.rows === 0 || left < 0) throw new CodedError('CBOR_SHAPE', { field: 'rows' });
    const rows: ItemRow[] = [];
    while (rows.length < anchor.rows) rows.push(itemRow.decode(nextOf(values), 'row'));
    anchors.push({ ...anchor, rows });
  }
  if (values.next().done !== true) throw new CodedError('CBOR_SHAPE', { field: 'anchors' });
  return { ...head, anchors };
}

function nextOf(values: Generator<Cbor, void, undefined>): Cbor | undefined {
  return values.next().value ?? undefined;
}
