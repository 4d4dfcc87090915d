import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { isDiskFull } from '../engines/embedded/faults.ts';
import { validatorKeyOf } from '../engines/embedded/open.ts';
import type { Gathered } from '../engines/gathered.ts';
import { type Gateway, openGateway } from '../gateway/gateway.ts';
import { createLogger, type Logger } from '../gateway/logging.ts';
import { createMetrics } from '../gateway/metrics.ts';
import { createServer } from '../gateway/server.ts';
import type { GatewaySettings } from '../gateway/settings.ts';
import { decodeHeader } from '../ledger/chain/header.ts';
import { formatTrustRoot, parseTrustRoot, trustRootOf } from '../ledger/chain/trust-root.ts';
import { genesisHash } from '../ledger/genesis.ts';
import { utf8 } from '../primitives/bytes.ts';
import { CodedError, isCoded } from '../primitives/errors.ts';
import type { AccountId } from '../primitives/ids.ts';
import type { BlobStore } from '../storage/blob-store.ts';
import { openFileBlobStore } from '../storage/file/file-blob-store.ts';
import { gatewayWings } from '../wings/gateway.ts';
import { writeWhole } from './files.ts';
import { type Hospital, openConsortium, requireKeys } from './founding.ts';
import { openLedger, type RunningLedger } from './ledger.ts';
import type { LogFile } from './log-file.ts';
import { statusPage } from './status-page.ts';

/**
 * A consortium of three hospitals in one process: one ledger on the embedded engine, and for each hospital
 * a gateway and a store of its own in a home of its own. Nothing but configuration changes when hospitals
 * move to machines of their own.
 */
export interface ConsortiumOptions {
  readonly home: string;
  /** 0: any free one. */
  readonly port: number;
  readonly acceptClock?: boolean;
  readonly logLevel?: string;
  /** Takes the lines of the log; missing: stderr. */
  readonly logFile?: LogFile;
  readonly settings?: Partial<GatewaySettings>;
  /** Who else is on this machine, for the page; the servers do not know them. */
  readonly people?: () => readonly {
    readonly name: string;
    readonly role: string;
    readonly hospital: string;
  }[];
  readonly tryNext?: readonly string[];
  /** Told when the ledger stops for good. */
  readonly onFault?: (error: unknown) => void;
  /** Crash tests stop the process at a step: of the start, of a block, of a blob, of a gateway's write. */
  readonly faultPoint?: (name: string) => void;
  /** How much waits in memory (blocks.md, B-12 to B-14). */
  readonly gathered?: Gathered;
}

export interface RunningHospital {
  readonly name: string;
  readonly title: string;
  readonly account: AccountId;
  readonly url: string;
}

export interface Consortium {
  readonly url: string;
  readonly chainId: string;
  readonly hospitals: readonly RunningHospital[];
  readonly ledger: RunningLedger;
  close(): Promise<void>;
}

/** Throws HOME_READ_ONLY, HOME_INVALID, HOME_NEWER, PORT_BUSY, DISK_FULL, LEDGER_LOCKED, LEDGER_CORRUPT, CLOCK_*. */
export async function startConsortium(options: ConsortiumOptions): Promise<Consortium> {
  const { home } = options;
  const undo: (() => unknown)[] = [];
  const faultPoint = options.faultPoint ?? (() => {});
  try {
    faultPoint('start:begin');
    mkdirSync(join(home, 'servers', 'ledger'), { recursive: true, mode: 0o700 });
    requireKeys(join(home, 'servers'));
    const validator = validatorKeyOf(join(home, 'servers', 'ledger'));
    faultPoint('start:key');
    const founded = await openConsortium(home, validator.publicKey, Date.now());
    const { hospitals, genesisBytes, ledgerFolder } = founded;
    faultPoint('start:founded');
    const log = createLogger({
      level: options.logLevel ?? 'warn',
      ...(options.logFile !== undefined && { destination: options.logFile }),
    });
    const onFault = (error: unknown) => {
      log.fatal({ code: isCoded(error) ? error.code : 'INTERNAL' }, 'the ledger stopped');
      options.onFault?.(error);
    };
    const ledger = await openLedger({
      folder: ledgerFolder,
      genesisBytes,
      acceptClock: options.acceptClock === true,
      onFault,
      faultPoint: (name) => faultPoint(`engine:${name}`),
      ...(options.gathered !== undefined && { gathered: options.gathered }),
    });
    undo.push(() => ledger.engine.close());
    const trustRoot = await keepTrustRoot(home, ledger, genesisBytes);

    faultPoint('start:ledger');

    // Peers are asked at the address of this process, which is known only once it listens.
    const urls = new Map<AccountId, string>();
    const metrics = createMetrics(gatewayWings);
    const organisations = new Set(hospitals.map(({ account }) => account));
    const shared = { ledger, genesisBytes, trustRoot, urls, organisations, log, options, metrics };
    const mounts: { prefix: string; gateway: Gateway }[] = [];
    for (const hospital of hospitals) {
      const { gateway, blobs } = await openHospitalGateway(hospital, shared);
      undo.push(
        () => blobs.close(),
        () => gateway.close(),
      );
      faultPoint('start:hospital');
      mounts.push({ prefix: `/${hospital.name}`, gateway });
    }
    const running: RunningHospital[] = [];
    const app = await createServer({
      log,
      metrics,
      mounts,
      page: () => describe(options, ledger, running),
    });
    undo.push(() => app.close());
    await app.listen({ port: options.port, host: '127.0.0.1' });
    const { port } = app.server.address() as AddressInfo;
    const url = `http://127.0.0.1:${port}`;
    for (const { name, title, account } of hospitals) {
      urls.set(account, `${url}/${name}`);
      running.push({ name, title, account, url: `${url}/${name}` });
    }
    const address = join(home, 'servers', 'address.json');
    writeWhole(
      address,
      utf8(`${JSON.stringify({ url, hospitals: running }, undefined, 2)}\n`),
      0o644,
    );
    undo.push(() => rmSync(address, { force: true }));
    return {
      url,
      chainId: ledger.engine.chainId,
      hospitals: running,
      ledger,
      close: () => unwind(undo),
    };
  } catch (error) {
    await unwind(undo);
    throw isOutOfRoom(error) ? new CodedError('DISK_FULL', {}, error) : error;
  }
}

function isOutOfRoom(error: unknown): boolean {
  if (isDiskFull(error)) return true;
  return error instanceof Error && 'code' in error && error.code === 'ENOSPC';
}

async function unwind(undo: (() => unknown)[]): Promise<void> {
  for (const step of undo.splice(0).reverse()) await step();
}

interface Shared {
  readonly ledger: RunningLedger;
  readonly genesisBytes: Uint8Array;
  readonly trustRoot: Readonly<Record<string, unknown>>;
  readonly urls: Map<AccountId, string>;
  readonly organisations: ReadonlySet<string>;
  readonly log: Logger;
  readonly options: ConsortiumOptions;
  readonly metrics: ReturnType<typeof createMetrics>;
}

const gibibyte = 1024 ** 3;

/**
 * How much one owner may keep at a hospital: a person four files of the largest size, another hospital what
 * its people together write here.
 */
export function blobQuota(organisations: ReadonlySet<string>): (owner: string) => number {
  return (owner) => (organisations.has(owner) ? 4096 : 64) * gibibyte;
}

async function openHospitalGateway(
  hospital: Hospital,
  shared: Shared,
): Promise<{ readonly gateway: Gateway; readonly blobs: BlobStore }> {
  const faultPoint = shared.options.faultPoint ?? (() => {});
  const blobs = openFileBlobStore({
    folder: join(hospital.folder, 'blobs'),
    now: Date.now,
    quotaBytesOf: blobQuota(shared.organisations),
    faultPoint: (name) => faultPoint(`blobs:${name}`),
  });
  try {
    const gateway = await openGateway({
      hospital: hospital.name,
      name: hospital.title,
      organisation: hospital.account,
      key: hospital.signingKey,
      engine: shared.ledger.engine,
      genesis: shared.genesisBytes,
      trustRoot: shared.trustRoot,
      blobs,
      databasePath: join(hospital.folder, 'gateway.db'),
      deskToken: hospital.deskToken,
      peerUrls: shared.urls,
      ...(shared.options.settings !== undefined && { settings: shared.options.settings }),
      wings: gatewayWings,
      faultPoint: (name) => faultPoint(`gateway:${name}`),
      metrics: shared.metrics,
      log: shared.log,
    });
    return { gateway, blobs };
  } catch (error) {
    await blobs.close();
    throw error;
  }
}

/** The first header of the ledger is what people save; it is written once and then only compared. */
async function keepTrustRoot(
  home: string,
  { engine }: RunningLedger,
  genesisBytes: Uint8Array,
): Promise<Readonly<Record<string, unknown>>> {
  const path = join(home, 'trust.json');
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

function describe(
  options: ConsortiumOptions,
  { engine, application }: RunningLedger,
  hospitals: readonly RunningHospital[],
): string {
  const { height, timeMs } = engine.status();
  return statusPage({
    chainId: engine.chainId,
    height,
    timeMs,
    userLogSize: application.logHead('user').size,
    docLogSize: application.logHead('doc').size,
    hospitals,
    people: options.people?.() ?? [],
    tryNext: options.tryNext ?? [],
  });
}
