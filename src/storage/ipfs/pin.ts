import { CodedError, isCoded } from '../../primitives/errors.ts';
import type { AccountId, BlobId } from '../../primitives/ids.ts';
import { Shares } from '../../primitives/shares.ts';
import { isLeafId } from '../blob-id.ts';
import { maxBlobBytes, type StoredBlob } from '../blob-store.ts';
import { answering, ask, type Working } from './conversation.ts';
import { Transfer } from './fetching.ts';
import { expectedFrom, type Here, headTo } from './here.ts';
import type { StorageMember } from './members.ts';
import { pinnedStatement, pinStatement } from './statements.ts';

const protocol = '/salus/pin/1';
/** Questions of one member at the same time, and of all; small blobs of a question that come at the same time. */
const questionsAtOnce = 2;
const allAtOnce = 32;
const smallAtOnce = 16;
/** The one who asks has them: many at once may take long, and there is nobody else to ask. */
const blockPatienceMs = 30_000;
/** Up to here a blob is tiny: many more of them are on their way at once. */
const tinyBytes = 64 * 1024;
const tinyAtOnce = 128;

export interface PinOptions {
  readonly member: StorageMember;
  readonly blobs: readonly StoredBlob[];
  /** Later than whatever was said about these before. */
  readonly atMs: number;
  /** Told each time that the member says that it is at work. */
  readonly onWorking?: () => void;
}

/**
 * Asks a member to keep blobs; answers when what it keeps is on its disk. The code of each that it does not keep.
 * Throws HOLDER_SILENT, PIN_REFUSED (also: it signed nothing that holds), STORE_BUSY. Source: SN-10, SN-11.
 */
export async function askToPin(
  here: Here,
  { member, blobs, atMs, onWorking }: PinOptions,
): Promise<ReadonlyMap<BlobId, string>> {
  const question = await pinStatement.sign(here.key, {
    ...headTo(here, member.account),
    atMs,
    blobs: blobs.map(({ id, bytes }) => ({ id, bytes })),
  });
  const asked = { member, protocol, question, ...(onWorking && { onWorking }) };
  const answer = await ask(here.node, asked);
  const pinned = await pinnedStatement.check(answer, expectedFrom(here, member));
  return new Map(pinned.blobs.map(({ id, code }) => [id, code]));
}

/** Serves `/salus/pin/1`: pulls from whoever asks what this node does not have, and keeps it in the held store. */
export async function servePins(here: Here): Promise<void> {
  const busy = new Shares({ each: questionsAtOnce, all: allAtOnce });
  await answering(here.node, protocol, async (question, from, working) => {
    const pin = await pinStatement.check(question, expectedFrom(here, from));
    if (!busy.take(from.account)) throw new CodedError('STORE_BUSY');
    try {
      const asked = { from, atMs: pin.atMs, working };
      const blobs: { id: BlobId; bytes: number; code: string }[] = [];
      for (const { some, atOnce } of bySize(pin.blobs)) {
        const codes = await inTurns(some, atOnce, (blob) => keep(here, blob, asked));
        blobs.push(...some.map((blob, at) => ({ ...blob, code: codes[at] ?? '' })));
      }
      return await pinnedStatement.sign(here.key, {
        ...headTo(here, from.account),
        blobs,
      });
    } finally {
      busy.give(from.account);
    }
  });
}

/** Those that are brought together, and how many of them at a time. */
function bySize(blobs: readonly StoredBlob[]) {
  const large = blobs.filter(({ id }) => !isLeafId(id));
  const tiny = blobs.filter(({ id, bytes }) => isLeafId(id) && bytes <= tinyBytes);
  const small = blobs.filter(({ id, bytes }) => isLeafId(id) && bytes > tinyBytes);
  return [
    { some: tiny, atOnce: tinyAtOnce },
    { some: small, atOnce: smallAtOnce },
    { some: large, atOnce: 1 },
  ];
}

interface Asking {
  readonly from: StorageMember;
  readonly atMs: number;
  readonly working: Working;
}

/** An empty text, or the code with which this one is not kept. */
async function keep(here: Here, blob: StoredBlob, asking: Asking): Promise<string> {
  try {
    await here.turns.run(blob.id, () => keepOne(here, blob, asking));
    return '';
  } catch (error) {
    if (isCoded(error)) return error.code;
    throw error;
  }
}

async function keepOne(here: Here, { id, bytes }: StoredBlob, asking: Asking): Promise<void> {
  const { from, atMs } = asking;
  const custodian = from.account;
  const stone = here.rows.tombstoneAt(id, custodian);
  if (stone !== undefined && atMs <= stone) throw new CodedError('BLOB_ERASED', { blobId: id });
  if (bytes > maxBlobBytes) throw new CodedError('BODY_TOO_LARGE', { bytes });
  if (!(await isKeptFor(here, id, custodian))) {
    await here.heldRoom.during(bytes, () => bring(here, { id, bytes }, asking));
  }
  here.rows.pinFor(id, custodian, atMs);
}

/** Whether it is here, whole, and claimed by this custodian. */
async function isKeptFor(here: Here, id: BlobId, custodian: AccountId): Promise<boolean> {
  if (!(await here.held.hasClaim(id, custodian))) return false;
  try {
    for await (const _ of here.held.readStream(id));
    return true;
  } catch (error) {
    if (isCoded(error, 'BLOB_CORRUPT') || isCoded(error, 'BLOB_UNKNOWN')) return false;
    throw error;
  }
}

/** From our own disk where another custodian's copy, or our own, is there; else from whoever asks. */
async function bring(here: Here, { id, bytes }: StoredBlob, asking: Asking): Promise<void> {
  const { from, working } = asking;
  const owner = from.account;
  for (const store of [here.held, here.own]) {
    try {
      if (!(await store.has(id))) continue;
      const pieces = counted(store.readStream(id), bytes, working);
      await here.held.put(pieces, { owner, expectedId: id });
      return;
    } catch (error) {
      // A bad copy of ours: the sender has the bytes.
      if (!isCoded(error, 'BLOB_CORRUPT')) throw error;
    }
  }
  const transfer = new Transfer(here.node, { from: [from], patienceMs: blockPatienceMs });
  if (isLeafId(id)) {
    const pieces = counted(transfer.pieces(id), bytes, working);
    await here.held.put(pieces, { owner, expectedId: id });
  } else {
    const tree = await transfer.tree(id);
    if (tree.bytes !== bytes) throw new CodedError('BLOB_MISMATCH', { bytes });
    const leaves = transfer.leaves(tree, 0, tree.leafDigests.length / 32);
    // Each was hashed when it came: once is enough.
    await here.held.putLeaves(tree, counted(leaves, bytes, working), { owner });
  }
  here.blocks.index(id);
}

/** Held against the length that was announced while it comes: the quota was judged by that. Throws BLOB_MISMATCH. */
async function* counted(
  pieces: AsyncIterable<Uint8Array>,
  announced: number,
  working: Working,
): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const piece of pieces) {
    bytes += piece.length;
    if (bytes > announced) break;
    working(piece.length);
    yield piece;
  }
  if (bytes !== announced) throw new CodedError('BLOB_MISMATCH', { bytes: announced });
}

/** In the order of `items`, `atOnce` of them at the same time. */
async function inTurns<T, R>(
  items: readonly T[],
  atOnce: number,
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  const done: R[] = [];
  let next = 0;
  const lane = async () => {
    for (let at = next++; at < items.length; at = next++) {
      const item = items[at];
      if (item !== undefined) done[at] = await work(item);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
  return done;
}
