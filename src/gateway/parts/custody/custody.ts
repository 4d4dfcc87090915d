import { setImmediate as nextTurn } from 'node:timers/promises';
import type { DataAnchor } from '../../../ledger/acts/data-anchor.ts';
import type { DiagnosisAnchor } from '../../../ledger/acts/diagnosis-anchor.ts';
import { isCoded } from '../../../primitives/errors.ts';
import type { AccountId, ConsentId } from '../../../primitives/ids.ts';
import { definePart, type IndexedAct, type RefusedAct } from '../../part.ts';
import { housekeepingMs } from '../../settings.ts';
import { accounts } from '../accounts/accounts.ts';
import { batches } from '../batches/batches.ts';
import { peers } from '../peers/peers.ts';
import { BodyClaims } from './body-claims.ts';
import { type AnchorNamed, DeliveredRows } from './delivered-rows.ts';
import { ErasedRows } from './erased-rows.ts';
import { Erasure } from './erasure.ts';
import { ItemRows } from './item-rows.ts';
import { Reception } from './reception.ts';
import { WaitingRows } from './waiting-rows.ts';

/** What a hospital keeps for its patients: the rows of their items, from delivery to erasure. */
interface Granted {
  readonly account: AccountId;
  readonly consent: ConsentId;
}

interface Custody {
  readonly isOurs: (account: AccountId) => boolean;
  readonly delivered: DeliveredRows;
  readonly waiting: WaitingRows;
  readonly erased: ErasedRows;
  /** As they are shown. */
  readonly rows: ItemRows;
  readonly reception: Reception;
  readonly erasure: Erasure;
  readonly claims: BodyClaims;
  /** What waited under a grant that is revoked goes, and not only with the next round. */
  readonly endGrant: (grant: Granted) => void;
  /** The account's keys have changed: nothing that waits in its chart can be anchored any more. */
  readonly endChart: (account: AccountId) => void;
  /** Resolves when what these began is done. */
  readonly idle: () => Promise<void>;
  /** Forgets what waited too long for its anchor: rows here, bodies in the store. */
  readonly housekeep: () => Promise<void>;
}

interface AnchorAct {
  readonly act: DataAnchor | DiagnosisAnchor;
}

const anchorOf = ({ sender, act }: Pick<IndexedAct, 'sender'> & AnchorAct): AnchorNamed => {
  const { root, epoch, consent, count } = act;
  return { account: sender, root, epoch, consent, count };
};

const onAnchor = ({ isOurs, delivered }: Custody, met: IndexedAct & AnchorAct) => {
  const { sender, txId, height, timeMs } = met;
  if (!isOurs(sender)) return;
  delivered.anchored({ ...anchorOf(met), txId, height, timeMs });
};

/** The keys changed before the anchor came: its rows are delivered anew. */
const onRefusedAnchor = ({ waiting }: Custody, { code, sender, act }: RefusedAct & AnchorAct) => {
  if (code === 'EPOCH_STALE') waiting.dropRefused(sender, act.root, act.consent);
};

const keepBodies = ({ reception }: Custody, met: IndexedAct & AnchorAct) =>
  reception.keepBodies(anchorOf(met));

/**
 * A *delivery* is what one `POST /items` brought: the rows of one anchor, pending until the anchor commits
 * (then `height` is set) or `waitsUntilMs` has passed. While its rows come its root is one that no anchor has; `count` 0
 * says that it was dropped. `deliverer` and `waitsUntilMs` are there while it is pending, '' and 0 from then on.
 * `kept_rows` sums deliveries by chart and grant, for their quotas; `rowless_anchors` counts anchors without a delivery.
 * An erased item keeps its leaf hash and record id
 * only; the claim on its body waits in `ended_claims` until the store, which is another file, has ended it;
 * `moved_claims` are those of homes of before. `row_changes` counts per account what was
 * shown or erased; `shownAs` and `erasedAs` are the count at which it happened, so that an owner asks for what is new.
 */
export const custody = definePart({
  name: 'custody',
  store: {
    owner: 'custody',
    writes: ['claims', 'erase', 'items'],
    // A row that was not erased is a leaf of its delivery's root (items.md).
    boundElsewhere: { items: 'tombstone IS NOT NULL OR erasedAs IS NOT NULL' },
    migrations: [
      `
CREATE TABLE anchors (
  account TEXT NOT NULL, root BLOB NOT NULL, txId TEXT NOT NULL, height INTEGER NOT NULL, timeMs INTEGER NOT NULL,
  epoch INTEGER NOT NULL, consent TEXT NOT NULL, count INTEGER NOT NULL, PRIMARY KEY (account, root)
) STRICT, WITHOUT ROWID;
CREATE TABLE deliveries (
  delivery INTEGER PRIMARY KEY AUTOINCREMENT, account TEXT NOT NULL, root BLOB NOT NULL, epoch INTEGER NOT NULL,
  consent TEXT NOT NULL, count INTEGER NOT NULL, deliverer TEXT NOT NULL, receivedMs INTEGER NOT NULL,
  txId TEXT, height INTEGER, timeMs INTEGER, shownAs INTEGER, UNIQUE (account, root)
) STRICT;
CREATE INDEX deliveries_by_height ON deliveries (account, height);
CREATE INDEX deliveries_by_change ON deliveries (account, shownAs) WHERE shownAs IS NOT NULL;
CREATE TABLE items (
  delivery INTEGER NOT NULL REFERENCES deliveries ON DELETE CASCADE, position INTEGER NOT NULL,
  account TEXT NOT NULL, recordId TEXT NOT NULL, leaf BLOB NOT NULL,
  salt BLOB, leafContent BLOB, header BLOB, class TEXT, blob TEXT, tombstone BLOB,
  erasedAs INTEGER,
  PRIMARY KEY (delivery, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX items_by_record ON items (account, recordId);
CREATE INDEX items_by_leaf ON items (account, leaf);
CREATE INDEX items_by_blob ON items (blob) WHERE blob IS NOT NULL;
CREATE INDEX items_by_change ON items (account, erasedAs) WHERE erasedAs IS NOT NULL;
CREATE TABLE row_changes (account TEXT PRIMARY KEY, count INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE ended_claims (
  blob TEXT NOT NULL, owner TEXT NOT NULL, PRIMARY KEY (blob, owner)
) STRICT, WITHOUT ROWID;`,
      'CREATE INDEX deliveries_dropped ON deliveries (delivery) WHERE height IS NULL AND count = 0;',
      `
CREATE TABLE moved_claims (
  blob TEXT NOT NULL, owner TEXT NOT NULL, heir TEXT NOT NULL, PRIMARY KEY (owner, heir, blob)
) STRICT, WITHOUT ROWID;
CREATE INDEX moved_claims_by_blob ON moved_claims (blob, owner);
INSERT OR IGNORE INTO moved_claims SELECT blob, deliverer, deliveries.account || ':' || consent
  FROM items JOIN deliveries USING (delivery) WHERE blob IS NOT NULL AND consent <> '';
INSERT OR IGNORE INTO ended_claims SELECT blob, owner FROM moved_claims;
ALTER TABLE deliveries RENAME COLUMN receivedMs TO waitsUntilMs;
ALTER TABLE deliveries ADD COLUMN bytes INTEGER NOT NULL DEFAULT 0;
UPDATE deliveries SET deliverer = '', waitsUntilMs = 0 WHERE height IS NOT NULL;
UPDATE deliveries SET waitsUntilMs = waitsUntilMs + 86400000 WHERE height IS NULL;
UPDATE deliveries SET bytes = (
  SELECT coalesce(sum(length(salt) + length(leafContent) + length(header)), 0)
  FROM items WHERE items.delivery = deliveries.delivery);
CREATE TABLE kept_rows (
  account TEXT NOT NULL, consent TEXT NOT NULL, rows INTEGER NOT NULL, bytes INTEGER NOT NULL,
  PRIMARY KEY (account, consent)
) STRICT, WITHOUT ROWID;
INSERT INTO kept_rows SELECT account, consent, sum(count), sum(bytes) FROM deliveries GROUP BY account, consent;
CREATE TRIGGER rows_come AFTER INSERT ON deliveries BEGIN
  INSERT INTO kept_rows VALUES (new.account, new.consent, new.count, new.bytes)
  ON CONFLICT (account, consent) DO UPDATE SET rows = rows + excluded.rows, bytes = bytes + excluded.bytes;
END;
CREATE TRIGGER rows_change AFTER UPDATE OF count, bytes ON deliveries BEGIN
  UPDATE kept_rows SET rows = rows + new.count - old.count, bytes = bytes + new.bytes - old.bytes
  WHERE account = new.account AND consent = new.consent;
END;
CREATE TRIGGER rows_go AFTER DELETE ON deliveries BEGIN
  UPDATE kept_rows SET rows = rows - old.count, bytes = bytes - old.bytes
  WHERE account = old.account AND consent = old.consent;
  DELETE FROM kept_rows WHERE account = old.account AND consent = old.consent AND rows = 0;
END;
CREATE INDEX deliveries_waiting ON deliveries (waitsUntilMs) WHERE height IS NULL;
CREATE INDEX deliveries_by_deliverer ON deliveries (deliverer, count, bytes) WHERE height IS NULL;
CREATE INDEX deliveries_by_consent ON deliveries (consent, count, bytes) WHERE height IS NULL;`,
      // Counted as it changes: who asks for figures must not have every anchor counted for him.
      `
CREATE TABLE rowless_anchors (n INTEGER NOT NULL) STRICT;
INSERT INTO rowless_anchors
  SELECT (SELECT count(*) FROM anchors) - (SELECT count(*) FROM deliveries WHERE height IS NOT NULL);
CREATE TRIGGER anchor_comes AFTER INSERT ON anchors BEGIN
  UPDATE rowless_anchors SET n = n + 1;
END;
CREATE TRIGGER anchor_has_rows AFTER UPDATE OF height ON deliveries
WHEN old.height IS NULL AND new.height IS NOT NULL BEGIN
  UPDATE rowless_anchors SET n = n - 1;
END;`,
    ],
  },
  open(base, parts): Custody {
    const { db, blobs, now, log } = base;
    const claims = new BodyClaims(base);
    const waiting = new WaitingRows(base);
    const delivered = new DeliveredRows(db, waiting);
    const erased = new ErasedRows(db, claims, waiting);
    let ending = Promise.resolve();
    // The rest after this block's transaction; bodies that stay by a fault go with the next collection.
    const afterwards = (grants: readonly Granted[]): void => {
      for (const grant of grants) {
        const ended = ending.then(nextTurn).then(() => waiting.endGrant(grant));
        ending = ended.catch((error) => {
          log.warn({ what: 'ended grant', code: isCoded(error) ? error.code : 'INTERNAL' });
        });
      }
    };
    return {
      ...{ delivered, waiting, erased, claims },
      isOurs: parts.get(accounts).isOurs,
      rows: new ItemRows(db),
      reception: new Reception(base, { delivered, waiting, peers: parts.get(peers) }),
      erasure: new Erasure(base, { erased, claims, batches: parts.get(batches) }),
      endGrant(grant) {
        waiting.dropGrant(grant.consent);
        afterwards([grant]);
      },
      endChart(account) {
        const grants = waiting.grantsOf(account).map((consent) => ({ account, consent }));
        waiting.dropChart(account);
        afterwards(grants);
      },
      idle: () => ending,
      async housekeep() {
        await waiting.purge();
        await blobs.collect({ nowMs: now() });
        // Also the log still names who brought what was anchored since.
        db.forgetDeleted();
      },
    };
  },
  metrics: {
    items_delivered_total: { kind: 'counter', help: 'Item rows delivered' },
    items_erased_total: { kind: 'counter', help: 'Item rows erased' },
    anchors_without_rows: {
      kind: 'gauge',
      help: 'Anchors whose rows were never delivered',
      now: ({ delivered }) => delivered.countAnnounced(),
    },
  },
  onAct: {
    DataAnchor: onAnchor,
    DiagnosisAnchor: onAnchor,
    ConsentRevoke: ({ endGrant }, { sender, act }) =>
      endGrant({ account: sender, consent: act.consent }),
    RotateKey: ({ endChart }, { sender }) => endChart(sender),
  },
  async close({ idle, waiting }) {
    waiting.close();
    await idle();
  },
  onRefused: { DataAnchor: onRefusedAnchor, DiagnosisAnchor: onRefusedAnchor },
  keeps: { DataAnchor: keepBodies, DiagnosisAnchor: keepBodies },
  start: ({ waiting }) => waiting.dropHalf(),
  every: ({ erasure, claims, waiting, housekeep }, { refusalBatchMs }) => [
    { what: 'erasure', everyMs: refusalBatchMs, atStart: true, run: () => erasure.release() },
    { what: 'moved claims', everyMs: refusalBatchMs, atStart: true, run: () => claims.move() },
    { what: 'waiting rows', everyMs: refusalBatchMs, atStart: true, run: () => waiting.purge() },
    { what: 'housekeeping', everyMs: housekeepingMs, run: housekeep },
  ],
});
