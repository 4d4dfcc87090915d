import { readFileSync, unwatchFile, watchFile } from 'node:fs';
import { z } from 'zod';
import { sha256 } from '../../crypto/hash.ts';
import { bytesToHex, concatBytes, hexToBytes, u32be, utf8 } from '../../primitives/bytes.ts';
import { CodedError } from '../../primitives/errors.ts';
import { parseAccountId } from '../../primitives/ids.ts';
import type { Beacon, StorageMember, StorageMembers } from './members.ts';

const file = z.object({
  chainId: z.string().min(1).max(128),
  members: z
    .array(
      z.object({
        account: z.string(),
        storageKey: z.string(),
        addresses: z.array(z.string().max(256)).max(16),
      }),
    )
    .max(1_000),
  blocks: z
    .array(z.object({ height: z.int().nonnegative(), hash: z.string() }))
    .max(1_000)
    .optional(),
});

/** What a members file says. */
export interface MembersFile {
  readonly chainId: string;
  readonly members: readonly StorageMember[];
  /** The newest blocks, ascending; none where there is no ledger to take them from. */
  readonly blocks: readonly Beacon[];
}

/** An address of libp2p over TCP, without a peer id: that follows from the key. */
const address =
  /^\/(ip4|ip6|dns|dns4|dns6)\/[0-9A-Za-z.:-]{1,253}\/tcp\/\d{1,5}(\/p2p\/[0-9A-Za-z]{1,128})?$/;

/**
 * Throws STORAGE_MEMBERS_INVALID {problem}: not of this form, an account or a key twice, an address that is none.
 */
export function parseMembers(text: string): MembersFile {
  const invalid = (problem: string, cause?: unknown) =>
    new CodedError('STORAGE_MEMBERS_INVALID', { problem }, cause);
  let read: z.infer<typeof file>;
  try {
    read = file.parse(JSON.parse(text));
  } catch (cause) {
    throw invalid('form', cause);
  }
  const members = read.members.map(({ account, storageKey, addresses }) => {
    const key = hexToBytes(storageKey);
    if (key?.length !== 32) throw invalid('key');
    if (!addresses.every((it) => address.test(it))) throw invalid('address');
    return { account: parseAccountId(account), storageKey: key, addresses };
  });
  const accounts = new Set(members.map((it) => it.account));
  const keys = new Set(members.map((it) => bytesToHex(it.storageKey)));
  if (accounts.size < members.length) throw invalid('an account twice');
  if (keys.size < members.length) throw invalid('a key twice');
  const blocks = (read.blocks ?? []).map(({ height, hash }) => {
    const bytes = hexToBytes(hash);
    if (bytes?.length !== 32) throw invalid('block hash');
    return { height, hash: bytes };
  });
  return { chainId: read.chainId, members, blocks };
}

export function formatMembers({ chainId, members, blocks }: MembersFile): string {
  const plain = {
    chainId,
    members: members.map((it) => ({ ...it, storageKey: bytesToHex(it.storageKey) })),
    ...(blocks.length > 0 && {
      blocks: blocks.map(({ height, hash }) => ({ height, hash: bytesToHex(hash) })),
    }),
  };
  return `${JSON.stringify(plain, undefined, 2)}\n`;
}

const hourMs = 60 * 60 * 1000;

export interface WatchOptions {
  readonly now: () => number;
  /** A file that cannot be used any more: the list stays what it was. */
  readonly onInvalid?: (error: CodedError) => void;
  readonly everyMs?: number;
}

/**
 * The members as a file says, followed when it changes: written by hand, or by whoever follows the ledger. Without blocks
 * in it the hour stands for the block: holders may know before which leaves they will be asked for, never the nonce.
 * Throws STORAGE_MEMBERS_INVALID.
 */
export function watchMembers(
  path: string,
  { now, onInvalid = () => {}, everyMs = 1_000 }: WatchOptions,
): StorageMembers & { close(): void } {
  let current = readMembers(path);
  const told = new Set<() => void>();
  const read = () => {
    try {
      current = readMembers(path);
      for (const tell of told) tell();
    } catch (error) {
      if (!(error instanceof CodedError)) throw error;
      onInvalid(error);
    }
  };
  watchFile(path, { interval: everyMs, persistent: false }, read);
  const hour = () => Math.floor(now() / hourMs);
  const hashOfHour = (height: number) => sha256(concatBytes(utf8(current.chainId), u32be(height)));
  return {
    chainId: current.chainId,
    list: () => current.members,
    onChange: (tell) => {
      told.add(tell);
      return () => told.delete(tell);
    },
    newest: () => current.blocks.at(-1) ?? { height: hour(), hash: hashOfHour(hour()) },
    hashAt: (height) => {
      if (current.blocks.length === 0) return height > hour() + 1 ? undefined : hashOfHour(height);
      return current.blocks.find((it) => it.height === height)?.hash;
    },
    close: () => unwatchFile(path, read),
  };
}

function readMembers(path: string): MembersFile {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw new CodedError('STORAGE_MEMBERS_INVALID', { problem: 'no file' }, cause);
  }
  return parseMembers(text);
}
