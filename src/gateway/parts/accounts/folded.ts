import type { LedgerEngine } from '../../../engines/engine.ts';
import { decodeTx } from '../../../ledger/codec.ts';
import { type FoldedIdentity, foldedLeaf } from '../../../ledger/folded-identities.ts';
import {
  accountIdOfKey,
  type Identity,
  identity as identityShape,
} from '../../../ledger/identity.ts';
import { merkleTree } from '../../../ledger/merkle.ts';
import { keys } from '../../../ledger/tables/keys.ts';
import type { AccountId } from '../../../primitives/ids.ts';
import { decodeAs, encodeAs } from '../../../primitives/shape.ts';
import type { CommittedState } from '../../committed-state.ts';
import type { Store } from '../../store.ts';

/** Accounts that changed their keys, and every identity they had; of the one in use it is not known until when. */
export const foldedTables = `
CREATE TABLE identities (
  account TEXT NOT NULL, place INTEGER NOT NULL, signKey BLOB NOT NULL, identity BLOB NOT NULL,
  fromHeight INTEGER NOT NULL, untilHeight INTEGER NOT NULL, leaf BLOB NOT NULL,
  PRIMARY KEY (account, place)
) STRICT, WITHOUT ROWID;
CREATE INDEX identities_by_key ON identities (account, signKey);`;

const unknown = new Uint8Array(0);

/**
 * The identities that a directory's row folds away, so that what an old key signed can be checked still. Kept of
 * those who changed their keys only. Source: docs/protocol/acts.md, rule ID-6.
 */
export class FoldedIdentities {
  readonly #db: Store;
  readonly #view: CommittedState;
  readonly #engine: LedgerEngine;

  constructor(db: Store, view: CommittedState, engine: LedgerEngine) {
    this.#db = db;
    this.#view = view;
    this.#engine = engine;
  }

  /** Before the first rotation of an account counts as indexed: the identity that it began with. */
  async keepFirst(account: AccountId): Promise<void> {
    if (this.#countOf(account) > 0) return;
    const row = await this.#view.account(account);
    const first = await this.#firstOf(account, row?.enrolledHeight ?? 0);
    if (first !== undefined) this.#put(account, 0, first, row?.enrolledHeight ?? 0);
  }

  rotated(account: AccountId, identity: Identity, height: number): void {
    const place = this.#countOf(account);
    const last = this.#at(account, place - 1);
    // An account whose beginning is not known proves nothing: there is no tree without it.
    if (last === undefined) return;
    const leaf = foldedLeaf({ ...last, untilHeight: height });
    this.#db.run(
      'UPDATE identities SET untilHeight = ?, leaf = ? WHERE account = ? AND place = ?',
      ...[height, leaf, account, place - 1],
    );
    this.#put(account, place, identity, height);
  }

  /** The identity with this key among the oldest `count`, and its path in the tree over them. */
  find(account: AccountId, signKey: Uint8Array, count: number): FoldedIdentity | undefined {
    const row = this.#db.get(
      'SELECT place FROM identities WHERE account = ? AND signKey = ? AND place < ? LIMIT 1',
      ...[account, signKey, count],
    );
    const index = row?.uint('place');
    const held = index === undefined ? undefined : this.#at(account, index);
    const leaves = this.#db
      .all(
        'SELECT leaf FROM identities WHERE account = ? AND place < ? ORDER BY place',
        account,
        count,
      )
      .map((it) => it.bytes('leaf'));
    if (index === undefined || held === undefined || leaves.length !== count) return undefined;
    return { held, index, path: merkleTree(leaves).path(index) };
  }

  #countOf(account: AccountId): number {
    const row = this.#db.get('SELECT COUNT(*) AS n FROM identities WHERE account = ?', account);
    return row?.uint('n') ?? 0;
  }

  #at(account: AccountId, place: number) {
    const row = this.#db.get(
      'SELECT identity, fromHeight, untilHeight FROM identities WHERE account = ? AND place = ?',
      ...[account, place],
    );
    if (row === undefined) return undefined;
    const identity = decodeAs(identityShape, row.bytes('identity'));
    return { identity, fromHeight: row.uint('fromHeight'), untilHeight: row.uint('untilHeight') };
  }

  #put(account: AccountId, place: number, identity: Identity, fromHeight: number): void {
    this.#db.run(
      'INSERT OR IGNORE INTO identities VALUES (?, ?, ?, ?, ?, 0, ?)',
      ...[account, place, identity.signKey, encodeAs(identityShape, identity), fromHeight, unknown],
    );
  }

  /** From the block that enrolled it; an organisation of the genesis from its row, while that has it. */
  async #firstOf(account: AccountId, height: number): Promise<Identity | undefined> {
    if (height === 0) {
      const row = await this.#view.row(keys, account);
      return row?.folded.count === 0 ? row.identities[0]?.identity : undefined;
    }
    const { txs, results } = await this.#engine.block(height);
    return txs
      .filter((_, at) => results[at]?.code === 0)
      .flatMap((tx) => decodeTx(tx).body.acts)
      .flatMap((act) => (act.kind === 'Enrol' ? act.identity : []))
      .find((it) => accountIdOfKey(it.suite, it.signKey) === account);
  }
}
