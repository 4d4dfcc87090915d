import { spawnSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  ftruncateSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import type { Random } from './random.ts';

const ops = [
  '',
  'write',
  'truncate',
  'sync',
  'create',
  'unlink',
  'rename',
  'link',
  'folder',
  'begin',
];

/** One change to a file, or one flush, as power-loss.c wrote it down. */
interface Change {
  readonly op: string;
  /** In the whole journal. */
  readonly index: number;
  readonly inode: string;
  readonly offset: number;
  readonly before: number;
  readonly a: Buffer;
  readonly b: Buffer;
}

const headBytes = 48;

/**
 * A disk that forgets: the server runs over a library that writes down what it changes in its home and what
 * it flushed, and after its death `lose` takes back what was not flushed, all of it or a random part, also
 * out of order and torn. Files that were made, renamed or removed count as flushed with their folder.
 */
export class ForgetfulDisk {
  readonly #library: string;
  readonly #home: string;
  readonly #journal: string;

  private constructor(library: string, home: string, journal: string) {
    this.#library = library;
    this.#home = home;
    this.#journal = journal;
    mkdirSync(`${journal}.d`, { recursive: true });
  }

  /** The library, or why there is none. */
  static build(folder: string): { readonly library: string } | { readonly reason: string } {
    if (process.platform !== 'linux') return { reason: 'only on Linux' };
    const library = join(folder, 'power-loss.so');
    const source = join(import.meta.dirname, 'power-loss.c');
    const args = ['-O2', '-shared', '-fPIC', '-o', library, source, '-ldl', '-lpthread'];
    const built = spawnSync('cc', args, { encoding: 'utf8' });
    if (built.error !== undefined) return { reason: 'no C compiler (cc) on this machine' };
    if (built.status !== 0) return { reason: `power-loss.c was not built: ${built.stderr}` };
    const env = { ...process.env, LD_PRELOAD: library };
    const tried = spawnSync(process.execPath, ['--version'], { env, encoding: 'utf8' });
    if (tried.status !== 0 || tried.stderr !== '') {
      return { reason: `Node does not run over the library: ${tried.stderr}` };
    }
    return { library };
  }

  static under(home: string, folder: string, library: string): ForgetfulDisk {
    return new ForgetfulDisk(library, home, join(folder, 'journal'));
  }

  get env(): NodeJS.ProcessEnv {
    return {
      LD_PRELOAD: this.#library,
      SALUS_CRASH_HOME: this.#home,
      SALUS_CRASH_JOURNAL: this.#journal,
    };
  }

  /** From here on everything that stands on disk counts as flushed. */
  reset(): void {
    if (existsSync(this.#journal)) truncateSync(this.#journal, 0);
    const graves = `${this.#journal}.d`;
    for (const name of readdirSync(graves)) unlinkSync(join(graves, name));
  }

  /** After a death without a power loss: what was not flushed may be lost at the next one. */
  settle(): void {
    const { bytes } = this.#read();
    if (bytes > 64 * 1024 * 1024) this.reset();
    else if (existsSync(this.#journal)) truncateSync(this.#journal, bytes);
  }

  /** The power is gone: how many changes were forgotten. Without `random`: all that were not flushed. */
  lose(random?: Random): number {
    const { changes } = this.#read();
    const keepSome = random?.is(0.5) === true;
    const { files, entries } = unflushed(changes);
    let forgotten = 0;
    for (const [inode, list] of files) {
      const grave = join(`${this.#journal}.d`, inode);
      forgotten += this.#forgetWrites(grave, list, keepSome ? random : undefined);
    }
    const keptEntries = keepSome ? (random?.below(entries.length + 1) ?? 0) : 0;
    for (const entry of entries.slice(keptEntries).reverse()) this.#forgetEntry(entry);
    forgotten += entries.length - keptEntries;
    removeShared(this.#home);
    this.reset();
    return forgotten;
  }

  #forgetWrites(grave: string, changes: readonly Change[], keep: Random | undefined): number {
    const file = openSync(grave, 'r+');
    let kept = 0;
    try {
      for (const { op, offset, before, a } of [...changes].reverse()) {
        if (op === 'truncate') ftruncateSync(file, before);
        if (a.length > 0) writeSync(file, a, 0, a.length, offset);
        if (op === 'write') ftruncateSync(file, before);
      }
      if (keep === undefined) return changes.length;
      for (const { op, offset, b } of changes) {
        if (keep.is(0.5)) continue;
        kept += 1;
        if (op === 'truncate') ftruncateSync(file, offset);
        else {
          const torn = keep.is(0.1) ? Math.floor(b.length / 1024) * 512 : b.length;
          writeSync(file, b, 0, torn, offset);
        }
      }
    } finally {
      closeSync(file);
    }
    return changes.length - kept;
  }

  #forgetEntry({ op, inode, offset, a, b }: Change): void {
    const [first, second] = [a.toString(), b.toString()];
    const graveOf = (number: string) => join(`${this.#journal}.d`, number);
    if (op === 'create' || op === 'link') rmSync(first, { force: true });
    if (op === 'unlink' && !existsSync(first)) linkSync(graveOf(inode), first);
    if (op === 'rename' && existsSync(second)) {
      renameSync(second, first);
      if (offset !== 0) linkSync(graveOf(String(offset)), second);
    }
  }

  #read(): { readonly changes: Change[]; readonly bytes: number } {
    const changes: Change[] = [];
    if (!existsSync(this.#journal)) return { changes, bytes: 0 };
    const bytes = readFileSync(this.#journal);
    let at = 0;
    while (at + headBytes <= bytes.length) {
      const number = (place: number) => Number(bytes.readBigUInt64LE(at + 8 * place));
      const [aBytes, bBytes] = [number(4), number(5)];
      const end = at + headBytes + aBytes + bBytes;
      if (end > bytes.length) break; // It died while it wrote this down, so it never did it.
      changes.push({
        op: ops[number(0)] ?? '',
        index: changes.length,
        inode: bytes.readBigUInt64LE(at + 8).toString(),
        offset: number(2),
        before: number(3),
        a: bytes.subarray(at + headBytes, at + headBytes + aBytes),
        b: bytes.subarray(at + headBytes + aBytes, end),
      });
      at = end;
    }
    return { changes, bytes: at };
  }
}

/** What came after the last flush: writes by inode, and names in their order. */
function unflushed(changes: readonly Change[]): {
  readonly files: ReadonlyMap<string, Change[]>;
  readonly entries: readonly Change[];
} {
  const flushedFile = new Map<string, number>();
  const flushedFolder = new Map<string, number>();
  let base = 0;
  for (const { op, index, inode, offset, a } of changes) {
    if (op === 'begin') base = index;
    if (op === 'sync') flushedFile.set(inode, base + offset);
    if (op === 'folder') flushedFolder.set(a.toString().replace(/\/$/, ''), base + offset);
  }
  const files = new Map<string, Change[]>();
  const entries: Change[] = [];
  for (const change of changes) {
    const { op, index, inode, a, b } = change;
    if (op === 'write' || op === 'truncate') {
      if (index < (flushedFile.get(inode) ?? 0)) continue;
      files.set(inode, [...(files.get(inode) ?? []), change]);
    } else if (['create', 'unlink', 'rename', 'link'].includes(op)) {
      const folder = dirname((op === 'rename' ? b : a).toString());
      if (index >= (flushedFolder.get(folder) ?? 0)) entries.push(change);
    }
  }
  return { files, entries };
}

/** The shared memory of SQLite is memory. */
function removeShared(folder: string): void {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) removeShared(path);
    else if (name.endsWith('-shm')) unlinkSync(path);
  }
}
