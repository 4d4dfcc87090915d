import { join } from 'node:path';
import { type Gateway, openGateway } from '../gateway/gateway.ts';
import type { Logger } from '../gateway/logging.ts';
import type { Machine } from '../gateway/machine.ts';
import type { Metrics } from '../gateway/metrics.ts';
import type { GatewaySettings } from '../gateway/settings.ts';
import type { GatewayWing } from '../gateway/wing.ts';
import type { AccountId } from '../primitives/ids.ts';
import type { BlobOwner } from '../storage/blob-store.ts';
import { openFileBlobStore } from '../storage/file/file-blob-store.ts';
import type { Hospital } from './founding.ts';
import type { RunningLedger } from './ledger.ts';

/** What the hospitals of one process have in common. */
export interface Common {
  readonly ledger: RunningLedger;
  readonly genesisBytes: Uint8Array;
  readonly trustRoot: Readonly<Record<string, unknown>>;
  /** Where the peers answer: known only once this process listens. */
  readonly urls: ReadonlyMap<AccountId, string>;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly settings: Partial<GatewaySettings> | undefined;
  readonly faultPoint: (name: string) => void;
  /** What an operator is told of this machine. */
  readonly machine: () => Machine;
  /** What the wings add to every gateway. */
  readonly wings: readonly GatewayWing[];
}

const gibibyte = 1024 ** 3;

/**
 * How much one owner may keep at a hospital, in bytes: a person four files of the largest size; what comes into a
 * chart under one grant half of that; what comes under all its grants (`CHART:`) four times as much as its owner.
 */
export const blobQuotas = {
  person: 64 * gibibyte,
  grant: 32 * gibibyte,
  allGrants: 256 * gibibyte,
} as const;

export function blobQuota(owner: BlobOwner): number {
  if (owner.endsWith(':')) return blobQuotas.allGrants;
  return owner.includes(':') ? blobQuotas.grant : blobQuotas.person;
}

/** Large bodies that come for one owner at the same time; another hospital sends each in its writer's name. */
const largeUploads = 4;

/** The store and the gateway of one hospital; `running` closes them. Throws HOME_INVALID, STORE_LOCKED, DISK_FULL. */
export async function startHospital(
  hospital: Hospital,
  common: Common,
  running: AsyncDisposableStack,
): Promise<Gateway> {
  const { ledger, genesisBytes, trustRoot, urls, settings, faultPoint, metrics, log } = common;
  const blobs = openFileBlobStore({
    folder: join(hospital.folder, 'blobs'),
    now: Date.now,
    quotaBytesOf: blobQuota,
    uploadsOf: () => largeUploads,
    faultPoint: (name) => faultPoint(`blobs:${name}`),
  });
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
    blobs,
    databasePath: join(hospital.folder, 'gateway.db'),
    deskToken: hospital.deskToken,
    peerUrls: urls,
    ...(settings !== undefined && { settings }),
    wings: common.wings,
    faultPoint: (name) => faultPoint(`gateway:${name}`),
    metrics,
    log,
  });
  running.defer(() => gateway.close());
  return gateway;
}
