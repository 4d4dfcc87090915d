import type { DataAnchor } from '../../../ledger/acts/data-anchor.ts';
import type { DiagnosisAnchor } from '../../../ledger/acts/diagnosis-anchor.ts';
import type { AccountId } from '../../../primitives/ids.ts';
import { definePart, type IndexedAct, type RefusedAct } from '../../part.ts';
import { housekeepingMs } from '../../settings.ts';
import { accounts } from '../accounts/accounts.ts';
import { batches } from '../batches/batches.ts';
import { peers } from '../peers/peers.ts';
import { DeliveredRows } from './delivered-rows.ts';
import { ErasedRows } from './erased-rows.ts';
import { Erasure } from './erasure.ts';
import { ItemRows } from './item-rows.ts';
import { Reception } from './reception.ts';

/** What a hospital keeps for its patients: the rows of their items, from delivery to erasure. */
interface Custody {
  readonly isOurs: (account: AccountId) => boolean;
  readonly delivered: DeliveredRows;
  readonly erased: ErasedRows;
  /** As they are shown. */
  readonly rows: ItemRows;
  readonly reception: Reception;
  readonly erasure: Erasure;
  /** Forgets what waited too long for its anchor: rows here, bodies in the store. */
  readonly housekeep: () => Promise<void>;
}

interface AnchorAct {
  readonly act: DataAnchor | DiagnosisAnchor;
}

const onAnchor = ({ isOurs, delivered }: Custody, met: IndexedAct & AnchorAct) => {
  const { sender, txId, height, timeMs } = met;
  if (!isOurs(sender)) return;
  const { root, epoch, consent, count } = met.act;
  delivered.anchored({ account: sender, root, txId, height, timeMs, epoch, consent, count });
};

/** The keys changed before the anchor came: its rows are delivered anew. */
const onRefusedAnchor = ({ delivered }: Custody, met: RefusedAct & AnchorAct) => {
  if (met.code === 'EPOCH_STALE') delivered.dropPending(met.sender, met.act.root);
};

const keepBodies = ({ reception }: Custody, { sender, act }: IndexedAct & AnchorAct) =>
  reception.keepBodies(sender, act.root);

/**
 * A *delivery* is what one `POST /items` brought: the rows of one anchor, pending until the anchor commits
 * (then `height` is set). While its rows come its root is one that no anchor has; `count` 0 says that it was dropped. An erased item keeps its leaf hash and record id only; the claim on its body waits in
 * `ended_claims` until the store, which is another file, has ended it. `row_changes` counts per account what was
 * shown or erased; `shownAs` and `erasedAs` are the count at which it happened, so that an owner asks for what is new.
 */
export const custody = definePart({
  name: 'custody',
  store: {
    owner: 'custody',
    writes: ['claims', 'erase', 'items'],
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
    ],
  },
  open(base, parts): Custody {
    const { db, blobs, now } = base;
    const delivered = new DeliveredRows(base);
    const erased = new ErasedRows(db);
    return {
      ...{ delivered, erased },
      isOurs: parts.get(accounts).isOurs,
      rows: new ItemRows(db),
      reception: new Reception(base, delivered, parts.get(peers)),
      erasure: new Erasure(base, erased, parts.get(batches)),
      async housekeep() {
        await delivered.purgePending();
        await blobs.collect({ nowMs: now() });
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
  onAct: { DataAnchor: onAnchor, DiagnosisAnchor: onAnchor },
  onRefused: { DataAnchor: onRefusedAnchor, DiagnosisAnchor: onRefusedAnchor },
  keeps: { DataAnchor: keepBodies, DiagnosisAnchor: keepBodies },
  start: ({ delivered }) => delivered.dropHalf(),
  close: ({ delivered }) => delivered.close(),
  every: ({ erasure, housekeep }, { refusalBatchMs }) => [
    { what: 'erasure', everyMs: refusalBatchMs, atStart: true, run: () => erasure.release() },
    { what: 'housekeeping', everyMs: housekeepingMs, run: housekeep },
  ],
});
