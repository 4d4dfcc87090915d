import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { isCoded } from '../../primitives/errors.ts';
import { watchMembers } from '../../storage/ipfs/members-file.ts';
import { openStorageNode, type StorageStatus } from '../../storage/ipfs/open.ts';
import { serveStore } from '../../storage/socket/store-server.ts';
import { blobQuota, largeUploads } from '../blob-quotas.ts';
import { tellsUnbound } from '../maintenance/scrub/bound-file.ts';
import { readRowKey, rowGuard } from '../row-key.ts';
import { readSettings, storageFiles } from './settings.ts';

const minuteMs = 60_000;
/** How often a storage node does what it owes. */
const every = { tellErasures: minuteMs, sweep: 60 * minuteMs, challenge: 10 * minuteMs } as const;

export interface RunningStorage {
  /** Of this node, with its peer id: `/ip4/127.0.0.1/tcp/4001/p2p/12D3KooW...`. */
  readonly addresses: readonly string[];
  status(): Promise<StorageStatus>;
  close(): Promise<void>;
}

/**
 * The storage node of a hospital, by what lies in `storage` of its folder: the swarm, the socket for its gateway, and its
 * duties by the clock. `told` takes a line for the log.
 * Throws HOME_INVALID {file}, SWARM_KEY_INVALID, STORAGE_MEMBERS_INVALID, STORE_LOCKED, DISK_FULL.
 */
export async function startStorageNode(
  hospitalFolder: string,
  told: (line: Readonly<Record<string, string | number>>) => void = () => {},
): Promise<RunningStorage> {
  const { account, listen, copies, heldBytes } = readSettings(hospitalFolder);
  const at = (path: string) => join(hospitalFolder, path);
  const running = new AsyncDisposableStack();
  try {
    const members = watchMembers(at(storageFiles.members), {
      now: Date.now,
      onInvalid: (error) => told({ code: error.code, problem: String(error.details.problem) }),
    });
    running.defer(() => members.close());
    const node = await openStorageNode({
      ownFolder: at('blobs'),
      folder: at(storageFiles.folder),
      ...{ account, listen, copies, members },
      seed: new Uint8Array(readFileSync(at(storageFiles.storageKey))),
      swarmKey: new Uint8Array(readFileSync(at(storageFiles.swarmKey))),
      now: Date.now,
      quotaBytesOf: blobQuota,
      uploadsOf: () => largeUploads,
      heldBytesOf: () => heldBytes,
      ...bindingOf(hospitalFolder),
    });
    running.defer(() => node.close());
    const server = await serveStore(at(storageFiles.socket), node.store, { status: node.status });
    running.defer(() => server.close());
    const news = {
      onChange: members.onChange,
      onConnect: (it: () => void) => node.node.onConnect(it),
    };
    running.defer(keepDuties(node.replication, news, told));
    const { addresses } = node.node;
    return { addresses, status: node.status, close: () => running.disposeAsync() };
  } catch (error) {
    await running.disposeAsync();
    throw error;
  }
}

/** The key of its gateway's rows, made with the hospital: without it, as in a home restored without keys, nothing is bound yet. */
function bindingOf(hospitalFolder: string) {
  const key = readRowKey(hospitalFolder);
  if (key === undefined) return {};
  const of = { hospital: basename(hospitalFolder), store: 'network', key };
  return { guard: rowGuard(key), onUnbound: tellsUnbound(hospitalFolder, of) };
}

type Duties = Awaited<ReturnType<typeof openStorageNode>>['replication'];

/** What makes a duty due before its time; each returns how to stop it. */
interface News {
  onChange(changed: () => void): () => void;
  onConnect(connected: () => void): () => void;
}

/** Each duty by its time, and what a change of the members or a member that is back makes due; returns what ends them. */
function keepDuties(
  duties: Duties,
  { onChange, onConnect }: News,
  told: (line: Readonly<Record<string, string | number>>) => void,
): () => void {
  let isSweeping = false;
  let isDue = false;
  const sweep = () => {
    isDue = true;
    if (isSweeping) return;
    isSweeping = true;
    duties.inBackground(async (signal) => {
      try {
        while (isDue && !signal.aborted) {
          isDue = false;
          const { blobs, below } = await duties.sweep(signal);
          told({ duty: 'sweep', blobs, below });
        }
      } catch (error) {
        told({ duty: 'sweep', code: isCoded(error) ? error.code : 'INTERNAL' });
      } finally {
        isSweeping = false;
      }
    });
  };
  // What a holder that was away did not get, and what it was not told, is not left for an hour.
  const catchUp = () => {
    duties.inBackground((signal) => duties.tellErasures(signal));
    if (isSweeping || (duties.swept?.below ?? 1) > 0) sweep();
  };
  const timers = [
    setInterval(sweep, every.sweep),
    setInterval(catchUp, every.tellErasures),
    setInterval(
      () => duties.inBackground((signal) => duties.challengeAll(signal)),
      every.challenge,
    ),
  ];
  const stops = [onChange(sweep), onConnect(catchUp)];
  sweep();
  return () => {
    for (const stop of stops) stop();
    for (const timer of timers) clearInterval(timer);
  };
}
