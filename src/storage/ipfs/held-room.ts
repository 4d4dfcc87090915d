import { statfsSync } from 'node:fs';
import { CodedError } from '../../primitives/errors.ts';

/** A disk as it is now. */
export interface Disk {
  readonly bytes: number;
  readonly freeBytes: number;
}

/** Stays free of what is kept for others: a tenth of the disk, and no more than this. */
const mostReserved = 10 * 1024 ** 3;

export function diskOf(folder: string): Disk {
  const { blocks, bavail, bsize } = statfsSync(folder);
  return { bytes: blocks * bsize, freeBytes: bavail * bsize };
}

/**
 * What is kept for others never takes the last room of the disk on which this hospital's own ledger, rows and bodies are written:
 * another member's share may be larger than the disk. Source: docs/protocol/storage-network.md, rule SN-10.
 */
export class HeldRoom {
  readonly #disk: () => Disk;
  /** On its way, and not yet seen by the disk. */
  #coming = 0;

  constructor(disk: () => Disk) {
    this.#disk = disk;
  }

  /** While `work` brings so many bytes they count as taken. Throws DISK_FULL. */
  async during<T>(bytes: number, work: () => Promise<T>): Promise<T> {
    const disk = this.#disk();
    const reserved = Math.min(disk.bytes / 10, mostReserved);
    if (disk.freeBytes - this.#coming - bytes < reserved) throw new CodedError('DISK_FULL', {});
    this.#coming += bytes;
    try {
      return await work();
    } finally {
      this.#coming -= bytes;
    }
  }
}
