import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import { randomBytes } from '../../src/crypto/random.ts';
import { openEmbeddedEngine, validatorKeyOf } from '../../src/engines/embedded/open.ts';
import { openLedgerApplication } from '../../src/engines/ledger-application/open.ts';
import type { PeerFetch } from '../../src/gateway/base.ts';
import { type Gateway, type GatewayOptions, openGateway } from '../../src/gateway/gateway.ts';
import { createLogger } from '../../src/gateway/logging.ts';
import { createMetrics } from '../../src/gateway/metrics.ts';
import { createServer, type ServerOptions } from '../../src/gateway/server.ts';
import type { GatewayWing } from '../../src/gateway/wing.ts';
import {
  defaultGenesis,
  encodeGenesis,
  type GenesisLog,
  genesisHash,
} from '../../src/ledger/genesis.ts';
import { organisationRights } from '../../src/ledger/rights.ts';
import type { AccountId } from '../../src/primitives/ids.ts';
import {
  type AccountKeys,
  accountIdOfKeys,
  deriveAccountKeys,
  enrolmentIdentity,
  noRecovery,
} from '../../src/sdk/wallet/identity.ts';
import type { BlobStore } from '../../src/storage/blob-store.ts';
import {
  type FileBlobStoreOptions,
  openFileBlobStore,
} from '../../src/storage/file/file-blob-store.ts';
import { realChecks } from '../builders.ts';
import { HeldEngine } from '../fakes/held-engine.ts';
import { verifyVote } from '../fakes/verify-vote.ts';

export const townChain = 'salus-town';

export interface Hospital {
  readonly word: string;
  readonly organisation: AccountId;
  readonly keys: AccountKeys;
  readonly blobs: BlobStore;
  readonly deskToken: string;
  gateway: Gateway;
}

/** Two hospitals on one real ledger, in one process, with real stores; only the network between them is not. */
export interface Town {
  readonly folder: string;
  readonly app: FastifyInstance;
  readonly engine: HeldEngine;
  readonly north: Hospital;
  readonly south: Hospital;
  /** Everything that was logged. */
  readonly logged: () => string;
  /** Milliseconds that the gateways' clocks are ahead. */
  readonly clock: { aheadMs: number };
  readonly close: () => Promise<void>;
}

export interface TownOptions
  extends Pick<ServerOptions, 'limits' | 'isProxy'>,
    Pick<FileBlobStoreOptions, 'quotaBytesOf'>,
    Pick<GatewayOptions, 'machineOf'> {
  readonly wings?: readonly GatewayWing[];
  /** What its logs take and who reads them; missing: the spine's. */
  readonly logs?: readonly GenesisLog[];
}

export async function openTown(
  settings: GatewayOptions['settings'] = {},
  {
    limits = {},
    isProxy,
    quotaBytesOf,
    logs,
    wings = [],
    machineOf = async () => undefined,
  }: TownOptions = {},
): Promise<Town> {
  const folder = mkdtempSync(join(tmpdir(), 'salus-town-'));
  const north = await foundation('north');
  const south = await foundation('south');
  const ledgerFolder = join(folder, 'ledger');
  const validator = validatorKeyOf(ledgerFolder);
  const validators = [{ publicKey: validator.publicKey, power: 1 }];
  const timeMs = Date.now() - 1_000;
  const organisations = [north, south].map(({ identity, word }) => ({
    identity,
    name: `${word} hospital`,
    url: `http://town/${word}`,
    rights: organisationRights,
  }));
  const genesis = encodeGenesis(
    defaultGenesis({ chainId: townChain, timeMs, organisations, validators }, logs),
  );
  const application = await openLedgerApplication({
    path: join(ledgerFolder, 'state.sqlite'),
    genesis,
    verify: realChecks,
  });
  const embedded = await openEmbeddedEngine({
    directory: ledgerFolder,
    genesis: { chainId: townChain, genesisHash: genesisHash(genesis), timeMs, validators },
    openApplication: () => application,
    verifyVote,
    timing: { windowMs: 1, idleWindowMs: 0, proofDelayMs: 0 },
  });
  const engine = new HeldEngine(embedded);
  const lines: string[] = [];
  const destination = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(chunk.toString('utf8'));
      done();
    },
  });
  const log = createLogger({ level: 'trace', destination });
  const metrics = createMetrics(wings);
  const clock = { aheadMs: 0 };
  const trustRoot = { ...(await embedded.trustRoot()) };
  const fetch: PeerFetch = (url, init) => fetchThrough(app, url, init);
  const hospital = async (founded: Awaited<ReturnType<typeof foundation>>): Promise<Hospital> => {
    const { word, organisation, keys } = founded;
    const home = join(folder, word);
    mkdirSync(home);
    const blobs = openFileBlobStore({
      ...{ folder: join(home, 'blobs'), now: Date.now },
      ...(quotaBytesOf === undefined ? {} : { quotaBytesOf }),
    });
    const deskToken = Buffer.from(randomBytes(32)).toString('base64url');
    const gateway = await openGateway({
      ...{ hospital: word, name: `${word} hospital`, organisation, key: keys.sign },
      ...{ engine, genesis, trustRoot, blobs, deskToken, fetch, metrics, log, wings, machineOf },
      databasePath: join(home, 'gateway.sqlite'),
      now: () => Date.now() + clock.aheadMs,
      settings: { gatherMs: 2, refusalBatchMs: 3_600_000, ...settings },
    });
    return { word, organisation, keys, blobs, deskToken, gateway };
  };
  const hospitals = { north: await hospital(north), south: await hospital(south) };
  const app = await createServer({
    log,
    metrics,
    limits,
    handlers: wings.flatMap((it) => it.handlers),
    ...(isProxy === undefined ? {} : { isProxy }),
    mounts: [
      { prefix: '/north', gateway: hospitals.north.gateway },
      { prefix: '/south', gateway: hospitals.south.gateway },
    ],
  });
  await app.ready();
  return {
    ...{ folder, app, engine, clock },
    ...hospitals,
    logged: () => lines.join(''),
    async close() {
      engine.release();
      await app.close();
      for (const { gateway, blobs } of [hospitals.north, hospitals.south]) {
        await gateway.close();
        await blobs.close();
      }
      await engine.close();
      rmSync(folder, { recursive: true });
    },
  };
}

/** Where it listens, once it does. */
export function portOf({ app }: Town): number {
  const address = app.server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

async function foundation(word: string) {
  const anywhere = '00'.repeat(32) as AccountId;
  const keys = await deriveAccountKeys(randomBytes(32), anywhere, 0);
  const organisation = accountIdOfKeys(keys);
  const bound = {
    chainId: townChain,
    organisation,
    role: 'organisation',
    recovery: noRecovery,
  } as const;
  return { word, organisation, keys, identity: await enrolmentIdentity(keys, bound) };
}

const methods = ['GET', 'POST', 'PUT', 'DELETE'] as const;

/** A gateway's call of another, or a client's of a gateway, without a network. */
export async function fetchThrough(
  app: FastifyInstance,
  url: string,
  init: RequestInit,
): Promise<Response> {
  const { pathname, search } = new URL(url);
  const body = init.body === undefined ? undefined : await new Response(init.body).arrayBuffer();
  const answer = await app.inject({
    method: methods.find((it) => it === init.method) ?? 'GET',
    url: pathname + search,
    headers: Object.fromEntries(new Headers(init.headers)),
    ...(body === undefined ? {} : { payload: Buffer.from(body) }),
  });
  const headers = new Headers();
  for (const [name, value] of Object.entries(answer.headers)) {
    if (value !== undefined) headers.set(name, String(value));
  }
  return new Response(new Uint8Array(answer.rawPayload), { status: answer.statusCode, headers });
}
