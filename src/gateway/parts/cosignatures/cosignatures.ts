import { verifyVote } from '../../../crypto/signature.ts';
import { decodeHeader, headerHashBytes } from '../../../ledger/chain/header.ts';
import { type WitnessSignature, witnessMessage } from '../../../ledger/chain/receipt.ts';
import { maxWitnesses } from '../../../ledger/chain/trust-root.ts';
import { CodedError } from '../../../primitives/errors.ts';
import type { AccountId } from '../../../primitives/ids.ts';
import type { GatewayBase } from '../../base.ts';
import { definePart } from '../../part.ts';
import { inSlices } from '../../slices.ts';

/** Keys that an organisation has had: a witness whose machine was lost goes on with another. */
const defaults = { keysPerOrganisation: 8 };

/** Verified in one turn: each may cost a millisecond. */
const verifiedATurn = 16;

export interface SignedHeight {
  readonly height: number;
  readonly signature: Uint8Array;
}

const tables = `
CREATE TABLE witness_keys (key BLOB PRIMARY KEY, organisation TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE cosignatures (height INTEGER NOT NULL, key BLOB NOT NULL, signature BLOB NOT NULL,
  PRIMARY KEY (height, key)) STRICT, WITHOUT ROWID;`;

/**
 * What witnesses signed of this ledger's headers, as their organisations handed it over: served with headers and receipts.
 * Each is verified against this hospital's own header before it is kept. Source: docs/protocol/following.md, rule F-15.
 */
export class Cosignatures {
  readonly #base: GatewayBase;
  readonly #keysPerOrganisation: number;

  constructor(base: GatewayBase) {
    this.#base = base;
    this.#keysPerOrganisation = base.settingsOver(defaults).keysPerOrganisation;
  }

  /**
   * How many of these were new. Throws HEIGHT_UNKNOWN, SIGNATURE_WRONG {height}: of the header that this hospital has;
   * QUOTA_EXCEEDED (too many keys). What came before the one that is refused is kept.
   */
  async take(
    organisation: AccountId,
    publicKey: Uint8Array,
    signatures: readonly SignedHeight[],
  ): Promise<number> {
    this.#requireRoom(organisation, publicKey);
    let kept = 0;
    for await (const some of inSlices(signatures, verifiedATurn)) {
      for (const each of some) await this.#require(publicKey, each);
      kept += this.#keep(organisation, publicKey, some);
    }
    return kept;
  }

  async #require(publicKey: Uint8Array, { height, signature }: SignedHeight): Promise<void> {
    const { engine, chainId } = this.#base;
    const { header } = await engine.signedHeader(height);
    const message = witnessMessage(chainId, height, headerHashBytes(decodeHeader(header)));
    if (await verifyVote(publicKey, message, signature)) return;
    throw new CodedError('SIGNATURE_WRONG', { height });
  }

  /**
   * Before anything is verified: whether it is known, or there is room for one more of who brings it. That somebody brought it first
   * says nothing about whose it is, so it keeps nobody from handing over what it signed.
   */
  #requireRoom(organisation: AccountId, publicKey: Uint8Array): void {
    const { db } = this.#base;
    if (db.get('SELECT 1 AS n FROM witness_keys WHERE key = ?', publicKey) !== undefined) return;
    const ofOne = 'SELECT count(*) AS n FROM witness_keys WHERE organisation = ?';
    const isFull =
      (db.get(ofOne, organisation)?.uint('n') ?? 0) >= this.#keysPerOrganisation ||
      (db.get('SELECT count(*) AS n FROM witness_keys')?.uint('n') ?? 0) >= maxWitnesses;
    if (isFull) throw new CodedError('QUOTA_EXCEEDED');
  }

  #keep(organisation: AccountId, key: Uint8Array, signatures: readonly SignedHeight[]): number {
    const { db } = this.#base;
    return db.transaction('cosignatures', () => {
      // Again: others may have come while these were verified.
      this.#requireRoom(organisation, key);
      db.run('INSERT OR IGNORE INTO witness_keys VALUES (?, ?)', key, organisation);
      const insert = 'INSERT OR IGNORE INTO cosignatures VALUES (?, ?, ?)';
      return signatures.reduce((sum, it) => sum + db.run(insert, it.height, key, it.signature), 0);
    });
  }

  /** Of the header of this height; none: nobody handed one over. */
  of(height: number): readonly WitnessSignature[] {
    const rows = this.#base.db.all(
      'SELECT key, signature FROM cosignatures WHERE height = ? ORDER BY key',
      height,
    );
    return rows.map((row) => ({ publicKey: row.bytes('key'), signature: row.bytes('signature') }));
  }
}

export const cosignatures = definePart({
  name: 'cosignatures',
  store: { owner: 'cosignatures', writes: ['cosignatures'], migrations: [tables] },
  open: (base) => new Cosignatures(base),
});
