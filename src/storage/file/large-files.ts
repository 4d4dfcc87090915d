import { closeSync, fsyncSync, openSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { CodedError } from '../../primitives/errors.ts';
import { type BlobId, parseBlobId } from '../../primitives/ids.ts';
import { errnoOf, type FaultPoint, writeFault } from './faults.ts';

/** Faults of our disk are told apart from those of the sender here, where they happen. */
async function written<T>(step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    throw writeFault(error);
  }
}

/** The folder of large blobs: `ID` is a whole one, `N.part` one that is still coming in. */
export class LargeFiles {
  readonly #folder: string;
  readonly #fault: (point: FaultPoint) => void;
  #uploads = 0;

  constructor(folder: string, fault: (point: FaultPoint) => void) {
    this.#folder = folder;
    this.#fault = fault;
  }

  /** A new part file, for its owner alone. Throws DISK_FULL, as `write` and `sync` do. */
  async begin(): Promise<{ readonly path: string; readonly handle: FileHandle }> {
    this.#uploads += 1;
    const path = join(this.#folder, `${this.#uploads}.part`);
    const handle = await written(async () => {
      this.#fault('upload:open');
      return await open(path, 'wx', 0o600);
    });
    return { path, handle };
  }

  write(handle: FileHandle, bytes: Uint8Array): Promise<void> {
    return written(async () => {
      this.#fault('upload:write');
      let at = 0;
      while (at < bytes.length) at += (await handle.write(bytes, at)).bytesWritten;
    });
  }

  sync(handle: FileHandle): Promise<void> {
    return written(async () => {
      this.#fault('upload:sync');
      await handle.sync();
    });
  }

  /** In place of what may stand there: the same bytes, or changed ones that these mend. */
  publish(part: string, id: BlobId): void {
    this.#fault('commit:rename');
    renameSync(part, join(this.#folder, id));
  }

  /** Makes the names of published files durable. */
  syncFolder(): void {
    const descriptor = openSync(this.#folder, 'r');
    try {
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
  }

  removePart(path: string): void {
    rmSync(path, { force: true });
  }

  remove(id: BlobId): void {
    rmSync(join(this.#folder, id), { force: true });
  }

  /** Undefined: there is no such file. */
  async open(id: BlobId): Promise<FileHandle | undefined> {
    try {
      return await open(join(this.#folder, id), 'r');
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return undefined;
      throw error;
    }
  }

  /** Removes what a crash left: parts, and files that got their name but not their row. */
  sweep(isKept: (id: BlobId) => boolean): void {
    for (const name of readdirSync(this.#folder)) {
      if (name.endsWith('.part')) this.removePart(join(this.#folder, name));
      else {
        const id = idIn(name);
        if (id !== undefined && !isKept(id)) this.remove(id);
      }
    }
  }
}

/** Files that are not ours stay where they are. */
function idIn(name: string): BlobId | undefined {
  try {
    return parseBlobId(name);
  } catch (error) {
    if (error instanceof CodedError) return undefined;
    throw error;
  }
}
