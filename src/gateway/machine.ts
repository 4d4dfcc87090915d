/** A backup of this home, as whoever made it wrote down. */
export interface KnownBackup {
  readonly height: number;
  readonly createdMs: number;
}

/** The machine that a gateway runs on, as far as whoever started it keeps account of it. */
export interface Machine {
  readonly backup: KnownBackup | undefined;
  /** Processes beside this one. */
  readonly processes: readonly {
    readonly name: string;
    readonly state: string;
    readonly sinceMs: number;
    readonly restarts: number;
  }[];
  /** Certificates of this machine, and when each ends; missing: it has none. */
  readonly keys?: readonly { readonly name: string; readonly endsMs: number }[];
}
