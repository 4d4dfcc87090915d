import { type BlobId, parseBlobId } from '../../../primitives/ids.ts';
import type { BlobOwner } from '../../../storage/blob-store.ts';
import type { GatewayBase } from '../../base.ts';
import { claimOwnerColumn } from './claim-owner.ts';

/** A claim on a stored body. */
export interface BodyClaim {
  readonly blobId: BlobId;
  readonly owner: BlobOwner;
}

/**
 * Claims on bodies that have ended, or changed their owner, and that the store, which is another file, has yet to
 * be told of. Only an anchored live row of the same owner keeps a claim: who else names the blob, or has bytes of
 * his own there, keeps nothing of it. Source: docs/protocol/http.md, rule H-12.
 */
export class BodyClaims {
  readonly #base: Pick<GatewayBase, 'db' | 'blobs'>;

  constructor(base: Pick<GatewayBase, 'db' | 'blobs'>) {
    this.#base = base;
  }

  /** Whether an anchored row of this owner that was not erased has this body. */
  isNeeded({ blobId, owner }: BodyClaim): boolean {
    const row = this.#base.db.get(
      `SELECT 1 FROM items JOIN deliveries USING (delivery)
       WHERE blob = ? AND height IS NOT NULL AND ${claimOwnerColumn} = ? LIMIT 1`,
      ...[blobId, owner],
    );
    return row !== undefined;
  }

  /** Notes a claim as ended, in the transaction that ends it. */
  end({ blobId, owner }: BodyClaim): void {
    this.#base.db.run('INSERT OR IGNORE INTO ended_claims VALUES (?, ?)', blobId, owner);
  }

  /** Tells the store; also after a start, for what a crash came before. */
  async release(): Promise<void> {
    const { blobs, db } = this.#base;
    for (const claim of this.#ended()) {
      if (!this.isNeeded(claim)) await blobs.delete(claim.blobId, claim.owner);
      db.transaction('claims', () => {
        const { blobId, owner } = claim;
        db.run('DELETE FROM ended_claims WHERE blob = ? AND owner = ?', blobId, owner);
      });
    }
  }

  /**
   * Of a home of before, in which the deliverer kept the claims of what he wrote into others' charts. Those
   * deliverers' own claims are noted as ended, and end once the charts have theirs.
   */
  async move(): Promise<void> {
    const { blobs, db } = this.#base;
    for (const row of db.all('SELECT DISTINCT owner, heir FROM moved_claims')) {
      const [from, to] = [row.text('owner'), row.text('heir')];
      const ids = db
        .all('SELECT blob FROM moved_claims WHERE owner = ? AND heir = ?', from, to)
        .map((moved) => parseBlobId(moved.text('blob')));
      const lost = new Set(await blobs.handOver(ids, { from, to }));
      const here = ids.filter((id) => !lost.has(id));
      if (lost.size > 0) await blobs.handOver(here, { from, to });
      await blobs.markAnchored(
        here.filter((blobId) => this.isNeeded({ blobId, owner: to })),
        to,
      );
      db.transaction('claims', () => {
        db.run('DELETE FROM moved_claims WHERE owner = ? AND heir = ?', from, to);
      });
    }
  }

  #ended(): BodyClaim[] {
    const rows = this.#base.db.all(
      `SELECT blob, owner FROM ended_claims AS ended WHERE NOT EXISTS (
         SELECT 1 FROM moved_claims AS moved WHERE moved.blob = ended.blob AND moved.owner = ended.owner)`,
    );
    return rows.map((row) => ({ blobId: parseBlobId(row.text('blob')), owner: row.text('owner') }));
  }
}
