import { setImmediate as nextTurn } from 'node:timers/promises';
import { CodedError } from '../../../primitives/errors.ts';
import type { AccountId, ConsentId } from '../../../primitives/ids.ts';
import {
  type BlobId,
  parseAccountId,
  parseBlobId,
  parseConsentId,
} from '../../../primitives/ids.ts';
import type { GatewayBase } from '../../base.ts';
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

interface Limits {
  readonly posts: number;
  readonly rows: number;
  readonly bytes: number;
}

/** An anchor that was in time may be indexed a little after the end of its grant. */
const anchorLateMs = 5 * 60_000;
/** So much leaves in one turn; one delivery is the least. */
const rowsPerTurn = 500;

/**
 * Rows whose anchor has not come: how many of them one writer, and one grant, may have here, and how they go again:
 * after a day, with the end of the grant, at once when it is revoked. Nobody's rows count against those of
 * somebody else. Source: docs/protocol/http.md, rule H-9.
 */
export class WaitingRows {
  readonly #base: GatewayBase;

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
    this.#requireRoom(delivery, ['deliverer', account], {
      posts: settings.maxPendingPosts,
      rows: settings.maxPendingRows,
      bytes: settings.maxPendingBytes,
    });
    if (delivery.consent === '') return;
    this.#requireRoom(delivery, ['consent', delivery.consent], {
      posts: settings.maxPendingPostsOfGrant,
      rows: settings.maxPendingRowsOfGrant,
      bytes: settings.maxPendingBytesOfGrant,
    });
  }

  #requireRoom(
    delivery: Delivery,
    [column, of]: readonly ['deliverer' | 'consent', string],
    limits: Limits,
  ): void {
    const waiting = this.#base.db.get(
      `SELECT count(*) AS posts, coalesce(sum(count), 0) AS rows, coalesce(sum(bytes), 0) AS bytes
       FROM deliveries WHERE height IS NULL AND ${column} = ?`,
      of,
    );
    const [posts, rows] = [waiting?.uint('posts') ?? 0, waiting?.uint('rows') ?? 0];
    const bytes = waiting?.uint('bytes') ?? 0;
    const isFull =
      posts + 1 > limits.posts ||
      rows + delivery.rows.length > limits.rows ||
      bytes + delivery.bytes > limits.bytes;
    if (isFull) throw new CodedError('QUOTA_EXCEEDED', { rows, bytes });
  }

  /** Only one of two deliveries with the same root can fit its anchor: the newer replaces the older. */
  replace(account: AccountId, root: Uint8Array): void {
    this.#base.db.run(
      'DELETE FROM deliveries WHERE account = ? AND root = ? AND height IS NULL',
      ...[account, root],
    );
  }

  /** The anchor was refused (EPOCH_STALE): its rows will not be anchored as they are. */
  dropRefused(account: AccountId, root: Uint8Array, consent: ConsentId | ''): void {
    this.#base.db.run(
      'DELETE FROM deliveries WHERE account = ? AND root = ? AND consent = ? AND height IS NULL',
      ...[account, root, consent],
    );
  }

  /** The grant is revoked: what waited under it waits for nothing, and `purge` removes it. */
  endConsent(consent: ConsentId): void {
    this.#base.db.run(
      'UPDATE deliveries SET waitsUntilMs = 0 WHERE consent = ? AND height IS NULL',
      consent,
    );
  }

  /**
   * Removes what waits no longer, some rows a turn, and of what came under a grant the bodies too. (An owner whose
   * import was cut off may deliver the same bodies again: the store forgets those after a day of its own.)
   */
  async purge(): Promise<void> {
    const { blobs, db } = this.#base;
    let isAnyGone = false;
    for (let over = this.#over(); over.length > 0; over = this.#over()) {
      isAnyGone = true;
      const bodies = over.map((row) => this.#bodiesOf(row));
      db.transaction('items', () => {
        for (const row of over)
          db.run('DELETE FROM deliveries WHERE delivery = ?', row.uint('delivery'));
      });
      for (const { owner, ids } of bodies) {
        if (ids.length > 0) await blobs.endUnanchored(owner, ids);
      }
      await nextTurn();
    }
    if (isAnyGone) db.forgetDeleted();
  }

  #over(): Row[] {
    const rows = this.#base.db.all(
      `SELECT delivery, account, consent, count FROM deliveries
       WHERE height IS NULL AND waitsUntilMs < ? ORDER BY waitsUntilMs LIMIT ?`,
      ...[this.#base.now(), rowsPerTurn],
    );
    let count = 0;
    return rows.filter((row, at) => {
      count += row.uint('count');
      return at === 0 || count <= rowsPerTurn;
    });
  }

  /** Bodies that nothing else under the same grant names; none of what an owner delivered. */
  #bodiesOf(row: Row): { readonly owner: string; readonly ids: BlobId[] } {
    const { db } = this.#base;
    const [delivery, account, consent] = [
      row.uint('delivery'),
      row.text('account'),
      row.text('consent'),
    ];
    if (consent === '') return { owner: account, ids: [] };
    const ids = db
      .all('SELECT DISTINCT blob FROM items WHERE delivery = ? AND blob IS NOT NULL', delivery)
      .map((item) => parseBlobId(item.text('blob')))
      .filter(
        (blob) =>
          db.get(
            `SELECT 1 FROM items JOIN deliveries USING (delivery) WHERE blob = ? AND deliveries.account = ?
             AND consent = ? AND delivery <> ? AND (height IS NOT NULL OR waitsUntilMs >= ?) LIMIT 1`,
            ...[blob, account, consent, delivery, this.#base.now()],
          ) === undefined,
      );
    const named = { account: parseAccountId(account), consent: parseConsentId(consent) };
    return { owner: claimOwnerOf(named), ids };
  }
}
