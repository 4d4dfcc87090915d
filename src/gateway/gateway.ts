import type { SigningKey } from '../crypto/signature.ts';
import type { LedgerEngine } from '../engines/engine.ts';
import { genesisHash } from '../ledger/genesis.ts';
import { bytesToHex } from '../primitives/bytes.ts';
import { isCoded } from '../primitives/errors.ts';
import type { AccountId } from '../primitives/ids.ts';
import type { BlobStore } from '../storage/blob-store.ts';
import { AccessLogWriter } from './access-log.ts';
import { ActSender } from './act-sender.ts';
import { Batches } from './batches.ts';
import { Database } from './database.ts';
import { Deliveries } from './deliveries.ts';
import { Enrolment } from './enrolment.ts';
import { Erasure } from './erasure.ts';
import type { FaultPoint } from './faults.ts';
import { Inbox } from './inbox.ts';
import { ItemRows } from './item-rows.ts';
import { LedgerIndex } from './ledger-index.ts';
import { LedgerView } from './ledger-view.ts';
import type { Logger } from './logging.ts';
import type { Metrics } from './metrics.ts';
import { type PeerFetch, Peers } from './peers.ts';
import { Reads } from './read.ts';
import { Refusals } from './refusals.ts';
import { Sessions } from './sessions.ts';
import type { GatewaySettings } from './settings.ts';
import { defaultSettings } from './settings.ts';
import { Tickets } from './tickets.ts';
import { WalletCopies } from './wallet-copies.ts';

export interface GatewayOptions {
  /** A short word for metrics, logs and the path, such as `north`. */
  readonly hospital: string;
  readonly name: string;
  readonly organisation: AccountId;
  readonly key: SigningKey;
  readonly engine: LedgerEngine;
  readonly genesis: Uint8Array;
  /** The JSON of a trust root, as clients save it. */
  readonly trustRoot: Readonly<Record<string, unknown>>;
  readonly blobs: BlobStore;
  /** The SQLite file; `:memory:` keeps nothing. */
  readonly databasePath: string;
  /** What the registration desk shows to get invitations; at least 32 characters. */
  readonly deskToken: string;
  /** Where peers answer, when it is not what the ledger says of them. */
  readonly peerUrls?: ReadonlyMap<AccountId, string>;
  /** Shown to clients, so that they find the other hospitals. */
  readonly directory?: readonly {
    readonly organisation: AccountId;
    readonly name: string;
    readonly url: string;
  }[];
  readonly fetch?: PeerFetch;
  readonly now?: () => number;
  readonly settings?: Partial<GatewaySettings>;
  /** Crash tests stop the process at a step of a write. */
  readonly faultPoint?: FaultPoint;
  readonly metrics: Metrics;
  readonly log: Logger;
}

/** All parts of one hospital's gateway, for its routes. */
export interface Gateway {
  readonly options: GatewayOptions;
  readonly settings: GatewaySettings;
  readonly genesisHash: string;
  readonly db: Database;
  readonly view: LedgerView;
  readonly sessions: Sessions;
  readonly tickets: Tickets;
  readonly inbox: Inbox;
  readonly rows: ItemRows;
  readonly deliveries: Deliveries;
  readonly reads: Reads;
  readonly erasure: Erasure;
  readonly enrolment: Enrolment;
  readonly wallets: WalletCopies;
  readonly peers: Peers;
  readonly batches: Batches;
  readonly index: LedgerIndex;
  readonly now: () => number;
  /** Anchors refusals and tombstones now, not at the next minute. */
  readonly flush: () => Promise<void>;
  /** Ends loops and timers and closes the file; engine and blob store are their owners' to close. */
  readonly close: () => Promise<void>;
}

const housekeepingMs = 60 * 60_000;

/** Opens a hospital's gateway and resolves when the ledger is indexed. Throws HOME_INVALID. */
export async function openGateway(options: GatewayOptions): Promise<Gateway> {
  const gateway = assemble(options);
  const {
    batches,
    index,
    inbox,
    rows,
    erasure,
    settings,
    now,
    options: { log, blobs },
  } = gateway;
  const { flush } = gateway;
  await index.start();
  batches.resume();

  const attempt = async (what: string, work: () => Promise<void>) => {
    try {
      await work();
    } catch (error) {
      log.warn({ what, code: isCoded(error) ? error.code : 'INTERNAL' }, 'tried, will try again');
    }
  };
  await attempt('erasure', () => erasure.release());
  const housekeep = async () => {
    rows.purgePending();
    inbox.purgeHidden(now() - settings.pendingMs);
    await blobs.collect({ nowMs: now() });
  };
  const timers = [
    setInterval(() => {
      void attempt('batch', flush);
      void attempt('erasure', () => erasure.release());
    }, settings.refusalBatchMs),
    setInterval(() => void attempt('housekeeping', housekeep), housekeepingMs),
  ];
  let closing: Promise<void> | undefined;
  return {
    ...gateway,
    close: () => {
      closing ??= (async () => {
        for (const timer of timers) clearInterval(timer);
        await index.stop();
        gateway.db.close();
      })();
      return closing;
    },
  };
}

function assemble(options: GatewayOptions): Omit<Gateway, 'close'> {
  const { hospital, organisation, key, engine, blobs, metrics, log } = options;
  const { chainId } = engine;
  const now = options.now ?? Date.now;
  const settings = { ...defaultSettings, ...options.settings };
  const timeoutMs = settings.stalledMs;
  const db = new Database(options.databasePath, options.faultPoint);
  const view = new LedgerView(engine);
  const sessions = new Sessions({ view, chainId, organisation, now, settings });
  const tickets = new Tickets(now, settings.ticketMs);
  const inbox = new Inbox({ db, view, chainId, now, settings });
  const rows = new ItemRows(db, now, settings);
  const sender = new ActSender({ engine, view, organisation, key, now });
  const peers = new Peers({
    view,
    fetch: options.fetch ?? fetch,
    urls: options.peerUrls ?? new Map(),
    chainId,
    organisation,
    key,
    timeoutMs: settings.peerTimeoutMs,
    now,
  });
  const batches = new Batches({ db, inbox, sender, timeoutMs });
  const leavesPerHour = settings.refusalLeavesPerHour;
  const refusals = new Refusals({ db, batches, inbox, view, leavesPerHour, now });
  const accessLog = new AccessLogWriter({
    sender,
    gatherMs: settings.gatherMs,
    timeoutMs,
    onSent: (entries) => metrics.looksPerTx.observe({ hospital }, entries),
  });
  const { invitationMs } = settings;
  const enrolment = new Enrolment({
    ...{ db, sender, key, chainId, organisation, invitationMs, timeoutMs, now },
  });
  const index = new LedgerIndex({
    ...{ engine, db, blobs, rows, inbox, batches, sessions, tickets, enrolment, organisation, log },
    onIndexed: (height) => metrics.indexedHeight.set({ hospital }, height),
  });
  const reads = new Reads({
    ...{ db, engine, view, rows, inbox, accessLog, tickets, refusals, peers },
    ...{ chainId, organisation, now, stalledMs: settings.stalledMs },
    caughtUp: () => index.caughtUp(),
    onServed: () => metrics.looks.inc({ hospital }),
    onUnauthenticated: (code) => metrics.unauthenticated.inc({ hospital, code }),
  });
  const deliveries = new Deliveries({
    ...{ view, rows, blobs, peers, organisation, now },
    onDelivered: (items) => metrics.itemsDelivered.inc({ hospital }, items),
  });
  const erasure = new Erasure({
    ...{ rows, db, batches, inbox, blobs, view, chainId, organisation, key, now },
    onErased: (items) => metrics.itemsErased.inc({ hospital }, items),
  });
  const wallets = new WalletCopies(db, now, settings);
  const flush = async () => {
    refusals.closeHours();
    await batches.flush();
  };
  return {
    ...{ options, settings, db, view, sessions, tickets, inbox, rows, deliveries, reads, erasure },
    ...{ enrolment, wallets, peers, batches, index, now, flush },
    genesisHash: bytesToHex(genesisHash(options.genesis)),
  };
}
