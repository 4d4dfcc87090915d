import { setImmediate as nextTurn } from 'node:timers/promises';
import { CodedError } from '../../../primitives/errors.ts';
import {
  type AccountId,
  type ConsentId,
  parseAccountId,
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

interface Amounts {
  /** Deliveries. */
  readonly posts: number;
  readonly rows: number;
  readonly bytes: number;
}

/** A delivery that waits no longer. */
interface Over {
  readonly delivery: number;
  readonly account: AccountId;
  readonly consent: ConsentId | '';
}

/** An anchor that was in time may be indexed a little after the end of its grant. */
const anchorLateMs = 5 * 60_000;
/** So much leaves in one turn; one delivery is the least. */
const rowsPerTurn = 500;

/**
 * Rows whose anchor has not come: how many one writer, and one grant, may have here, and how they go again: after a
 * day, with the end of the grant, at once when it is revoked. What is anchored counts for its chart's owner, or for
 * its grant: nobody's rows count against those of somebody else. Source: docs/protocol/http.md, rule H-9.
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
       FROM deliveries WHERE height IS NULL AND ${column} = ?`,
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
   * Removes what waits no longer, some rows a turn, and what the store keeps for a grant under which nothing waits any
   * more. (An owner whose import was cut off may deliver the same bodies again: the store forgets those after a day.)
   */
  async purge(): Promise<void> {
    const { blobs, db } = this.#base;
    const grants = new Map<ConsentId, AccountId>();
    for (let over = this.#over(); over.length > 0; over = this.#over()) {
      db.transaction('items', () => {
        for (const { delivery } of over)
          db.run('DELETE FROM deliveries WHERE delivery = ?', delivery);
      });
      for (const { account, consent } of over) if (consent !== '') grants.set(consent, account);
      await nextTurn();
    }
    for (const [consent, account] of grants) {
      if (this.#waitingOf('consent', consent).posts > 0) continue;
      await blobs.endUnanchored(claimOwnerOf({ account, consent }));
    }
    if (grants.size > 0) db.forgetDeleted();
  }

  #over(): Over[] {
    const rows = this.#base.db.all(
      `SELECT delivery, account, consent, count FROM deliveries
       WHERE height IS NULL AND waitsUntilMs < ? ORDER BY waitsUntilMs LIMIT ?`,
      ...[this.#base.now(), rowsPerTurn],
    );
    let count = 0;
    return rows.flatMap((row, at) => {
      count += row.uint('count');
      if (at > 0 && count > rowsPerTurn) return [];
      const consent = row.text('consent');
      return {
        delivery: row.uint('delivery'),
        account: parseAccountId(row.text('account')),
        consent: consent === '' ? '' : parseConsentId(consent),
      };
    });
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
