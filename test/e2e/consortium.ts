import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir, uptime } from 'node:os';
import { join } from 'node:path';
import { verifyVote } from '../../src/crypto/signature.ts';
import {
  engineGenesis,
  openEmbeddedEngine,
  validatorKeyOf,
} from '../../src/engines/embedded/open.ts';
import type { LedgerEngine } from '../../src/engines/engine.ts';
import { openLedgerApplication } from '../../src/engines/ledger-application/open.ts';
import { type Gateway, openGateway } from '../../src/gateway/gateway.ts';
import { createLogger } from '../../src/gateway/logging.ts';
import { createMetrics } from '../../src/gateway/metrics.ts';
import { createServer } from '../../src/gateway/server.ts';
import type { GatewaySettings } from '../../src/gateway/settings.ts';
import type { GatewayWing } from '../../src/gateway/wing.ts';
import type { Role } from '../../src/ledger/roles.ts';
import {
  type FileInput,
  Person,
  type PersonOptions,
  type WalletStore,
} from '../../src/sdk/index.ts';
import { openConsortium } from '../../src/server/founding.ts';
import { signatureChecks } from '../../src/server/ledger.ts';
import type { BlobStore } from '../../src/storage/blob-store.ts';
import { openFileBlobStore } from '../../src/storage/file/file-blob-store.ts';
import { memoryWalletStore } from '../wallet-store.ts';

/** Real hospitals in one process, in a folder that goes away: what end-to-end tests run against. */
export interface Consortium {
  readonly home: string;
  readonly url: (hospital: string) => string;
  readonly gateway: (hospital: string) => Gateway;
  readonly person: (
    name: string,
    hospital: string,
    role: Role,
    options?: PersonOptions,
  ) => Promise<Enrolled>;
  /** What the desk does; the name is that of nobody in particular unless it is told. */
  readonly invite: (hospital: string, role: Role, name?: string) => Promise<string>;
  readonly engine: LedgerEngine;
  readonly chainId: string;
  /** The clock of everybody: ledger, gateways and people. */
  readonly now: () => number;
  /** Lets time pass for everybody at once. */
  readonly advance: (ms: number) => void;
  readonly stop: () => Promise<void>;
}

export interface Enrolled {
  readonly person: Person;
  readonly code: string;
  readonly store: WalletStore;
}

export const passphrase = 'a long enough passphrase';

export interface ConsortiumOptions {
  /** What a hospital keeps its blobs in, given its honest store. */
  readonly storeOf?: (hospital: string, honest: BlobStore) => BlobStore;
  readonly quotaBytesOf?: (owner: string) => number;
  readonly settings?: Partial<GatewaySettings>;
  readonly isProxy?: (address: string) => boolean;
  /** Where it listens. */
  readonly host?: string;
  /** What answers there beside the spine. */
  readonly wings?: readonly GatewayWing[];
}

export async function startConsortium(options: ConsortiumOptions = {}): Promise<Consortium> {
  const home = mkdtempSync(join(tmpdir(), 'salus-e2e-'));
  const log = createLogger({ level: process.env.SALUS_TEST_LOG ?? 'silent' });
  const signer = validatorKeyOf(join(home, 'servers', 'ledger'));
  const founded = await openConsortium(home, {
    validatorKey: signer.publicKey,
    nowMs: Date.now() - 1_000,
  });
  let aheadMs = 0;
  const now = (): number => Date.now() + aheadMs;
  const { genesisBytes, ledgerFolder } = founded;
  const engine = await openEmbeddedEngine({
    directory: ledgerFolder,
    genesis: engineGenesis(genesisBytes),
    openApplication: () =>
      openLedgerApplication({
        path: join(ledgerFolder, 'state.db'),
        genesis: genesisBytes,
        verify: signatureChecks,
      }),
    verifyVote,
    signer,
    clock: { now, uptimeMs: () => Math.floor(uptime() * 1_000) + aheadMs },
    onFault: (error) => log.error(error),
  });
  const trustRoot = { ...(await engine.trustRoot()) };
  const { wings = [] } = options;
  const metrics = createMetrics(wings);
  const peerUrls = new Map<Gateway['options']['organisation'], string>();
  const gateways = new Map<string, Gateway>();
  const stores: { close(): Promise<void> | void }[] = [];
  for (const hospital of founded.hospitals) {
    const honest = openFileBlobStore({
      folder: join(hospital.folder, 'blobs'),
      now,
      ...(options.quotaBytesOf !== undefined && { quotaBytesOf: options.quotaBytesOf }),
    });
    stores.push(honest);
    const blobs = options.storeOf?.(hospital.name, honest) ?? honest;
    gateways.set(
      hospital.name,
      await openGateway({
        hospital: hospital.name,
        name: hospital.title,
        organisation: hospital.account,
        key: hospital.signingKey,
        engine: engine,
        genesis: genesisBytes,
        trustRoot,
        blobs,
        databasePath: join(hospital.folder, 'gateway.sqlite'),
        deskToken: hospital.deskToken,
        peerUrls,
        metrics,
        log,
        now,
        wings,
        settings: { refusalBatchMs: 3_600_000, ...options.settings },
      }),
    );
  }
  const server = await createServer({
    log,
    metrics,
    ...(options.isProxy !== undefined && { isProxy: options.isProxy }),
    handlers: wings.flatMap((it) => it.handlers),
    mounts: [...gateways].map(([name, gateway]) => ({ prefix: `/${name}`, gateway })),
  });
  const base = await server.listen({ host: options.host ?? '127.0.0.1', port: 0 });
  for (const { name, account } of founded.hospitals) peerUrls.set(account, `${base}/${name}`);

  const url = (hospital: string): string => `${base}/${hospital}`;
  const gateway = (hospital: string): Gateway => {
    const found = gateways.get(hospital);
    if (found === undefined) throw new Error(`no hospital ${hospital}`);
    return found;
  };
  const invite = async (hospital: string, role: Role, name = 'Somebody'): Promise<string> => {
    const { deskToken } = gateway(hospital).options;
    const response = await fetch(`${url(hospital)}/v1/invitations`, {
      method: 'POST',
      headers: { authorization: `Desk ${deskToken}`, 'content-type': 'application/json' },
      body: JSON.stringify({ role, name }),
    });
    const answer: unknown = await response.json();
    return String(Object(answer).invitation);
  };
  return {
    home,
    url,
    gateway,
    invite,
    engine,
    chainId: engine.chainId,
    now,
    advance: (ms) => {
      aheadMs += ms;
    },
    async person(name, hospital, role, options = {}) {
      const store = memoryWalletStore();
      const { person, code } = await Person.create(
        { store, passphrase, name },
        { now, ...options },
      );
      const invitation = await invite(hospital, role, name);
      await person.enrol({ gatewayUrl: url(hospital), invitation, role });
      return { person, code, store };
    },
    async stop() {
      await server.close();
      for (const it of gateways.values()) await it.close();
      await engine.close();
      for (const store of stores) await store.close();
      rmSync(home, { recursive: true, force: true });
    },
  };
}

export function fileOf(name: string, bytes: Uint8Array): FileInput {
  return {
    name,
    byteLength: bytes.length,
    read: async function* () {
      yield bytes;
    },
  };
}
