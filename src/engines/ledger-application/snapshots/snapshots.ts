import { Worker } from 'node:worker_threads';
import { equalBytes } from '../../../primitives/bytes.ts';
import { isCoded } from '../../../primitives/errors.ts';
import { ArrivingState } from './arriving-state.ts';
import { chunkIn, type KeptSnapshot, snapshotsIn, tidySnapshots } from './files.ts';
import {
  decodeMetadata,
  maxMetadataBytes,
  type SnapshotMetadata,
  snapshotFormat,
  snapshotHash,
} from './format.ts';
import type { SnapshotOrder } from './write-snapshot.ts';

/** What another member's node offers: its own words, but for `appHash`, which the light client of this node verified. */
export interface OfferedSnapshot {
  readonly height: number;
  readonly format: number;
  readonly chunks: number;
  readonly hash: Uint8Array;
  readonly metadata: Uint8Array;
  /** After `height`. */
  readonly appHash: Uint8Array;
}

/** As ABCI names them. */
export type OfferVerdict = 'accept' | 'reject' | 'reject-format' | 'reject-sender';

export interface ChunkVerdict {
  /** `retry`: another one in its place, from somebody else; `reject`: the snapshot is none. */
  readonly result: 'accept' | 'retry' | 'reject' | 'abort';
  /** Who sent what is not in the snapshot, or is no state, is asked for nothing more. */
  readonly rejectSenders: readonly string[];
}

/** Which ledger's state is taken in. */
interface OwnLedger {
  readonly chainId: string;
  readonly genesisHash: Uint8Array;
  /** Where what arrives is put together. */
  readonly path: string;
}

const entry = new URL('./snapshot-worker.ts', import.meta.url);

/** Writes snapshots beside the ledger, one at a time, on a thread of its own. Source: docs/protocol/cometbft.md, CB-12. */
export class SnapshotWriter {
  readonly #folder: string;
  #worker: Worker | undefined;
  #ended: Promise<void> = Promise.resolve();

  constructor(folder: string) {
    this.#folder = folder;
    tidySnapshots(folder);
  }

  get isWriting(): boolean {
    return this.#worker !== undefined;
  }

  /** `onBegun` once: the state's file may change from here on. */
  begin(order: Omit<SnapshotOrder, 'folder'>, onBegun: () => void): void {
    const worker = new Worker(entry, { workerData: { ...order, folder: this.#folder } });
    this.#worker = worker;
    worker.once('message', onBegun);
    // What fails leaves no snapshot of this height; the next one is another.
    worker.once('error', () => {});
    this.#ended = new Promise((resolve) => {
      worker.once('exit', () => {
        onBegun();
        this.#worker = undefined;
        tidySnapshots(this.#folder);
        resolve();
      });
    });
    worker.unref();
  }

  /** Resolves when none is being written. */
  async idle(): Promise<void> {
    this.#worker?.ref();
    await this.#ended;
  }

  list(): readonly KeptSnapshot[] {
    return snapshotsIn(this.#folder);
  }

  chunk(height: number, format: number, index: number): Uint8Array | undefined {
    return format === snapshotFormat ? chunkIn(this.#folder, height, index) : undefined;
  }

  /** What is half written is left, and removed at the next start. */
  close(): void {
    void this.#worker?.terminate();
  }
}

/** The snapshot that a new member takes in. Source: docs/protocol/cometbft.md, rule CB-13. */
export class SnapshotReader {
  readonly #ledger: OwnLedger;
  readonly #onArrived: (path: string) => void;
  #arriving: ArrivingState | undefined;

  /** `onArrived`: the state is whole and verified, in a file that is closed. */
  constructor(ledger: OwnLedger, onArrived: (path: string) => void) {
    this.#ledger = ledger;
    this.#onArrived = onArrived;
  }

  offer(offered: OfferedSnapshot): OfferVerdict {
    this.discard();
    if (offered.format !== snapshotFormat) return 'reject-format';
    const metadata = this.#metadataOf(offered);
    // Not what its name says: whoever offers it so made it up.
    if (metadata === undefined) return 'reject-sender';
    const { chainId, genesisHash, path } = this.#ledger;
    const isOurs = metadata.chainId === chainId && equalBytes(metadata.genesisHash, genesisHash);
    if (!isOurs) return 'reject-sender';
    this.#arriving = new ArrivingState(path, { metadata, appHash: offered.appHash });
    return 'accept';
  }

  #metadataOf(offered: OfferedSnapshot): SnapshotMetadata | undefined {
    const { metadata: encoded, hash, height, chunks } = offered;
    if (encoded.length > maxMetadataBytes || !equalBytes(snapshotHash(encoded), hash)) {
      return undefined;
    }
    try {
      const metadata = decodeMetadata(encoded);
      const isSame =
        metadata.height === height &&
        metadata.chunks.length === chunks &&
        metadata.format === offered.format;
      return isSame ? metadata : undefined;
    } catch (error) {
      if (isCoded(error)) return undefined;
      throw error;
    }
  }

  apply(index: number, chunk: Uint8Array, sender: string): ChunkVerdict {
    const arriving = this.#arriving;
    if (arriving === undefined) return { result: 'abort', rejectSenders: [] };
    if (!arriving.isNamed(index, chunk) || index !== arriving.next) {
      return { result: 'retry', rejectSenders: [sender] };
    }
    try {
      arriving.take(chunk);
      if (!arriving.isComplete) return { result: 'accept', rejectSenders: [] };
      arriving.finish();
    } catch (error) {
      this.discard();
      if (isCoded(error, 'SNAPSHOT_WRONG')) return { result: 'reject', rejectSenders: [sender] };
      throw error;
    }
    this.#arriving = undefined;
    this.#onArrived(arriving.path);
    return { result: 'accept', rejectSenders: [] };
  }

  /** Nothing is kept of what did not arrive whole. */
  discard(): void {
    this.#arriving?.discard();
    this.#arriving = undefined;
  }
}
