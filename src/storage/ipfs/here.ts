import type { SigningKey } from '../../crypto/signature.ts';
import { CodedError } from '../../primitives/errors.ts';
import type { AccountId } from '../../primitives/ids.ts';
import type { FileBlobs } from '../file/file-blob-store.ts';
import type { ByKey } from './by-key.ts';
import type { HeldRoom } from './held-room.ts';
import type { KeptBlocks } from './kept-blocks.ts';
import type { StorageMember, StorageMembers } from './members.ts';
import type { NetworkRows } from './network-rows.ts';
import type { SwarmNode } from './node.ts';
import type { Expected } from './statements.ts';

/** One storage node, as its protocols see it. */
export interface Here {
  readonly account: AccountId;
  readonly key: SigningKey;
  readonly members: StorageMembers;
  readonly node: SwarmNode;
  readonly rows: NetworkRows;
  /** What this hospital is the custodian of. */
  readonly own: FileBlobs;
  /** What it keeps for others, claimed by their accounts. */
  readonly held: FileBlobs;
  readonly heldRoom: HeldRoom;
  readonly blocks: KeptBlocks;
  /** Blobs of others that are being kept or erased now: a pin and an erasure must not pass each other. */
  readonly turns: ByKey;
  readonly now: () => number;
}

/** What a statement between this node and another must name. */
export function expectedFrom(here: Here, member: StorageMember): Expected {
  return {
    chainId: here.members.chainId,
    from: member.account,
    to: here.account,
    storageKey: member.storageKey,
  };
}

/** The head of a statement to a member. */
export function headTo(here: Here, to: AccountId) {
  return { chainId: here.members.chainId, from: here.account, to, atMs: here.now() };
}

/** Throws HOLDER_SILENT: it is no member (any more). */
export function memberNamed(here: Here, account: AccountId): StorageMember {
  const member = here.members.list().find((it) => it.account === account);
  if (member === undefined) throw new CodedError('HOLDER_SILENT', { account });
  return member;
}
