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
}
