import type { SQLInputValue } from 'node:sqlite';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { CodedError } from '../../../primitives/errors.ts';
import {
  type AccountId,
  type BlobId,
  type ConsentId,
  parseAccountId,
  parseConsentId,
} from '../../../primitives/ids.ts';
import type { GatewayBase } from '../../base.ts';
import { rowsATurn } from '../../slices.ts';
import type { Row } from '../../store.ts';
import { claimOwnerOf } from './claim-owner.ts';
import type { Delivery } from './delivery.ts';

/** Who brings rows, and until when they may be anchored. */
export interface Writer {
  /** The person, also when his hospital passes on what he brought. */
  readonly account: AccountId;
  /** Of the grant; undefined: the owner writes. */
  readonly notAfterMs: number | undefined;
}

interface Amounts {
  /** Deliveries. */
  readonly posts: number;
  readonly rows: number;
  readonly bytes: number;
}

/** An anchor that was in time may be indexed a little after the end of its grant. */
const anchorLateMs = 5 * 60_000;
/** Of a root that no anchor has: a delivery whose rows are still coming, or one that was dropped. */
export const noRootBytes = 33;
/** In SQL; it is nobody else's. */
export const noRoot = `randomblob(${noRootBytes})`;

/**
 * Rows whose anchor has not come: how many one writer, and one grant, may have here, and how they go again: after a
 * day, with the end of the grant, at once when it is revoked. What is anchored counts for its chart's owner, or for
 * its grant: nobody's rows count against those of somebody else. Source: docs/protocol/http.md, rule H-9.
 */
export class WaitingRows {
  readonly #base: GatewayBase;
  #isClosed = false;

  constructor(base: GatewayBase) {
    this.#base = base;
  }

  /** How long rows that come now wait. */
  waitUntilMs({ notAfterMs = Number.MAX_SAFE_INTEGER }: Writer): number {
    const { now, settings } = this.#base;
    return Math.min(now() + settings.pendingMs, notAfterMs + anchorLateMs);
  }

  /** Throws QUOTA_EXCEEDED. */
  requireRoom(delivery: Delivery, { account }: Writer): void {
    const { settings } = this.#base;
    const isGrant = delivery.consent !== '';
    requireWithin(delivery, this.#waitingOf('deliverer', account), {
      posts: settings.maxPendingPosts,
      rows: settings.maxPendingRows,
      bytes: settings.maxPendingBytes,
    });
    if (isGrant) {
      requireWithin(delivery, this.#waitingOf('consent', delivery.consent), {
        posts: settings.maxPendingPostsOfGrant,
        rows: settings.maxPendingRowsOfGrant,
        bytes: settings.maxPendingBytesOfGrant,
      });
    }
    requireWithin(delivery, this.#keptOf(delivery), {
      posts: Number.MAX_SAFE_INTEGER,
      rows: isGrant ? settings.maxRowsOfGrant : settings.maxRows,
      bytes: isGrant ? settings.maxRowBytesOfGrant : settings.maxRowBytes,
    });
  }

  #waitingOf(column: 'deliverer' | 'consent', of: string): Amounts {
    const waiting = this.#base.db.get(
      `SELECT count(*) AS posts, coalesce(sum(count), 0) AS rows, coalesce(sum(bytes), 0) AS bytes
       FROM deliveries WHERE height IS NULL AND count > 0 AND ${column} = ?`,
      of,
    );
    return amountsOf(waiting);
  }

  /** What is anchored too. */
  #keptOf({ account, consent }: Delivery): Amounts {
    const kept = this.#base.db.get(
      'SELECT 0 AS posts, rows, bytes FROM kept_rows WHERE account = ? AND consent = ?',
      ...[account, consent],
    );
    return amountsOf(kept);
  }

  /** One of them. */
  drop(delivery: number): void {
    this.#dropWhere('delivery = ?', delivery);
  }

  /** Only one of two deliveries with the same root can fit its anchor: the newer replaces the older. */
  replace(account: AccountId, root: Uint8Array): void {
    this.#dropWhere('account = ? AND root = ?', account, root);
  }

  /** The anchor was refused (EPOCH_STALE): its rows will not be anchored as they are. */
  dropRefused(account: AccountId, root: Uint8Array, consent: ConsentId | ''): void {
    this.#dropWhere('account = ? AND root = ? AND consent = ?', account, root, consent);
  }

  /** This delivery is anchored: what came for another try at the same records has lost. */
  dropRivals(account: AccountId, delivery: number): void {
    this.#dropWhere(
      `account = ? AND delivery IN (
         SELECT other.delivery FROM items AS mine JOIN items AS other
         ON other.account = mine.account AND other.recordId = mine.recordId WHERE mine.delivery = ?)`,
      ...[account, delivery],
    );
  }

  /** What waits beside this delivery, in the same chart under the same grant, and names a body that has ended. */
  dropBodiless(delivery: number, blobId: BlobId): void {
    this.#dropWhere(
      `delivery <> ?1 AND (account, consent) = (SELECT account, consent FROM deliveries WHERE delivery = ?1)
       AND delivery IN (SELECT delivery FROM items WHERE blob = ?2)`,
      ...[delivery, blobId],
    );
  }

  /** Of what was coming when the process stopped. */
  dropHalf(): void {
    this.#dropWhere('length(root) = 33');
  }

  /** The grant is revoked: what waited under it waits for nothing. In the transaction that says so. */
  dropGrant(consent: ConsentId): void {
    this.#dropWhere('consent = ?', consent);
  }

  /** Grants under which rows wait in this chart. */
  grantsOf(account: AccountId): readonly ConsentId[] {
    return this.#base.db
      .all(
        "SELECT DISTINCT consent FROM deliveries WHERE height IS NULL AND count > 0 AND account = ? AND consent <> ''",
        account,
      )
      .map((row) => parseConsentId(row.text('consent')));
  }

  /** The keys of the chart have changed: its epochs have ended, and what waits is anchored under none of them. */
  dropChart(account: AccountId): void {
    this.#dropWhere('account = ?', account);
  }

  /** And what it leaves goes: the rows, their bodies, and both from the logs. */
  async endGrant(grant: {
    readonly account: AccountId;
    readonly consent: ConsentId;
  }): Promise<void> {
    this.dropGrant(grant.consent);
    await this.sweep();
    await this.#base.blobs.endUnanchored(claimOwnerOf(grant));
    this.#base.db.forgetDeleted();
  }

  /**
   * Removes what waits no longer, and what the store keeps for a grant under which nothing waits any more. (An owner
   * whose import was cut off may deliver the same bodies again: the store forgets those after a day.)
   */
  async purge(): Promise<void> {
    const { db, now } = this.#base;
    const overMs = now();
    const grants = db.all(
      "SELECT DISTINCT account, consent FROM deliveries WHERE height IS NULL AND waitsUntilMs < ? AND consent <> ''",
      overMs,
    );
    this.#dropWhere('waitsUntilMs < ?', overMs);
    await this.sweep();
    for (const row of grants) {
      const [account, consent] = [row.text('account'), row.text('consent')];
      if (this.#waitingOf('consent', consent).posts > 0) continue;
      await this.endGrant({ account: parseAccountId(account), consent: parseConsentId(consent) });
    }
  }

  /**
   * What is dropped waits for nothing and counts for nobody from here on (`count` 0, a root that no anchor has). Few
   * rows go at once; of many the rest goes by `sweep`, since overwriting them takes its time.
   */
  #dropWhere(which: string, ...values: SQLInputValue[]): void {
    const dropped = this.#base.db.run(
      `UPDATE deliveries SET count = 0, bytes = 0, root = ${noRoot}, deliverer = '', waitsUntilMs = 0
       WHERE height IS NULL AND count > 0 AND ${which}`,
      ...values,
    );
    if (dropped > 0 && this.#sweepSome()) void this.sweep().catch(() => undefined);
  }

  /** Removes the rows of what was dropped, slice by slice; also what a stop of the process left. */
  async sweep(): Promise<void> {
    while (!this.#isClosed && this.#sweepSome()) await nextTurn();
  }

  /** Whether there are more. */
  #sweepSome(): boolean {
    const { db } = this.#base;
    return db.transaction('items', () => {
      const gone = db.run(
        `DELETE FROM items WHERE (delivery, position) IN (
           SELECT delivery, position FROM items JOIN deliveries USING (delivery)
           WHERE deliveries.height IS NULL AND deliveries.count = 0 LIMIT ?)`,
        rowsATurn,
      );
      if (gone === rowsATurn) return true;
      db.run('DELETE FROM deliveries WHERE height IS NULL AND count = 0');
      return false;
    });
  }

  /** The file is about to be closed. */
  close(): void {
    this.#isClosed = true;
  }
}

function amountsOf(row: Row | undefined): Amounts {
  return {
    posts: row?.uint('posts') ?? 0,
    rows: row?.uint('rows') ?? 0,
    bytes: row?.uint('bytes') ?? 0,
  };
}

/** Throws QUOTA_EXCEEDED when one delivery more is too much. */
function requireWithin(delivery: Delivery, there: Amounts, limits: Amounts): void {
  const { posts, rows, bytes } = there;
  const isFull =
    posts + 1 > limits.posts ||
    rows + delivery.rows.length > limits.rows ||
    bytes + delivery.bytes > limits.bytes;
  if (isFull) throw new CodedError('QUOTA_EXCEEDED', { rows, bytes });
}
