import { mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { bytesToBase64url } from '../../../primitives/bytes.ts';
import { CodedError } from '../../../primitives/errors.ts';
import { nodeKeys } from '../../comet/node-home.ts';
import { isComet, nodeHomeIn } from '../../comet/places.ts';
import { flushFolder, makeFolder } from '../../files.ts';
import { type OpenHomeOptions, openHome } from '../../home-version.ts';
import { type Service, serversOf } from '../../process.ts';
import { type RestoredHome, writeRestored } from '../../restored.ts';
import { type VerifiedHome, verifyHome } from '../verify-home.ts';
import { applyErasuresOf } from './apply-erasures.ts';
import { askPeers, peersOf } from './ask-peers.ts';
import { endOpenInvitations } from './end-invitations.ts';
import { copyFlushed } from './flushed-copy.ts';
import { requireOneInstant } from './home-parts.ts';
import { endOfLedger, takeLaterBlocks } from './later-blocks.ts';
import { type Manifest, readManifest } from './manifest.ts';

export interface RestoreOptions {
  readonly from: string;
  readonly home: string;
  /** A newer home of the same ledger, perhaps damaged: what was erased there is erased here too. */
  readonly erasuresOf?: string;
  /** A newer home or backup of the same ledger, perhaps damaged: later blocks that hold are taken over. */
  readonly blocksOf?: string;
  /** Addresses of hospitals that may have later blocks, beside those of the genesis. */
  readonly peers?: readonly string[];
  /** Whose files; without it all that this build knows. */
  readonly services?: readonly Service[];
  /** Told a line after each step that brings an older backup to the version of this build. */
  readonly onMigrated?: OpenHomeOptions['onMigrated'];
  readonly signal?: AbortSignal;
  readonly onProgress?: (what: string) => void;
}

export interface Restored {
  readonly manifest: Manifest;
  readonly verified: VerifiedHome;
  /** Rows that the backup still had and `erasuresOf` had no more. */
  readonly erasedAgain: number;
  /** Blocks that were taken over. */
  readonly laterBlocks: number;
  readonly endedInvitations: number;
  /** What is known of the ledger's end; whether the home serves hangs on it. */
  readonly restored: RestoredHome;
  /** Of a home on CometBFT: the key by which it will order blocks once the members have voted it in. */
  readonly validator?: string;
}

const workName = '.restoring';

/**
 * Makes a new home of a backup: every file must be the one that the manifest names, an older home is brought
 * to the version of this build, and the whole must verify, before the servers' part gets its name. What is
 * interrupted leaves an empty home.
 *
 * Whether later blocks exist is asked before: of a newer home, and of hospitals. What is known of it lies in the home.
 *
 * Throws HOME_NOT_EMPTY, BACKUP_INVALID {file, reason}, HOME_NEWER, DISK_FULL, INTERRUPTED, LEDGER_FORKED (somebody has
 * another block of the same height), and as `verifyHome`.
 * Source: docs/operations/backup.md.
 */
export async function restoreHome(options: RestoreOptions): Promise<Restored> {
  const { signal, onProgress } = options;
  const manifest = readManifest(options.from);
  const home = resolve(options.home);
  makeFolder(home);
  const work = join(home, workName);
  // Left by one that was killed: nothing in it was ever believed.
  rmSync(work, { recursive: true, force: true });
  if (readdirSync(home).length > 0) throw new CodedError('HOME_NOT_EMPTY');
  try {
    mkdirSync(work, { mode: 0o700 });
    for (const [at, file] of manifest.files.entries()) {
      onProgress?.(`copying file ${at + 1} of ${manifest.files.length}`);
      const copied = await copyNamed(options.from, work, file.path, signal);
      if (copied.sha256 !== file.sha256 || copied.bytes !== file.bytes) {
        throw new CodedError('BACKUP_INVALID', { reason: 'changed', file: file.path });
      }
    }
    await openHome(work, { onMigrated: options.onMigrated });
    const end = endOfLedger(work);
    if (end.height !== manifest.height || end.headerHash !== manifest.headerHash) {
      throw new CodedError('BACKUP_INVALID', { reason: 'another ledger' });
    }
    requireOneInstant(work, end.height);
    const { erasuresOf, blocksOf = erasuresOf } = options;
    const taken =
      blocksOf === undefined
        ? { end, blocks: 0, isWhole: false }
        : await takeLaterBlocks(resolve(blocksOf), work);
    const erasedAgain = erasuresOf === undefined ? 0 : applyErasuresOf(erasuresOf, work);
    const endedInvitations = endOpenInvitations(work, Date.now());
    const verified = await verifyHome(work, {
      ...(options.services !== undefined && { services: options.services }),
      ...(signal !== undefined && { signal }),
      ...(onProgress !== undefined && { onProgress: (what) => onProgress(`verifying ${what}`) }),
    });
    if (verified.chain !== manifest.chain) {
      throw new CodedError('BACKUP_INVALID', { reason: 'another ledger' });
    }
    onProgress?.('asking hospitals for later blocks');
    const urls = [...peersOf(work), ...(options.peers ?? [])];
    const restored: RestoredHome = {
      ...taken.end,
      ...{ backupHeight: manifest.height, backupMs: manifest.createdMs },
      peers: await askPeers(work, urls),
      ...{ isComplete: taken.isWhole, acceptedMs: 0 },
      ...(isComet(serversOf(work)) && { oldMayRun: true }),
    };
    const validator = newValidator(work, manifest);
    writeRestored(work, restored);
    putInPlace(work, home);
    return {
      ...{ manifest, verified, erasedAgain, endedInvitations, restored },
      laterBlocks: taken.blocks,
      ...(validator !== undefined && { validator }),
    };
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** A key of its own, which nobody else has signed by; undefined: CometBFT does not run here, or the keys are put back by hand. */
function newValidator(home: string, { keys }: Manifest): string | undefined {
  if (!keys || !isComet(serversOf(home))) return undefined;
  return bytesToBase64url(nodeKeys(nodeHomeIn(serversOf(home))).validator);
}

async function copyNamed(from: string, to: string, path: string, signal: AbortSignal | undefined) {
  try {
    return await copyFlushed(join(from, path), join(to, path), signal);
  } catch (error) {
    const code = Reflect.get(Object(error), 'code');
    if (code !== 'ENOENT' && code !== 'EISDIR') throw error;
    throw new CodedError('BACKUP_INVALID', { reason: 'missing', file: path }, error);
  }
}

/** The servers last: a home is there when they are. */
function putInPlace(work: string, home: string): void {
  const names = readdirSync(work).filter((name) => name !== 'servers');
  for (const name of [...names, 'servers']) renameSync(join(work, name), join(home, name));
  flushFolder(home);
}
