import type { CallError } from '../../boundary/link.ts';
import { link } from '../../boundary/link.ts';
import { queries } from '../../boundary/use-call.ts';
import type { WorkProgress } from '../../boundary/work-progress.ts';
import type { AddedView, WantedPersons } from '../../worker/calls/add.ts';

/** One file on its way into the record. */
export interface AddingFile {
  readonly id: number;
  readonly name: string;
  readonly bytes: number;
  readonly state: 'waits' | 'works' | 'asks' | 'added' | 'failed' | 'cancelled';
  readonly progress: WorkProgress | undefined;
  readonly result: AddedView | undefined;
  readonly error: unknown;
}

interface Held extends AddingFile {
  readonly file: File;
  readonly persons: WantedPersons | undefined;
  readonly again: boolean;
}

/**
 * Files that are being added, one after the other. It lives beside the pages, so that going to another one stops nothing;
 * it is forgotten with the session that it belongs to.
 */
class Adding {
  #files: readonly Held[] = [];
  readonly #listeners = new Set<() => void>();
  #working: AbortController | undefined;
  #last = 0;

  constructor() {
    link.onState(() => {
      if (link.state?.open === true) return;
      this.#working?.abort();
      this.#set([]);
    });
  }

  get files(): readonly AddingFile[] {
    return this.#files;
  }

  get isWorking(): boolean {
    return this.#files.some((it) => it.state === 'waits' || it.state === 'works');
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly now = (): readonly AddingFile[] => this.#files;

  add(files: readonly File[]): void {
    const nothing = { progress: undefined, result: undefined, error: undefined };
    const held = files.map((file): Held => {
      this.#last += 1;
      const about = { id: this.#last, name: file.name, bytes: file.size, file };
      return { ...about, ...nothing, state: 'waits', persons: undefined, again: false };
    });
    this.#set([...this.#files, ...held]);
    void this.#work();
  }

  /** Once more, with what was answered. */
  retry(
    id: number,
    answer: { readonly persons?: WantedPersons; readonly again?: boolean } = {},
  ): void {
    this.#change(id, { state: 'waits', error: undefined, result: undefined, ...answer });
    void this.#work();
  }

  leaveOut(id: number): void {
    this.#set(this.#files.filter((it) => it.id !== id));
  }

  /** What is being added now, and what waits. */
  cancel(): void {
    this.#set(this.#files.map((it) => (it.state === 'waits' ? { ...it, state: 'cancelled' } : it)));
    this.#working?.abort();
  }

  async #work(): Promise<void> {
    if (this.#working !== undefined) return;
    for (;;) {
      const next = this.#files.find((it) => it.state === 'waits');
      if (next === undefined) break;
      await this.#addOne(next);
    }
    await queries.invalidateQueries({ refetchType: 'active' });
  }

  async #addOne({ id, file, persons, again }: Held): Promise<void> {
    const working = new AbortController();
    this.#working = working;
    this.#change(id, { state: 'works', progress: undefined });
    try {
      const result = await link.call(
        'add.file',
        { file, persons, again },
        { signal: working.signal, onProgress: (progress) => this.#change(id, { progress }) },
      );
      this.#change(id, { state: result.kind === 'persons' ? 'asks' : 'added', result });
    } catch (error) {
      const isStopped = (error as CallError).code === 'INTERRUPTED';
      this.#change(id, { state: isStopped ? 'cancelled' : 'failed', error });
    } finally {
      this.#working = undefined;
    }
  }

  #change(id: number, change: Partial<Held>): void {
    this.#set(this.#files.map((it) => (it.id === id ? { ...it, ...change } : it)));
  }

  #set(files: readonly Held[]): void {
    this.#files = files;
    for (const listener of this.#listeners) listener();
  }
}

export const adding = new Adding();

/** All files of what was dropped, folders with all that is in them. */
export async function filesIn(items: DataTransferItemList): Promise<readonly File[]> {
  const entries = Array.from(items, (it) => it.webkitGetAsEntry()).filter((it) => it !== null);
  const found: File[] = [];
  const walk = async (entry: FileSystemEntry): Promise<void> => {
    if (isFile(entry)) {
      found.push(await new Promise<File>((resolve, reject) => entry.file(resolve, reject)));
    } else if (isFolder(entry)) {
      const reader = entry.createReader();
      for (;;) {
        // A reader gives a hundred at a time, and nothing at the end.
        const some = await new Promise<FileSystemEntry[]>((resolve, reject) =>
          reader.readEntries(resolve, reject),
        );
        if (some.length === 0) break;
        for (const it of some) await walk(it);
      }
    }
  };
  for (const entry of entries) await walk(entry);
  return found;
}

const isFile = (entry: FileSystemEntry): entry is FileSystemFileEntry => entry.isFile;
const isFolder = (entry: FileSystemEntry): entry is FileSystemDirectoryEntry => entry.isDirectory;
