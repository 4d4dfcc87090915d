import { join } from 'node:path';
import type { PeerFetch } from '../gateway/base.ts';
import { type Gateway, type GatewayOptions, openGateway } from '../gateway/gateway.ts';
import type { Logger } from '../gateway/logging.ts';
import type { Machine } from '../gateway/machine.ts';
import type { Metrics } from '../gateway/metrics.ts';
import type { GatewaySettings } from '../gateway/settings.ts';
import type { GatewayWing } from '../gateway/wing.ts';
import type { AccountId } from '../primitives/ids.ts';
import type { BlobStore } from '../storage/blob-store.ts';
import { openFileBlobStore } from '../storage/file/file-blob-store.ts';
import { blobQuota, largeUploads } from './blob-quotas.ts';
import type { Hospital } from './home-members.ts';
import type { RunningLedger } from './ledger.ts';
import { reportsIn } from './maintenance/scrub/reports.ts';
import { connectStorage, isNetworked } from './storage/settings.ts';

/** What the hospitals of one process have in common. */
export interface Common {
  readonly ledger: RunningLedger;
  readonly genesisBytes: Uint8Array;
  readonly trustRoot: Readonly<Record<string, unknown>>;
  /** Where the peers answer: known only once this process listens. */
  readonly urls: ReadonlyMap<AccountId, string>;
  /** How peers are called; missing: as anybody is. */
  readonly peerFetch: PeerFetch | undefined;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly settings: Partial<GatewaySettings> | undefined;
  readonly partSettings: GatewayOptions['partSettings'];
  readonly faultPoint: (name: string) => void;
  /** What an operator is told of this machine. */
  readonly machine: () => Machine;
  /** And what a wing tells its own handlers of it. */
  readonly machineOf: (wing: string) => Promise<unknown>;
  /** And what a wing of this hospital keeps to itself. */
  readonly wingKeyOf: (hospitalFolder: string, wing: string) => Uint8Array | undefined;
  /** What the wings add to every gateway. */
  readonly wings: readonly GatewayWing[];
}

/** The store and the gateway of one hospital; `running` closes them. Throws HOME_INVALID, STORE_LOCKED, DISK_FULL. */
export async function startHospital(
  hospital: Hospital,
  common: Common,
  running: AsyncDisposableStack,
): Promise<Gateway> {
  const { ledger, genesisBytes, trustRoot, urls, settings, faultPoint, metrics, log } = common;
  const blobs = storeOf(hospital.folder, faultPoint);
  running.defer(() => blobs.close());
  const gateway = await openGateway({
    hospital: hospital.name,
    name: hospital.title,
    organisation: hospital.account,
    key: hospital.signingKey,
    engine: ledger.engine,
    genesis: genesisBytes,
    trustRoot,
    machine: common.machine,
    machineOf: common.machineOf,
    wingKeyOf: (wing) => common.wingKeyOf(hospital.folder, wing),
    blobs,
    databasePath: join(hospital.folder, 'gateway.db'),
    rowKey: hospital.rowKey,
    ...{ folder: hospital.folder, reports: reportsIn(hospital.folder) },
    deskToken: hospital.deskToken,
    peerUrls: urls,
    ...(common.peerFetch !== undefined && { fetch: common.peerFetch }),
    ...(settings !== undefined && { settings }),
    ...(common.partSettings !== undefined && { partSettings: common.partSettings }),
    wings: common.wings,
    faultPoint: (name) => faultPoint(`gateway:${name}`),
    metrics,
    log,
  });
  running.defer(() => gateway.close());
  return gateway;
}

/** The store of a hospital: that of its storage node where it is in a storage network, else a folder of its own. */
function storeOf(folder: string, faultPoint: (name: string) => void): BlobStore {
  if (isNetworked(folder)) return connectStorage(folder);
  return openFileBlobStore({
    folder: join(folder, 'blobs'),
    now: Date.now,
    quotaBytesOf: blobQuota,
    uploadsOf: () => largeUploads,
    faultPoint: (name) => faultPoint(`blobs:${name}`),
  });
}
