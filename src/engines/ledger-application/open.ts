import { renameSync } from 'node:fs';
import type { LogHead } from '../../ledger/app-hash.ts';
import { type Beginning, type Charter, charterAt, type HandedTo } from '../../ledger/charter.ts';
import { checkTx } from '../../ledger/check-tx.ts';
import { txIdOfBytes } from '../../ledger/codec.ts';
import { genesisHash, genesisSignatures, parseGenesis } from '../../ledger/genesis.ts';
import { readIncomingTx, type VerifiedTx } from '../../ledger/incoming.ts';
import { type BlockWrites, executeBlock, executeGenesis } from '../../ledger/ledger.ts';
import { logConsistency, logInclusion } from '../../ledger/log-tree.ts';
import { requireKnown } from '../../ledger/protocol.ts';
import { type RefusalCode, refusalNumber } from '../../ledger/refusals.ts';
import { whyUnproven } from '../../ledger/requirements-of.ts';
import type { LogName } from '../../ledger/shapes.ts';
import { encodeStateAnswerProof } from '../../ledger/state-proof.ts';
import { proveKey, treeRoot } from '../../ledger/state-tree.ts';
import { stateKey } from '../../ledger/table.ts';
import { equalBytes } from '../../primitives/bytes.ts';
import { CodedError } from '../../primitives/errors.ts';
import type { TxId } from '../../primitives/ids.ts';
import type {
  BlockInput,
  BlockOutput,
  ConsensusApplication,
  HeadsAnswer,
  StateAnswer,
} from '../application.ts';
import { isDiskFull } from '../disk-full.ts';
import type { LayerSizes } from '../layer-sizes.ts';
import { InFlight } from './in-flight.ts';
import { removeState } from './snapshots/arriving-state.ts';
import type { KeptSnapshot } from './snapshots/files.ts';
import {
  type ChunkVerdict,
  type OfferedSnapshot,
  type OfferVerdict,
  SnapshotReader,
  SnapshotWriter,
} from './snapshots/snapshots.ts';
import { type CommittedHead, StateDatabase } from './state-database.ts';
import { type SignatureChecks, TxVerifier } from './verify-tx.ts';

/** The whole state as others take it over, and how it is taken over from them. Source: docs/protocol/cometbft.md, CB-12 to CB-14. */
export interface StateSnapshots {
  /** Newest first. */
  snapshots(): readonly KeptSnapshot[];
  snapshotChunk(height: number, format: number, index: number): Uint8Array | undefined;
  offerSnapshot(offered: OfferedSnapshot): OfferVerdict;
  applyChunk(index: number, chunk: Uint8Array, sender: string): ChunkVerdict;
  /** The height that is on disk; blocks above it are needed again after a crash. */
  writtenHeight(): number;
}

/** An application whose two logs can also be proven, at their committed size or any before it. */
export interface LedgerApplication extends ConsensusApplication, StateSnapshots {
  /** What holds for the block that comes next; a committed block is all that changes it. */
  charterOfNext(): Charter;
  logHead(log: LogName): LogHead;
  /** Sibling hashes for `rootFromPath`; throws HEIGHT_UNKNOWN for an index or size the log has not reached. */
  logInclusion(log: LogName, index: number, size: number): readonly Uint8Array[];
  /** Resolves when no snapshot is being written. */
  snapshotsIdle(): Promise<void>;
}

/** Where snapshots of the state are kept, and how often one is made. */
export interface SnapshotSettings {
  readonly folder: string;
  /** After each height that is a multiple of it. */
  readonly every: number;
  /** Smaller only in tests. */
  readonly chunkBytes?: number;
}

export interface LedgerApplicationOptions {
  /** The SQLite file of the state; made when it is not there. */
  readonly path: string;
  /** As it travels. */
  readonly genesis: Uint8Array;
  readonly verify: SignatureChecks;
  readonly gathered?: LayerSizes;
  /** The state is thrown away afterwards: nothing of it is made durable. Default: it is kept. */
  readonly isScratch?: boolean;
  /** Missing: who orders it has been named by genesis and votes alone. */
  readonly handedTo?: HandedTo | undefined;
  /** Missing: none are made. */
  readonly snapshots?: SnapshotSettings;
}

/**
 * Opens the ledger behind an engine: at the height that is on disk, which may lie behind the last one it
 * committed when it was not closed. Throws what `parseGenesis` throws, IDENTITY_WRONG when the genesis is
 * not signed by its organisations, HOME_INVALID when the file belongs to another genesis.
 */
export async function openLedgerApplication(
  options: LedgerApplicationOptions,
): Promise<LedgerApplication> {
  const genesis = parseGenesis(options.genesis);
  const hash = genesisHash(options.genesis);
  const verifier = new TxVerifier(options.verify);
  const openDatabase = () =>
    new StateDatabase(
      options.path,
      options.gathered,
      options.isScratch === true ? 'scratch' : 'kept',
    );
  const database = openDatabase();
  try {
    const head = database.head();
    if (head === undefined) {
      if (!(await verifier.hold(genesisSignatures(genesis)))) {
        throw new CodedError('IDENTITY_WRONG');
      }
      const { appHash, writes } = executeGenesis(genesis);
      database.commit({ genesisHash: hash, height: 0, appHash }, writes);
      database.flush();
    } else if (!equalBytes(head.genesisHash, hash)) throw new CodedError('HOME_INVALID');
  } catch (error) {
    database.close();
    throw error;
  }
  const beginning = { ...genesis, handedTo: options.handedTo };
  const opened = { database, openDatabase, genesis: beginning, hash, verifier };
  return new SqliteLedgerApplication(opened, options);
}

/** Beside the state in use, until it is whole. */
const arrivingPath = (path: string): string => `${path}.arriving`;

class SqliteLedgerApplication implements LedgerApplication {
  #database: StateDatabase;
  readonly #openDatabase: () => StateDatabase;
  readonly #path: string;
  readonly #snapshots: SnapshotSettings | undefined;
  readonly #writer: SnapshotWriter | undefined;
  readonly #reader: SnapshotReader;
  readonly #genesis: Beginning;
  readonly #genesisHash: Uint8Array;
  readonly #verifier: TxVerifier;
  readonly #inFlight = new InFlight();
  /** By the list that `prepare` was given: a block of that very list is not read and hashed again. */
  readonly #prepared = new WeakMap<readonly Uint8Array[], readonly VerifiedTx[]>();
  #hasExecuted = false;
  #charter: { readonly height: number; readonly charter: Charter } | undefined;
  #finalized:
    | {
        readonly head: CommittedHead;
        readonly writes: BlockWrites;
        readonly timeMs: number;
        readonly txIds: readonly TxId[];
      }
    | undefined;

  constructor(
    opened: {
      readonly database: StateDatabase;
      readonly openDatabase: () => StateDatabase;
      readonly genesis: Beginning;
      readonly hash: Uint8Array;
      readonly verifier: TxVerifier;
    },
    { path, snapshots }: Pick<LedgerApplicationOptions, 'path' | 'snapshots'>,
  ) {
    const { database, openDatabase, genesis, hash, verifier } = opened;
    this.#database = database;
    this.#openDatabase = openDatabase;
    this.#genesis = genesis;
    this.#genesisHash = hash;
    this.#verifier = verifier;
    this.#path = path;
    this.#snapshots = snapshots;
    this.#writer = snapshots === undefined ? undefined : new SnapshotWriter(snapshots.folder);
    const ledger = { chainId: genesis.chainId, genesisHash: hash, path: arrivingPath(path) };
    // What a crash left half arrived.
    removeState(ledger.path);
    this.#reader = new SnapshotReader(ledger, (arrived) => this.#replaceState(arrived));
  }

  info(): { readonly height: number; readonly appHash: Uint8Array } {
    const { height, appHash } = this.#head();
    return { height, appHash };
  }

  /** Cheap checks first: an unknown sender costs no signature check. */
  async checkTx(bytes: Uint8Array, nowMs: number): Promise<number> {
    const incoming = readIncomingTx(bytes, this.#genesis.limits.maxTxBytes);
    if (!('tx' in incoming)) return refusalNumber(incoming.code);
    const { txId, tx } = incoming;
    const judge = () => {
      const checked = checkTx(this.#database.view, this.charterOfNext(), tx, nowMs);
      if (!checked.ok) return checked;
      const code = this.#inFlight.judge(txId, tx, checked.spender);
      return code === undefined ? checked : { ok: false as const, code };
    };
    const first = judge();
    if (!first.ok) return refusalNumber(first.code);

    const verified = await this.#verifier.verify(incoming);
    if (!('tx' in verified)) return refusalNumber(verified.code);
    const { isSigned, proven } = verified.verdict;
    if (!isSigned) return this.#refuseUnsigned(txId, 'SIGNATURE_WRONG');
    const unproven = whyUnproven(tx, proven);
    if (unproven !== undefined) return this.#refuseUnsigned(txId, unproven);

    // The state and the queue may have moved on while the signatures were checked.
    const second = judge();
    if (!second.ok) return refusalNumber(second.code);
    this.#inFlight.add(txId, tx, second.spender);
    return 0;
  }

  recheckTx(bytes: Uint8Array, nowMs: number): number {
    const incoming = readIncomingTx(bytes, this.#genesis.limits.maxTxBytes);
    if (!('tx' in incoming)) return refusalNumber(incoming.code);
    const { txId, tx } = incoming;
    const checked = checkTx(this.#database.view, this.charterOfNext(), tx, nowMs);
    if (checked.ok) return 0;
    this.#inFlight.drop([txId]);
    this.#verifier.forget(txId);
    return refusalNumber(checked.code);
  }

  proposable(txs: readonly Uint8Array[], timeMs: number): readonly Uint8Array[] {
    const seen = new Set<TxId>();
    return txs.filter((bytes) => {
      const incoming = readIncomingTx(bytes, this.#genesis.limits.maxTxBytes);
      if (!('tx' in incoming) || seen.has(incoming.txId)) return false;
      seen.add(incoming.txId);
      return incoming.tx.body.validUntilMs >= timeMs;
    });
  }

  isProposable(txs: readonly Uint8Array[]): boolean {
    const { maxTxBytes, maxBlockBytes } = this.#genesis.limits;
    const size = txs.reduce((sum, { length }) => sum + length, 0);
    const areKnown = (bytes: Uint8Array) => 'tx' in readIncomingTx(bytes, maxTxBytes);
    const ids = new Set(txs.map(txIdOfBytes));
    return size <= maxBlockBytes && ids.size === txs.length && txs.every(areKnown);
  }

  dropTxs(txs: readonly Uint8Array[]): void {
    const txIds = txs.map(txIdOfBytes);
    this.#inFlight.drop(txIds);
    for (const txId of txIds) this.#verifier.forget(txId);
  }

  async prepare(txs: readonly Uint8Array[]): Promise<void> {
    try {
      this.#prepared.set(txs, await this.#verifyAll(txs));
    } catch {
      // Met again, in its turn, by the block that they are in.
    }
  }

  async finalizeBlock(block: BlockInput): Promise<BlockOutput> {
    const { height, timeMs, misbehaviour } = block;
    const txs = this.#prepared.get(block.txs) ?? (await this.#verifyAll(block.txs));
    const last = this.#head().height;
    if (last !== 0 && height !== last + 1) {
      throw new CodedError('INTERNAL', { reason: 'block out of order', height, last });
    }
    this.#hasExecuted = true;
    this.#finalized = undefined;
    const executed = this.#database.reading(() =>
      executeBlock(this.#database, this.#genesis, txs, { height, timeMs }, misbehaviour),
    );
    const { results, appHash, writes, validatorUpdates } = executed;
    const head = { genesisHash: this.#genesisHash, height, appHash };
    this.#finalized = { head, writes, timeMs, txIds: txs.map(({ txId }) => txId) };
    return { results, appHash, validatorUpdates };
  }

  #verifyAll(txs: readonly Uint8Array[]): Promise<readonly VerifiedTx[]> {
    return this.#verifier.verifyAll(txs, this.#genesis.limits.maxTxBytes);
  }

  commit(): void {
    const finalized = this.#finalized;
    if (finalized === undefined) throw new CodedError('INTERNAL', { reason: 'nothing finalized' });
    this.#database.commit(finalized.head, finalized.writes);
    this.#finalized = undefined;
    for (const txId of finalized.txIds) this.#verifier.forget(txId);
    this.#inFlight.settle(finalized.txIds, finalized.timeMs);
    this.#beginSnapshot(finalized.head.height);
  }

  /** Nobody waits for it: where the disk is full or the last one is still being written, there is none of this height. */
  #beginSnapshot(height: number): void {
    const [settings, writer] = [this.#snapshots, this.#writer];
    if (settings === undefined || writer === undefined) return;
    if (height % settings.every !== 0 || writer.isWriting) return;
    let release: () => void;
    try {
      release = this.#database.hold();
    } catch (error) {
      if (isDiskFull(error)) return;
      throw error;
    }
    const { chunkBytes } = settings;
    const order = { path: this.#path, chainId: this.#genesis.chainId, height };
    writer.begin({ ...order, ...(chunkBytes !== undefined && { chunkBytes }) }, release);
  }

  snapshots(): readonly KeptSnapshot[] {
    return this.#writer?.list() ?? [];
  }

  snapshotChunk(height: number, format: number, index: number): Uint8Array | undefined {
    return this.#writer?.chunk(height, format, index);
  }

  async snapshotsIdle(): Promise<void> {
    await this.#writer?.idle();
  }

  /** Only a ledger that executed nothing takes over a state. */
  offerSnapshot(offered: OfferedSnapshot): OfferVerdict {
    return this.#hasExecuted ? 'reject' : this.#reader.offer(offered);
  }

  applyChunk(index: number, chunk: Uint8Array, sender: string): ChunkVerdict {
    return this.#reader.apply(index, chunk, sender);
  }

  writtenHeight(): number {
    return this.#database.writtenHeight();
  }

  /** A rename is all that a crash can come between: before it the state is the old one, after it the new. */
  #replaceState(arrived: string): void {
    this.#database.close();
    removeState(this.#path);
    renameSync(arrived, this.#path);
    this.#database = this.#openDatabase();
    this.#charter = undefined;
  }

  query(table: string, key: Uint8Array, prove: boolean): StateAnswer {
    const store = this.#database;
    const rowKey = stateKey(table, key);
    const value = store.row(rowKey);
    const { height } = this.#head();
    if (!prove) return { height, value, proof: undefined };
    const { logs } = this.heads();
    const way = proveKey((path) => store.page(path), rowKey);
    return { height, value, proof: encodeStateAnswerProof(logs, way) };
  }

  heads(): HeadsAnswer {
    const store = this.#database;
    const logs = { user: store.logHead('user'), doc: store.logHead('doc') };
    const stateRoot = treeRoot((path) => store.page(path));
    return { height: this.#head().height, stateRoot, logs };
  }

  charterOfNext(): Charter {
    const { height } = this.#head();
    if (this.#charter?.height !== height) {
      const charter = charterAt(this.#database.view, this.#genesis, height + 1);
      this.#charter = { height, charter };
    }
    return this.#charter.charter;
  }

  /** Throws LEDGER_NEWER. */
  requireNext(): void {
    requireKnown(this.charterOfNext());
  }

  logHead(log: LogName): LogHead {
    return this.#database.logHead(log);
  }

  logInclusion(log: LogName, index: number, size: number): readonly Uint8Array[] {
    if (index < 0 || index >= size) throw new CodedError('HEIGHT_UNKNOWN', { index, size });
    this.#checkSize(log, size);
    return logInclusion(this.#tilesOf(log), index, size);
  }

  logConsistency(log: LogName, from: number, to: number): readonly Uint8Array[] {
    if (from < 1 || from > to) throw new CodedError('HEIGHT_UNKNOWN', { from, to });
    this.#checkSize(log, to);
    return logConsistency(this.#tilesOf(log), from, to);
  }

  close(): void {
    this.#reader.discard();
    this.#writer?.close();
    this.#database.close();
  }

  #tilesOf(log: LogName) {
    return (level: number, index: number) => this.#database.tile(log, level, index);
  }

  #checkSize(log: LogName, size: number): void {
    if (!Number.isSafeInteger(size) || size > this.logHead(log).size) {
      throw new CodedError('HEIGHT_UNKNOWN', { size });
    }
  }

  #head() {
    const head = this.#database.head();
    if (head === undefined) throw new CodedError('LEDGER_CORRUPT');
    return head;
  }

  /** Nothing is remembered of what was not signed: a stranger must not push out what was. */
  #refuseUnsigned(txId: TxId, code: RefusalCode): number {
    this.#verifier.forget(txId);
    return refusalNumber(code);
  }
}
