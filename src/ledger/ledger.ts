import { encodeCborTogether } from '../primitives/cbor.ts';
import { idBytes } from '../primitives/ids.ts';
import { enrolledRows } from './acts/enrol.ts';
import { appHashOf, type LogHead, type LogHeads } from './app-hash.ts';
import { applyTx, type TxOutcome } from './apply.ts';
import type { Validator } from './chain/validators.ts';
import { charterAt } from './charter.ts';
import type { Genesis } from './genesis.ts';
import { accountIdOfKey } from './identity.ts';
import type { VerifiedTx } from './incoming.ts';
import { appendToLog, emptyLog, type Tile } from './log-tree.ts';
import { leafHash } from './merkle.ts';
import type { Block } from './outcome.ts';
import { Overlay } from './overlay.ts';
import { requireKnown } from './protocol.ts';
import type { LogName } from './shapes.ts';
import { treeChange, treeRoot, updateTree } from './state-tree.ts';
import {
  decodeRow,
  type LedgerView,
  onlyRow,
  put,
  type StateTable,
  stateKey,
  type Write,
} from './table.ts';
import { organisations, rightsFromGenesis } from './tables/organisations.ts';
import { validators } from './tables/validators.ts';
import type { TreePage } from './tree-page.ts';
import { type Misbehaviour, punish, validatorChanges } from './validator-set.ts';

/** The committed state, wherever it is kept. Pages are shared with the tree: nobody changes them in place. */
export interface LedgerStore {
  row(key: Uint8Array): Uint8Array | undefined;
  /** The same rows decoded, of a store that keeps them so. */
  readonly view?: LedgerView;
  page(path: string): TreePage | undefined;
  tile(log: LogName, level: number, index: number): Uint8Array | undefined;
  logHead(log: LogName): LogHead;
}

export interface RowWrite {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  /** What `value` encodes. */
  readonly write: Write;
}

/** Everything a block changes; a store that takes all of it, or nothing, is correct. */
export interface BlockWrites {
  readonly rows: readonly RowWrite[];
  readonly pages: ReadonlyMap<string, TreePage | undefined>;
  readonly tiles: readonly (Tile & { readonly log: LogName })[];
  readonly logs: LogHeads;
}

export interface ExecutedBlock {
  readonly results: readonly TxOutcome[];
  readonly appHash: Uint8Array;
  readonly writes: BlockWrites;
  /** What the block changed of who orders blocks, in force two heights later; power 0: left. Nearly always empty. */
  readonly validatorUpdates: readonly Validator[];
}

const noCredential = new Uint8Array(32);

/** The state as rules see it, decoded row by row from a store. */
export function viewOf(store: Pick<LedgerStore, 'row'>): LedgerView {
  return {
    get<Row>(table: StateTable<Row>, id: string): Row | undefined {
      const bytes = store.row(stateKey(table, id));
      return bytes === undefined ? undefined : decodeRow(table, bytes);
    },
  };
}

/**
 * The ledger as a function: a state and a block give results, the next app hash and the writes that make
 * the next state. The same on every machine, for every replay; it looks at no clock and keeps nothing.
 * `misbehaviour`: what the block carries of evidence against validators; part of the block as its transactions are.
 * Throws LEDGER_NEWER where the ledger takes what this build does not know.
 * Source: docs/protocol/state.md.
 */
export function executeBlock(
  store: LedgerStore,
  genesis: Genesis,
  txs: readonly VerifiedTx[],
  block: Block,
  misbehaviour: readonly Misbehaviour[] = [],
): ExecutedBlock {
  const state = new Overlay(store.view ?? viewOf(store));
  const charter = charterAt(state, genesis, block.height);
  requireKnown(charter);
  const before = state.get(validators, onlyRow);
  for (const write of punish(state, charter, misbehaviour, block)) state.write(write);
  const results: TxOutcome[] = [];
  const leaves: Record<LogName, Uint8Array[]> = { user: [], doc: [] };
  for (const incoming of txs) {
    const result = applyTx(state, charter, incoming, block);
    results.push(result);
    if (result.code === 0 && 'tx' in incoming) {
      leaves[incoming.tx.body.log].push(leafHash(idBytes(incoming.txId)));
    }
  }
  const after = state.get(validators, onlyRow);
  const validatorUpdates =
    after === before
      ? []
      : validatorChanges(
          before ?? charter.genesisValidators(),
          after ?? charter.genesisValidators(),
        );
  return { results, validatorUpdates, ...sealed(store, state.writes(), leaves) };
}

/** The state before the first block: the organisations of the genesis. */
export function executeGenesis(genesis: Genesis): Pick<ExecutedBlock, 'appHash' | 'writes'> {
  const writes: Write[] = genesis.organisations.flatMap(({ identity, name, url, rights }) => {
    const account = accountIdOfKey(identity.suite, identity.signKey);
    const act = { identity, role: 'organisation' as const, credentialHash: noCredential };
    const [row, directory] = enrolledRows(act, { organisation: account, height: 0 });
    return [
      row,
      put(organisations, account, { name, url, rights, ...rightsFromGenesis }),
      directory,
    ];
  });
  return sealed(emptyStore, writes, { user: [], doc: [] });
}

const emptyStore: LedgerStore = {
  row: () => undefined,
  page: () => undefined,
  tile: () => undefined,
  logHead: () => emptyLog,
};

function sealed(
  store: LedgerStore,
  writes: readonly Write[],
  leaves: Readonly<Record<LogName, readonly Uint8Array[]>>,
): Pick<ExecutedBlock, 'appHash' | 'writes'> {
  const encoded = encodeCborTogether(writes, ({ table, row }) => table.row.encode(row));
  const rows = encoded.map(([write, value]) => ({
    key: stateKey(write.table, write.id),
    value,
    write,
  }));
  const changes = rows.map(({ key, value }) => treeChange(key, value));
  const readPage = (path: string) => store.page(path);
  const tree =
    changes.length === 0
      ? { root: treeRoot(readPage), pages: new Map<string, TreePage | undefined>() }
      : updateTree(readPage, changes);
  const append = (log: LogName) =>
    appendToLog((level, index) => store.tile(log, level, index), store.logHead(log), leaves[log]);
  const user = append('user');
  const doc = append('doc');
  const logs = { user: user.head, doc: doc.head };
  const tiles = [
    ...user.tiles.map((tile) => ({ ...tile, log: 'user' as const })),
    ...doc.tiles.map((tile) => ({ ...tile, log: 'doc' as const })),
  ];
  return { appHash: appHashOf(tree.root, logs), writes: { rows, pages: tree.pages, tiles, logs } };
}
