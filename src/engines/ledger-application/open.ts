import type { LogHead } from '../../ledger/app-hash.ts';
import { type Charter, charterAt } from '../../ledger/charter.ts';
import { checkTx } from '../../ledger/check-tx.ts';
import { txIdOfBytes } from '../../ledger/codec.ts';
import {
  type Genesis,
  genesisHash,
  genesisSignatures,
  parseGenesis,
} from '../../ledger/genesis.ts';
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
  Application,
  BlockInput,
  BlockOutput,
  HeadsAnswer,
  StateAnswer,
} from '../application.ts';
import type { LayerSizes } from '../layer-sizes.ts';
import { InFlight } from './in-flight.ts';
import { type CommittedHead, StateDatabase } from './state-database.ts';
import { type SignatureChecks, TxVerifier } from './verify-tx.ts';

/** An `Application` whose two logs can also be proven, at their committed size or any before it. */
export interface LedgerApplication extends Application {
  /** What holds for the block that comes next; a committed block is all that changes it. */
  charterOfNext(): Charter;
  logHead(log: LogName): LogHead;
  /** Sibling hashes for `rootFromPath`; throws HEIGHT_UNKNOWN for an index or size the log has not reached. */
  logInclusion(log: LogName, index: number, size: number): readonly Uint8Array[];
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
  const database = new StateDatabase(
    options.path,
    options.gathered,
    options.isScratch === true ? 'scratch' : 'kept',
  );
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
  return new SqliteLedgerApplication(database, genesis, hash, verifier);
}

class SqliteLedgerApplication implements LedgerApplication {
  readonly #database: StateDatabase;
  readonly #genesis: Genesis;
  readonly #genesisHash: Uint8Array;
  readonly #verifier: TxVerifier;
  readonly #inFlight = new InFlight();
  /** By the list that `prepare` was given: a block of that very list is not read and hashed again. */
  readonly #prepared = new WeakMap<readonly Uint8Array[], readonly VerifiedTx[]>();
  #charter: { readonly height: number; readonly charter: Charter } | undefined;
  #finalized:
    | {
        readonly head: CommittedHead;
        readonly writes: BlockWrites;
        readonly timeMs: number;
        readonly txIds: readonly TxId[];
      }
    | undefined;

  constructor(database: StateDatabase, genesis: Genesis, hash: Uint8Array, verifier: TxVerifier) {
    this.#database = database;
    this.#genesis = genesis;
    this.#genesisHash = hash;
    this.#verifier = verifier;
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
