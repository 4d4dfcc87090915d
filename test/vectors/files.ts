/** Where vectors are read from: the disk, or what a page was handed. Folders are joined with `/`. */
export interface VectorFiles {
  readonly has: (path: string) => boolean;
  readonly bytes: (path: string) => Uint8Array;
  /** Paths of all files below a folder, relative to it and sorted. */
  readonly below: (folder: string) => readonly string[];
}

let source: VectorFiles | undefined;

/** Said once, before the first set runs: the sets are the same wherever they lie. */
export function readVectorsFrom(files: VectorFiles): void {
  source = files;
}

export function vectorFiles(): VectorFiles {
  if (source === undefined) throw new Error('nobody said where the vectors lie');
  return source;
}
