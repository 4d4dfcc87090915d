/** A row that is not as it was written. */
export interface UnboundRow {
  readonly table: string;
  /**
   * `changed`: it is not what its MAC is of; `foreign`: it has none, so another hand put it there; `gone`: there is no
   * row for this MAC; `count`: rows and their MACs are gone, or came back, together; `key`: the table is bound under
   * another key, or not at all.
   */
  readonly because: 'changed' | 'foreign' | 'gone' | 'count' | 'key';
  /** The primary key, where there is one row: CBOR, hex. */
  readonly row?: string;
}

/**
 * What binds the rows of a file of one process. Who wires gives it to rooms that keep rows and know no key.
 * Source: docs/protocol/stores.md, rules SR-3 to SR-5 and SR-11.
 */
export interface RowGuard<Database> {
  /** What is not as it was written, if anything was ever bound; rows of tables in `unread` are left to the scrub. */
  unbound(database: Database, unread?: readonly string[]): readonly UnboundRow[];
  /** Binds each table with every write through this connection from now on; what was bound before stays as it is. */
  open(database: Database): void;
  /** What is wrong with the row of this primary key; undefined: it is as it was written, or is rightly not there. */
  wrong(
    database: Database,
    table: string,
    name: readonly (string | number | Uint8Array)[],
  ): UnboundRow | undefined;
  /** Binds all of it as it is now, once who keeps it has told what was not, and put it aside. */
  settle(database: Database): void;
}

/** Binds nothing. */
export const noGuard: RowGuard<unknown> = {
  unbound: () => [],
  open: () => {},
  wrong: () => undefined,
  settle: () => {},
};
