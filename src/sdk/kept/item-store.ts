/**
 * Where a device keeps sealed items beside a wallet: files for the command line, IndexedDB in a browser. It holds
 * nothing that cannot be fetched again, so what is lost there is no loss. Names are `[0-9a-z]{1,32}`; bytes are sealed
 * before they come here. Each adapter passes `describeItemStore`.
 */
export interface ItemStore {
  /** Undefined: nothing lies under this name. */
  load(name: string): Promise<Uint8Array | undefined>;
  /** Each whole or not at all, in place of what had its name. */
  save(files: ReadonlyMap<string, Uint8Array>): Promise<void>;
  /** What is not there is no fault. */
  drop(names: readonly string[]): Promise<void>;
  names(): Promise<readonly string[]>;
  /** Holds other processes, tabs and callers off while `work` runs. */
  locked<T>(work: () => Promise<T>): Promise<T>;
}
