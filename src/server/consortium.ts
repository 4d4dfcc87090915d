import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { isDiskFull } from '../engines/disk-full.ts';
import { validatorKeyOf } from '../engines/embedded/open.ts';
import type { LayerSizes } from '../engines/layer-sizes.ts';
import { CommittedState } from '../gateway/committed-state.ts';
import type { Gateway, GatewayOptions } from '../gateway/gateway.ts';
import { createLogger, type Logger } from '../gateway/logging.ts';
import { createMetrics } from '../gateway/metrics.ts';
import { createServer } from '../gateway/server.ts';
import type { GatewaySettings } from '../gateway/settings.ts';
import type { GatewayWing } from '../gateway/wing.ts';
import { decodeHeader } from '../ledger/chain/header.ts';
import { formatTrustRoot, parseTrustRoot, trustRootOf } from '../ledger/chain/trust-root.ts';
import { genesisHash, parseGenesis } from '../ledger/genesis.ts';
import { profileRowId, profiles } from '../ledger/tables/profiles.ts';
import { bytesToHex, utf8 } from '../primitives/bytes.ts';
import { CodedError, isCoded } from '../primitives/errors.ts';
import { gatewayWings } from '../wings/gateway.ts';
import { openCometLedger } from './comet/open.ts';
import { isComet } from './comet/places.ts';
import { type RunningHospital, writeAddress } from './desk.ts';
import type { Engine } from './engine.ts';
import { writeWhole } from './files.ts';
import { openFollowedLedger } from './follower/open.ts';
import { beginFollowing, followedBy, isFollower } from './follower/settings.ts';
import { type Founded, openConsortium, requireKeys } from './founding.ts';
import { addressesElsewhere, type Member } from './home-members.ts';
import { openHome } from './home-version.ts';
import { startHospital } from './hospital.ts';
import { lastBackup } from './last-backup.ts';
import { openLedger, type RunningLedger } from './ledger.ts';
import { requireShielded, urlAt } from './listening.ts';
import type { LogFile } from './log-file.ts';
import { openMemberMachine } from './member/open.ts';
import type { PeerConnections } from './member/peer-fetch.ts';
import { type Process, serversOf } from './process.ts';
import { type LogStanding, logStandings } from './profiles/standing.ts';
import { type RestoredHome, readRestored, requireDecided } from './restored.ts';
import { homeProcesses, machineOf, wingKeyOf } from './services.ts';
import { type Site, serveSite } from './site/site.ts';
import { type Status, statusPage } from './status-page.ts';
import { type ProcessState, processesOf, Supervisor, thisMachine } from './supervisor.ts';
import { openTlsFront, type TlsFiles } from './tls-front.ts';
import { trustedProxies } from './trusted-proxies.ts';

/**
 * A consortium of hospitals on one machine: one ledger on the embedded engine, and for each hospital a gateway
 * and a store of its own in a folder of its own, in this process; the wings' processes beside it. Nothing but
 * configuration changes when hospitals move to machines of their own.
 */
export interface ConsortiumOptions {
  readonly home: string;
  /** 0: any free one. */
  readonly port: number;
  /** Where it listens: an address, or `localhost`; missing: 127.0.0.1. */
  readonly host?: string;
  /** Refused where the home runs on another; missing: whatever it runs on. */
  readonly engine?: Engine;
  /** The home follows the ledger of the hospital at this address from now on, or goes on at this address. */
  readonly follow?: { readonly of: string; readonly trustRootJson: string } | undefined;
  /** Ends TLS at that address and port; this machine's own commands then find another one, on its loopback. */
  readonly tls?: TlsFiles | undefined;
  /** Where others reach this process, without a slash at the end: for invitations. */
  readonly publicUrl?: string | undefined;
  /** Of a new home; one that stands keeps those of its genesis. */
  readonly members?: readonly Member[];
  readonly acceptClock?: boolean;
  /** Serves a restored home although later blocks may be missing, and writes down that somebody decided so. */
  readonly acceptLoss?: boolean;
  /** Serves a home that was restored of a machine of a consortium: that one is off for good. */
  readonly oldStopped?: boolean;
  readonly logLevel?: string;
  /** Takes the lines of the log; missing: stderr. */
  readonly logFile?: LogFile;
  readonly settings?: Partial<GatewaySettings>;
  /** Of single parts of every gateway, by their names; stories and tests make hours of seconds with it. */
  readonly partSettings?: GatewayOptions['partSettings'];
  /** Proxies before this process whose `x-forwarded-for` is believed: addresses, or networks such as 10.0.0.0/8. */
  readonly proxies?: readonly string[];
  /** Who else is on this machine, for the page; the servers do not know them. */
  readonly people?: () => readonly {
    readonly name: string;
    readonly role: string;
    readonly hospital: string;
  }[];
  readonly tryNext?: readonly string[];
  /** The web app at the address itself; missing: the status page. */
  readonly site?: Pick<Site, 'app' | 'version' | 'demo'>;
  /** What runs beside this process; missing: storage nodes, and what the wings bring. */
  readonly processes?: readonly Process[];
  /** Told a line for people when a home of an older version was brought to this one. */
  readonly onMigrated?: (line: string) => void;
  /** Told when the ledger stops for good. */
  readonly onFault?: (error: unknown) => void;
  /** Crash tests stop the process at a step: of the start, of a block, of a blob, of a gateway's write. */
  readonly faultPoint?: (name: string) => void;
  /** How much waits in memory (blocks.md, B-12 to B-14). */
  readonly gathered?: LayerSizes;
}

export interface Consortium {
  readonly url: string;
  readonly chainId: string;
  readonly hospitals: readonly RunningHospital[];
  readonly ledger: RunningLedger;
  /** What each log takes, and what this version knows besides. */
  readonly logs: () => Promise<readonly LogStanding[]>;
  /** Undefined: the home was not restored from a backup. */
  readonly restored: RestoredHome | undefined;
  /** What the wings' processes do now; none without a wing that has some. */
  readonly processes: () => readonly ProcessState[];
  close(): Promise<void>;
}

/**
 * Starts all of it, or leaves nothing running. Throws HOME_READ_ONLY, HOME_INVALID, HOME_NEWER, RESTORED_BEHIND, RESTORED_TWIN, PORT_BUSY,
 * DISK_FULL, LEDGER_LOCKED, LEDGER_CORRUPT, LEDGER_NEWER, CLOCK_*, HOST_OPEN, ENGINE_WRONG, USAGE (no proxy's address); on
 * CometBFT COMETBFT_MISSING, NODE_SILENT, LEDGER_STALLED.
 */
export async function startConsortium(options: ConsortiumOptions): Promise<Consortium> {
  const running = new AsyncDisposableStack();
  try {
    const started = await startAll(options, running);
    return { ...started, close: () => running.disposeAsync() };
  } catch (error) {
    await running.disposeAsync();
    throw isOutOfRoom(error) ? new CodedError('DISK_FULL', {}, error) : error;
  }
}

function isOutOfRoom(error: unknown): boolean {
  if (isDiskFull(error)) return true;
  return error instanceof Error && 'code' in error && error.code === 'ENOSPC';
}

/** One after the other, each on what stands before it; `running` stops them in reverse order. */
async function startAll(
  options: ConsortiumOptions,
  running: AsyncDisposableStack,
): Promise<Omit<Consortium, 'close'>> {
  const { home, faultPoint = () => {}, settings, partSettings } = options;
  const isProxy = trustedProxies(options.proxies ?? []);
  const host = options.host ?? '127.0.0.1';
  requireShielded(host, { proxies: options.proxies ?? [], tls: options.tls !== undefined });
  const log = createLogger({
    level: options.logLevel ?? 'warn',
    ...(options.logFile !== undefined && { destination: options.logFile }),
  });
  if (options.follow !== undefined) await beginFollowing(home, options.follow);
  const { genesisBytes, ledgerFolder, hospitals } = await openServers(options, log);
  const member = await openMemberMachine(home, running);
  const connections = member?.connections;
  const opening = { options, log, genesisBytes, folder: ledgerFolder, hospitals, connections };
  const ledger = await startLedger(opening, running);
  const trustRoot = await keepTrustRoot(home, ledger, genesisBytes);
  faultPoint('start:ledger');
  const state = new CommittedState(ledger.engine);
  await member?.follow(async (organisation) => (await state.account(organisation))?.signKey);

  // Peers are asked at the address of this process, which is known only once it listens.
  const urls = new Map([
    ...addressesElsewhere(parseGenesis(genesisBytes)),
    ...(ledger.urls ?? []),
    ...(member?.connections.urls ?? []),
  ]);
  const wings: readonly GatewayWing[] = gatewayWings;
  const metrics = createMetrics(wings);
  const processes = () => [...(ledger.processes?.() ?? []), ...supervisor.states()];
  const machine = () => ({
    ...{ backup: lastBackup(home), processes: processes(), keys: member?.keys() ?? [] },
  });
  const peerFetch = member?.connections.fetch;
  const ofAll = {
    ledger,
    genesisBytes,
    trustRoot,
    urls,
    log,
    metrics,
    wings,
    machine,
    peerFetch,
    machineOf: (wing: string) => machineOf(home, wing),
    wingKeyOf,
  };
  const mounts: { prefix: string; gateway: Gateway }[] = [];
  for (const hospital of hospitals) {
    const gateway = await startHospital(
      hospital,
      { ...ofAll, settings, partSettings, faultPoint },
      running,
    );
    const { cosignatures } = gateway;
    ledger.witness?.handTo({
      name: hospital.name,
      keep: (key, signatures) => cosignatures.take(hospital.account, key, signatures),
    });
    faultPoint('start:hospital');
    mounts.push({ prefix: `/${hospital.name}`, gateway });
  }
  // A home's hospitals are its folders, which stand only now at a first start.
  const supervisor = new Supervisor(
    processesOf(home, options.processes ?? homeProcesses),
    thisMachine,
  );
  const answering: RunningHospital[] = [];
  const page = () => pageOf(options, ledger, { hospitals: answering, processes: processes() });
  const handlers = wings.flatMap((wing) => wing.handlers);
  const backup = () => lastBackup(home);
  const { site } = options;
  const serving = {
    ...{ log, metrics, mounts, page, processes, backup, handlers, isProxy },
    ...(site !== undefined && {
      site: (root: FastifyInstance) => serveSite(root, { ...site, hospitals: () => answering }),
    }),
  };
  const app = await createServer(serving);
  running.defer(() => app.close());
  const url = await listen(app, { ...options, host }, running);
  await member?.listen(app.server);
  for (const { name, title, account } of hospitals) {
    urls.set(account, `${url}/${name}`);
    const { publicUrl } = options;
    const shown = publicUrl === undefined ? {} : { publicUrl: `${publicUrl}/${name}` };
    answering.push({ name, title, account, url: `${url}/${name}`, ...shown });
  }
  running.defer(writeAddress(home, { url, hospitals: answering }));
  running.defer(() => supervisor.stop());
  await supervisor.start();
  const { engine } = ledger;
  const logs = () =>
    logStandings(parseGenesis(genesisBytes), engine.status().height, (log) =>
      state.row(profiles, profileRowId(log)),
    );
  const restored = readRestored(home);
  return { url, chainId: engine.chainId, hospitals: answering, ledger, logs, restored, processes };
}

/** Where this machine finds it. With TLS that is a port of its own: a certificate names the public address. */
async function listen(
  app: FastifyInstance,
  { port, host, tls }: Pick<ConsortiumOptions, 'port' | 'tls'> & { readonly host: string },
  running: AsyncDisposableStack,
): Promise<string> {
  const own = tls === undefined ? { port, host } : { port: 0, host: '127.0.0.1' };
  await app.listen(own);
  if (tls !== undefined) {
    const front = await openTlsFront(app.server, tls, { port, host });
    running.defer(() => front.close());
  }
  return urlAt(own.host, (app.server.address() as AddressInfo).port);
}

/** The home in the version of this build, with the keys of what was founded in it. */
async function openServers(options: ConsortiumOptions, log: Logger): Promise<Founded> {
  const { home, faultPoint = () => {} } = options;
  faultPoint('start:begin');
  const ledgerFolder = join(serversOf(home), 'ledger');
  const engine = engineOf(home);
  if ((options.engine ?? engine) !== engine) throw new CodedError('ENGINE_WRONG', { engine });
  mkdirSync(ledgerFolder, { recursive: true, mode: 0o700 });
  const onMigrated = (line: string) => {
    log.info({ migrated: line }, 'home');
    options.onMigrated?.(line);
  };
  await openHome(home, { onMigrated });
  requireDecided(home, options, Date.now());
  requireKeys(serversOf(home));
  // A home on CometBFT was founded whole, with the node's own keys; of one that follows the operator has the key.
  const validatorKey =
    engine === 'embedded' ? validatorKeyOf(ledgerFolder).publicKey : new Uint8Array(0);
  faultPoint('start:key');
  const { members } = options;
  const founded = await openConsortium(home, {
    ...{ validatorKey, nowMs: Date.now() },
    ...(members !== undefined && { members }),
  });
  faultPoint('start:founded');
  return founded;
}

/** Throws HOME_INVALID. */
function engineOf(home: string): Engine {
  const servers = serversOf(home);
  if (isFollower(servers)) return 'follower';
  return isComet(servers) ? 'cometbft' : 'embedded';
}

async function startLedger(
  of: {
    readonly options: ConsortiumOptions;
    readonly log: Logger;
    readonly genesisBytes: Uint8Array;
    readonly folder: string;
    readonly hospitals: Founded['hospitals'];
    readonly connections: PeerConnections | undefined;
  },
  running: AsyncDisposableStack,
): Promise<RunningLedger> {
  const { options, log, genesisBytes, folder, hospitals, connections } = of;
  const { home, faultPoint = () => {}, gathered } = options;
  const onFault = (error: unknown) => {
    log.fatal({ code: isCoded(error) ? error.code : 'INTERNAL' }, 'the ledger stopped');
    options.onFault?.(error);
  };
  const [hospital] = hospitals;
  if (isFollower(serversOf(home)) && hospital !== undefined) {
    return openFollowedLedger(
      {
        ...{ folder, genesisBytes, hospital, onFault, followed: followedBy(serversOf(home)) },
        ...(gathered !== undefined && { gathered }),
        onRefused: (keeper, { code }) => log.warn({ keeper, code }, 'signatures not taken'),
      },
      running,
    );
  }
  if (isComet(serversOf(home))) {
    return openCometLedger({ home, genesisBytes, hospitals, connections, onFault }, running);
  }
  const ledger = await openLedger({
    folder,
    genesisBytes,
    acceptClock: options.acceptClock === true,
    onFault,
    faultPoint: (name) => faultPoint(`engine:${name}`),
    ...(gathered !== undefined && { gathered }),
  });
  running.defer(() => ledger.engine.close());
  return ledger;
}

/** The first header of the ledger is what people save; it is written once and then only compared. */
async function keepTrustRoot(
  home: string,
  { engine }: RunningLedger,
  genesisBytes: Uint8Array,
): Promise<Readonly<Record<string, unknown>>> {
  const path = join(home, 'trust.json');
  // Its first header is not here yet: what it was verified to be when this home joined (cometbft.md, CB-14).
  if (engine.historyFrom?.() !== undefined && existsSync(path)) {
    const kept = parseTrustRoot(readFileSync(path, 'utf8'));
    if (kept.genesisHash !== bytesToHex(genesisHash(genesisBytes))) {
      throw new CodedError('TRUST_ROOT_WRONG', { file: 'trust.json' });
    }
    return { ...kept };
  }
  const { header } = await engine.signedHeader(1);
  const text = formatTrustRoot(trustRootOf(decodeHeader(header), genesisHash(genesisBytes), []));
  if (existsSync(path)) {
    const kept = parseTrustRoot(readFileSync(path, 'utf8'));
    if (kept.genesisHash !== parseTrustRoot(text).genesisHash) {
      throw new CodedError('TRUST_ROOT_WRONG', { file: 'trust.json' });
    }
  } else writeWhole(path, utf8(text), 0o644);
  return JSON.parse(text) as Readonly<Record<string, unknown>>;
}

async function pageOf(
  options: ConsortiumOptions,
  { engine }: RunningLedger,
  running: Pick<Status, 'hospitals' | 'processes'>,
): Promise<string> {
  const { height, timeMs } = engine.status();
  const { logs } = await engine.heads();
  return statusPage({
    chainId: engine.chainId,
    height,
    timeMs,
    userLogSize: logs.user.size,
    docLogSize: logs.doc.size,
    ...running,
    restored: readRestored(options.home),
    people: options.people?.() ?? [],
    tryNext: options.tryNext ?? [],
  });
}
