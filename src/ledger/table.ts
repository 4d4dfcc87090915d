import { concatBytes, hexToBytes, utf8 } from '../primitives/bytes.ts';
import { CodedError } from '../primitives/errors.ts';
import { decodeAs, encodeAs, type Shape } from '../primitives/shape.ts';

/**
 * One table of the ledger's state: what its rows look like, once, for both directions. The token is the type:
 * `view.get(consents, id)` gives a Consent. Source: docs/protocol/state.md, rule ST-2.
 */
export interface StateTable<Row> {
  /** 'consents': what its keys in the state tree begin with. */
  readonly name: string;
  readonly row: Shape<Row>;
  /** Rows never change once they stand: devices keep them. */
  readonly lasting: boolean;
  /** `name` ‖ '/', encoded once: every transaction makes a dozen keys. */
  readonly head: Uint8Array;
}

/** The token of a table; `lasting` rows never change once they stand. */
export function stateTable<Row>(
  name: string,
  row: Shape<Row>,
  { lasting = false }: { readonly lasting?: boolean } = {},
): StateTable<Row> {
  return { name, row, lasting, head: headOf(name) };
}

const headOf = (name: string): Uint8Array => utf8(`${name}/`);

/** The id of a table that has one row. */
export const onlyRow = '00';

/** The state as a rule sees it: committed rows under the writes of earlier acts. */
export interface LedgerView {
  /** `id`: lower-case hex; composite ones are the parts one after the other. */
  get<Row>(table: StateTable<Row>, id: string): Row | undefined;
}

/** One changed row; `put` makes it, so that table and row fit. */
export interface Write {
  readonly table: StateTable<unknown>;
  readonly id: string;
  readonly row: unknown;
}

/** One row written, typed by its table. */
export function put<Row>(table: StateTable<Row>, id: string, row: Row): Write {
  return { table, id, row };
}

/** The key of a row in the state tree: table name ‖ '/' ‖ id bytes. Throws ID_FORMAT. */
export function stateKey(table: StateTable<unknown> | string, id: string | Uint8Array): Uint8Array {
  const bytes = typeof id === 'string' ? hexToBytes(id) : id;
  if (bytes === undefined) throw new CodedError('ID_FORMAT', { field: 'id' });
  return concatBytes(typeof table === 'string' ? headOf(table) : table.head, bytes);
}

/** The row as the state tree holds it. */
export function encodeRow<Row>(table: StateTable<Row>, row: Row): Uint8Array {
  return encodeAs(table.row, row);
}

/** Throws CBOR_INVALID, CBOR_SHAPE, ID_FORMAT, and what the table's shapes throw (ROLE_UNKNOWN, BATCH_KIND ...). */
export function decodeRow<Row>(table: StateTable<Row>, bytes: Uint8Array): Row {
  return decodeAs(table.row, bytes, table.name);
}
