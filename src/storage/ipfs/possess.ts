import { labelledHash } from '../../crypto/hash.ts';
import { labels } from '../../crypto/labels.ts';
import { concatBytes, equalBytes, u32be } from '../../primitives/bytes.ts';
import { CodedError, isCoded } from '../../primitives/errors.ts';
import type { AccountId, BlobId } from '../../primitives/ids.ts';
import { decodeAs, encodeAs } from '../../primitives/shape.ts';
import { cidBytesOf, leafBytes } from '../blob-id.ts';
import type { FileBlobs } from '../file/file-blob-store.ts';
import { answering, ask } from './conversation.ts';
import { expectedFrom, type Here, headTo } from './here.ts';
import type { Beacon, StorageMember } from './members.ts';
import { leavesDrawn } from './placement.ts';
import { challengeShape, possessedStatement } from './statements.ts';

const protocol = '/salus/possess/1';
const oldestBlocks = 200;
const challengesAMinute = 120;
const bytesASecond = 5 * 1024 * 1024;

export interface ChallengeOptions {
  readonly member: StorageMember;
  readonly ids: readonly BlobId[];
  readonly beacon: Beacon;
  /** 32 random bytes. */
  readonly nonce: Uint8Array;
}

/** What a challenge showed of one blob. `unknown`: our own bytes are not there to compare with. */
export type Possession = 'proven' | 'lost' | 'unknown';

/**
 * Challenges a holder: it must hash leaves that the newest block draws, under a fresh nonce.
 * Throws HOLDER_SILENT, PIN_REFUSED, CHALLENGE_STALE, STORE_BUSY. Source: SN-12 to SN-15.
 */
export async function challenge(
  here: Here,
  { member, ids, beacon, nonce }: ChallengeOptions,
): Promise<ReadonlyMap<BlobId, Possession>> {
  const { account } = member;
  const drawn = { blockHash: beacon.hash, holder: account, nonce };
  const expected = new Map<BlobId, Uint8Array | undefined>();
  let asked = 0;
  for (const id of ids) {
    expected.set(id, await proofOf(here.own, id, drawn));
    asked += expected.get(id) === undefined ? 0 : Math.min(await here.own.size(id), 4 * leafBytes);
  }
  const question = encodeAs(challengeShape, {
    chainId: here.members.chainId,
    holder: account,
    height: beacon.height,
    blockHash: beacon.hash,
    nonce,
    ids,
  });
  const patienceMs = 2_000 + Math.ceil((1_000 * asked) / bytesASecond);
  const answer = await ask(here.node, { member, protocol, question, patienceMs });
  const said = await possessedStatement.check(answer, expectedFrom(here, member));
  if (said.height !== beacon.height || !equalBytes(said.nonce, nonce)) {
    throw new CodedError('PIN_REFUSED', { account, problem: 'another challenge' });
  }
  const proofs = new Map(said.blobs.map(({ id, proof }) => [id, proof]));
  return new Map(
    ids.map((id) => {
      const [ours, theirs] = [expected.get(id), proofs.get(id)];
      if (ours === undefined) return [id, 'unknown'];
      return [id, theirs !== undefined && equalBytes(ours, theirs) ? 'proven' : 'lost'];
    }),
  );
}

/** Serves `/salus/possess/1`, from what this node holds for whoever asks. */
export async function servePossession(here: Here): Promise<void> {
  const counts = new Map<AccountId, { minute: number; count: number; isBusy: boolean }>();
  await answering(here.node, protocol, async (question, from) => {
    const asked = decodeAs(challengeShape, question);
    const { height, blockHash, nonce } = asked;
    if (asked.chainId !== here.members.chainId || asked.holder !== here.account) {
      throw new CodedError('PIN_REFUSED', { from: from.account });
    }
    const minute = Math.floor(here.now() / 60_000);
    const before = counts.get(from.account);
    const count = before?.minute === minute ? before.count : 0;
    if (before?.isBusy === true || count >= challengesAMinute) throw new CodedError('STORE_BUSY');
    const now = { minute, count: count + 1, isBusy: true };
    counts.set(from.account, now);
    try {
      requireFresh(here, height, blockHash);
      const drawn = { blockHash, holder: here.account, nonce };
      const blobs: { id: BlobId; proof: Uint8Array }[] = [];
      for (const id of asked.ids) {
        const isHeld = await here.held.hasClaim(id, from.account);
        const proof = isHeld ? await proofOf(here.held, id, drawn) : undefined;
        blobs.push({ id, proof: proof ?? new Uint8Array(0) });
      }
      const head = headTo(here, from.account);
      return await possessedStatement.sign(here.key, { ...head, height, nonce, blobs });
    } finally {
      now.isBusy = false;
    }
  });
}

/** Throws CHALLENGE_STALE: no block of ours, or one of long ago. */
function requireFresh({ members }: Here, height: number, blockHash: Uint8Array): void {
  const known = members.hashAt(height);
  const isOld = height < members.newest().height - oldestBlocks;
  if (known === undefined || isOld || !equalBytes(known, blockHash)) {
    throw new CodedError('CHALLENGE_STALE', { height });
  }
}

interface Drawn {
  readonly blockHash: Uint8Array;
  readonly holder: AccountId;
  readonly nonce: Uint8Array;
}

/** The proof that only who has the leaves can make; undefined: they are not here, or not whole. */
async function proofOf(
  store: FileBlobs,
  blobId: BlobId,
  { blockHash, holder, nonce }: Drawn,
): Promise<Uint8Array | undefined> {
  try {
    const bytes = await store.size(blobId);
    const count = Math.max(1, Math.ceil(bytes / leafBytes));
    const parts: Uint8Array[] = [];
    for (const place of leavesDrawn({ blockHash, holder, blobId }, count)) {
      const from = place * leafBytes;
      const leaf = await store.read(blobId, { from, to: Math.min(from + leafBytes, bytes) });
      parts.push(u32be(place), leaf);
    }
    return labelledHash(labels.storagePossess, nonce, cidBytesOf(blobId), concatBytes(...parts));
  } catch (error) {
    if (isCoded(error, 'BLOB_UNKNOWN') || isCoded(error, 'BLOB_CORRUPT')) return undefined;
    throw error;
  }
}
