import { mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { backup as copyDatabase, DatabaseSync } from 'node:sqlite';
import { utf8 } from '../../../primitives/bytes.ts';
import { CodedError } from '../../../primitives/errors.ts';
import { flushFolder, makeFolder, writeWhole } from '../../files.ts';
import type { KeptFolder, Service } from '../../process.ts';
import { services as allServices } from '../../services.ts';
import { type VerifiedHome, verifyHome } from '../verify-home.ts';
import { type Cut, cutAcross } from './cut.ts';
import { type Copied, copyFlushed, flushAndHash } from './flushed-copy.ts';
import { type HomeParts, partsOf, peopleOf, requireOneInstant } from './home-parts.ts';
import { type BackedUpFile, type Manifest, manifestName } from './manifest.ts';

export interface BackupOptions {
  readonly home: string;
  /** The folder of backups; the new one becomes a folder in it. */
  readonly out: string;
  readonly withKeys: boolean;
  readonly nowMs: number;
  /** Whose files; without it all that this build knows. */
  readonly services?: readonly Service[];
  readonly signal?: AbortSignal;
  readonly onProgress?: (what: string) => void;
}

export interface BackedUp {
  readonly folder: string;
  readonly manifest: Manifest;
  readonly verified: VerifiedHome;
}

/** Files that were erased while they were copied: the cut is made anew so often. */
const maxCuts = 5;

/**
 * Copies all that the servers and people of a home keep, as it stood at one instant, also while a server
 * writes there; verifies the copy; and only then gives it its name. What is interrupted leaves nothing.
 *
 * Throws HOME_INVALID, STORE_BUSY, FILE_UNWRITABLE, DISK_FULL, INTERRUPTED, and as `verifyHome`.
 * Source: docs/operations/backup.md.
 */
export async function backUpHome(options: BackupOptions): Promise<BackedUp> {
  const out = resolve(options.out);
  const { services = allServices } = options;
  const parts = partsOf(options.home, services);
  try {
    makeFolder(out);
  } catch (cause) {
    if (Reflect.get(Object(cause), 'code') === 'ENOSPC') throw new CodedError('DISK_FULL');
    throw new CodedError('FILE_UNWRITABLE', {}, cause);
  }
  const partial = join(out, `.${process.pid}-${options.nowMs}.partial`);
  try {
    mkdirSync(partial, { mode: 0o700 });
    const files = await copyAll(options, parts, partial);
    options.onProgress?.('verifying the copy');
    const { signal, onProgress } = options;
    const verified = await verifyHome(partial, {
      services,
      ...(signal !== undefined && { signal }),
      ...(onProgress !== undefined && { onProgress: (what) => onProgress(`verifying ${what}`) }),
    });
    const { chain, height, headerHash } = verified;
    requireOneInstant(partial, height);
    const manifest: Manifest = {
      ...{ format: 'salus-backup', version: 1, chain, height, headerHash },
      createdMs: options.nowMs,
      keys: options.withKeys,
      files: files.toSorted((a, b) => (a.path < b.path ? -1 : 1)),
    };
    writeWhole(join(partial, manifestName), utf8(`${JSON.stringify(manifest, undefined, 1)}\n`));
    flushFolders(partial);
    const folder = join(out, nameOf(chain, options.nowMs));
    renameSync(partial, folder);
    flushFolder(out);
    return { folder, manifest, verified };
  } finally {
    rmSync(partial, { recursive: true, force: true });
  }
}

/** Sorts by time. */
function nameOf(chain: string, nowMs: number): string {
  return `${chain}-${new Date(nowMs).toISOString().replaceAll(/[:.]/g, '-')}`;
}

async function copyAll(
  options: BackupOptions,
  parts: HomeParts,
  to: string,
): Promise<BackedUpFile[]> {
  const { home, signal } = options;
  const large = new WrittenOnce(options, parts.folders, to);
  // Most of the bytes: copied before anything is held, and again only what came meanwhile.
  await large.copyNew();
  for (let attempt = 1; ; attempt++) {
    const paths = parts.databases.map((it) => join(home, it));
    const cut = await cutAcross(paths, peopleOf(home, options.withKeys), signal);
    let files: BackedUpFile[];
    try {
      files = await copyCut(options, parts, { cut, to });
    } finally {
      cut.close();
    }
    if (await large.settle()) {
      for (const path of [...parts.plain, ...(options.withKeys ? parts.keys : [])]) {
        files.push({ path, ...(await copyFlushed(join(home, path), join(to, path), signal)) });
      }
      return [...files, ...large.copied];
    }
    if (attempt >= maxCuts) throw new CodedError('STORE_BUSY', { attempts: attempt });
  }
}

async function copyCut(
  { signal, onProgress }: BackupOptions,
  parts: HomeParts,
  { cut, to }: { readonly cut: Cut<ReadonlyMap<string, Uint8Array>>; readonly to: string },
): Promise<BackedUpFile[]> {
  const files: BackedUpFile[] = [];
  const sources = [...cut.databases.values()];
  for (const [at, path] of parts.databases.entries()) {
    const source = sources[at];
    if (source === undefined) throw new CodedError('INTERNAL');
    const copy = join(to, path);
    makeFolder(dirname(copy));
    rmSync(copy, { force: true });
    await (await open(copy, 'wx', 0o600)).close();
    onProgress?.(`copying ${path}`);
    await copyDatabase(source, copy, {
      rate: 1_024,
      progress: ({ totalPages, remainingPages }) => {
        if (signal?.aborted === true) throw new CodedError('INTERRUPTED');
        onProgress?.(`copying ${path}: ${totalPages - remainingPages} of ${totalPages} pages`);
      },
    });
    asOneFile(copy);
    files.push({ path, ...(await flushAndHash(copy, signal)) });
  }
  for (const [path, bytes] of cut.beside) {
    const copy = join(to, path);
    makeFolder(dirname(copy));
    writeWhole(copy, bytes);
    files.push({ path, ...(await flushAndHash(copy, signal)) });
  }
  return files;
}

/** Without a write-ahead log: whoever reads the copy leaves no files beside it. The server turns it on again. */
function asOneFile(path: string): void {
  const db = new DatabaseSync(path);
  try {
    db.exec('PRAGMA journal_mode=DELETE');
  } finally {
    db.close();
  }
}

/** Files of a name of their own, as large blobs are: written once, so a copy stays good. */
class WrittenOnce {
  readonly #options: BackupOptions;
  readonly #folders: readonly KeptFolder[];
  readonly #to: string;
  readonly #copied = new Map<string, Copied>();

  constructor(options: BackupOptions, folders: readonly KeptFolder[], to: string) {
    this.#options = options;
    this.#folders = folders;
    this.#to = to;
    for (const { path } of folders) makeFolder(join(to, path));
  }

  get copied(): BackedUpFile[] {
    return [...this.#copied].map(([path, copied]) => ({ path, ...copied }));
  }

  async copyNew(): Promise<void> {
    for (const { path } of this.#folders) {
      for (const name of readdirSync(join(this.#options.home, path))) {
        // Parts of uploads have no name yet.
        if (!name.endsWith('.part')) await this.#copy(`${path}/${name}`);
      }
    }
  }

  /** Makes the copies those that the copied tables name. False: one was erased before it could be copied. */
  async settle(): Promise<boolean> {
    for (const folder of this.#folders) {
      const named = new Set(namesIn(join(this.#to, folder.database), folder.namesQuery));
      for (const name of named) if (!(await this.#copy(`${folder.path}/${name}`))) return false;
      for (const path of this.#copied.keys()) {
        if (dirname(path) !== folder.path || named.has(basename(path))) continue;
        rmSync(join(this.#to, path));
        this.#copied.delete(path);
      }
    }
    return true;
  }

  /** False: it is gone. */
  async #copy(path: string): Promise<boolean> {
    const { home, signal, onProgress } = this.#options;
    if (this.#copied.has(path)) return true;
    onProgress?.(`copying ${path}`);
    try {
      this.#copied.set(path, await copyFlushed(join(home, path), join(this.#to, path), signal));
      return true;
    } catch (error) {
      if (Reflect.get(Object(error), 'code') === 'ENOENT') return false;
      throw error;
    }
  }
}

function namesIn(path: string, query: string): string[] {
  const db = new DatabaseSync(path, { readOnly: true });
  try {
    return db
      .prepare(query)
      .all()
      .map((row) => String(Object.values(row)[0]));
  } finally {
    db.close();
  }
}

function flushFolders(folder: string): void {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) flushFolders(join(folder, entry.name));
  }
  flushFolder(folder);
}
