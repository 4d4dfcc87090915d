import type { SigningKey } from '../crypto/signature.ts';
import type { LedgerEngine } from '../engines/engine.ts';
import { genesisHash } from '../ledger/genesis.ts';
import { bytesToHex } from '../primitives/bytes.ts';
import { isCoded } from '../primitives/errors.ts';
import type { AccountId } from '../primitives/ids.ts';
import type { BlobStore } from '../storage/blob-store.ts';
import { ActSender } from './act-sender.ts';
import { Allowance } from './allowance.ts';
import type { GatewayBase, PeerFetch } from './base.ts';
import { Causes } from './causes.ts';
import { CommittedState } from './committed-state.ts';
import type { FaultPoint } from './faults.ts';
import { indexStore, LedgerIndex } from './ledger-index.ts';
import type { Logger } from './logging.ts';
import type { Machine } from './machine.ts';
import type { Metrics } from './metrics.ts';
import {
  type AnyPart,
  OpenParts,
  type Parts,
  type Periodic,
  storesOf,
  type WingParts,
} from './part.ts';
import { spineParts } from './parts/all.ts';
import { batches } from './parts/batches/batches.ts';
import { cosignatures } from './parts/cosignatures/cosignatures.ts';
import { custody } from './parts/custody/custody.ts';
import { enrolment } from './parts/enrolment/enrolment.ts';
import type { StoreReports } from './parts/findings/finding.ts';
import { findings } from './parts/findings/findings.ts';
import { inbox } from './parts/inbox/inbox.ts';
import { peers } from './parts/peers/peers.ts';
import { reading } from './parts/reading/reading.ts';
import { relay } from './parts/relay/relay.ts';
import { sessions } from './parts/sessions/sessions.ts';
import { sets } from './parts/sets/sets.ts';
import { wallets } from './parts/wallets/wallets.ts';
import { defaultSettings, type GatewaySettings } from './settings.ts';
import { Store } from './store.ts';

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
  /** Missing: nobody looks at the stores of this hospital. */
  readonly reports?: StoreReports;
  /** The hospital's own folder; missing: nothing is kept outside the file. */
  readonly folder?: string;
  /** Binds the rows of that file that nothing else binds; missing: they are not bound. */
  readonly rowKey?: Uint8Array;
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
  /** Settings that a part brings itself, by the part's name. */
  readonly partSettings?: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** What is added to the spine's parts. */
  readonly wings?: readonly WingParts[];
  /** Crash tests stop the process at a step of a write. */
  readonly faultPoint?: FaultPoint;
  readonly metrics: Metrics;
  readonly log: Logger;
  /** What an operator is told of the machine; missing: nothing is known. */
  readonly machine?: () => Machine;
  /** What a wing’s own server knows of the machine, by the wing’s name; its handler parses it. Undefined: nothing. */
  readonly machineOf?: (wing: string) => Promise<unknown>;
  /** A secret that a wing shares between its parts and its own processes, by the wing’s name. */
  readonly wingKeyOf?: (wing: string) => Uint8Array | undefined;
}

/**
 * One hospital's gateway as it runs: its parts, and what they all stand on. (The client's side of the same
 * conversation is `sdk/client`.)
 */
export interface Gateway extends SpineParts {
  readonly options: GatewayOptions;
  readonly settings: GatewaySettings;
  readonly allowance: Allowance;
  readonly genesisHash: string;
  readonly view: CommittedState;
  readonly index: LedgerIndex;
  readonly parts: OpenParts;
  readonly now: () => number;
  /** Anchors refusals and tombstones now, not at the next minute. */
  readonly flush: () => Promise<void>;
  /** Ends loops and timers and closes the file; engine and blob store are their owners' to close. */
  readonly close: () => Promise<void>;
}

/** The spine's parts by the names that its routes use. */
type SpineParts = ReturnType<typeof spineOf>;

/**
 * Opens a hospital's gateway and resolves when the ledger is indexed. A home of an earlier build is migrated,
 * with a line in the log that says so. Throws HOME_INVALID, HOME_NEWER, DISK_FULL, LEDGER_STALLED.
 */
export async function openGateway(options: GatewayOptions): Promise<Gateway> {
  const { databasePath, wings = [], faultPoint, rowKey, hospital, engine, metrics, log } = options;
  const list = [...spineParts, ...wings.flatMap((wing) => wing.parts)];
  const db = new Store(databasePath, [indexStore, ...storesOf(list)], faultPoint, rowKey);
  metrics.begin(hospital);
  const onIndexed = (height: number) => metrics.indexedHeight.set({ hospital }, height);
  const index = new LedgerIndex({ engine, db, log, onIndexed });
  const parts = new OpenParts();
  const timers: NodeJS.Timeout[] = [];
  let closing: Promise<void> | undefined;
  const close = async () => {
    for (const timer of timers) clearInterval(timer);
    await index.stop();
    for (const [part, opened] of parts.entries().toReversed()) await part.close?.(opened);
    db.close();
  };
  try {
    if (db.migrated !== undefined) log.warn({ hospital, ...db.migrated }, 'migrated');
    const base = baseOf(options, db, index);
    parts.open(list, (part) => ({
      ...base,
      figures: metrics.figuresOf(part, hospital),
      wingKey: wingKeyFor(part, options),
      settingsOver: (defaults) => ({ ...defaults, ...options.partSettings?.[part.name] }),
    }));
    await index.start(parts);
    timers.push(...(await startWork(parts, base)));
    return {
      ...spineOf(parts),
      ...{ options, index, parts },
      allowance: new Allowance(base.now, base.settings),
      ...{ settings: base.settings, view: base.view, now: base.now },
      genesisHash: bytesToHex(genesisHash(options.genesis)),
      flush: () => parts.get(batches).flush(),
      close: () => {
        closing ??= close();
        return closing;
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}

function baseOf(
  options: GatewayOptions,
  db: Store,
  index: LedgerIndex,
): Omit<GatewayBase, 'figures' | 'settingsOver' | 'wingKey'> {
  const { hospital, organisation, key, engine, blobs, log } = options;
  const now = options.now ?? Date.now;
  const view = new CommittedState(engine);
  return {
    ...{ hospital, organisation, key, engine, blobs, log, db, now, view },
    chainId: engine.chainId,
    ...{ reports: options.reports, folder: options.folder },
    causes: new Causes(),
    sender: new ActSender({ engine, view, organisation, key, now }),
    fetch: options.fetch ?? fetch,
    peerUrls: options.peerUrls ?? new Map(),
    settings: { ...defaultSettings, ...options.settings },
    caughtUp: () => index.caughtUp(),
  };
}

/** A part gets the key of its own wing alone. */
function wingKeyFor(
  part: AnyPart,
  { wings = [], wingKeyOf }: GatewayOptions,
): Uint8Array | undefined {
  const wing = wings.find(({ parts }) => parts.includes(part));
  return wing && wingKeyOf?.(wing.name);
}

function spineOf(parts: Parts) {
  const { rows, reception, erasure } = parts.get(custody);
  const { reads, tickets, bodies } = parts.get(reading);
  return {
    sessions: parts.get(sessions),
    tickets,
    bodies,
    inbox: parts.get(inbox),
    sets: parts.get(sets),
    rows,
    deliveries: reception,
    reads,
    erasure,
    enrolment: parts.get(enrolment),
    desk: parts.get(enrolment).desk,
    deskSessions: parts.get(enrolment).deskSessions,
    wallets: parts.get(wallets),
    peers: parts.get(peers),
    relay: parts.get(relay),
    cosignatures: parts.get(cosignatures),
    findings: parts.get(findings),
  };
}

/** What parts do at the start and from then on by themselves. */
async function startWork(
  parts: OpenParts,
  base: Pick<GatewayBase, 'settings' | 'log'>,
): Promise<NodeJS.Timeout[]> {
  for (const [part, opened] of parts.entries()) part.start?.(opened);
  const timers: NodeJS.Timeout[] = [];
  for (const [part, opened] of parts.entries()) {
    for (const periodic of part.every?.(opened, base.settings) ?? []) {
      if (periodic.atStart === true) await attempt(periodic, base.log);
      timers.push(setInterval(() => void attempt(periodic, base.log), periodic.everyMs));
    }
  }
  return timers;
}

async function attempt({ what, run }: Periodic, log: Logger): Promise<void> {
  try {
    await run();
  } catch (error) {
    log.warn({ what, code: isCoded(error) ? error.code : 'INTERNAL' }, 'tried, will try again');
  }
}
