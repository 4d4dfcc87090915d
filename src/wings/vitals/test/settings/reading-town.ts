import { randomBytes } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import {
  type Consortium,
  type Enrolled,
  startConsortium,
} from '../../../../../test/e2e/consortium.ts';
import { textOfBytes } from '../../../../api/message-parts.ts';
import { enrolPost } from '../../../../api/routes/enrol-post.ts';
import { type SigningKey, signingKeyFromSeed } from '../../../../crypto/signature.ts';
import { ActSender } from '../../../../gateway/act-sender.ts';
import type { GatewayWing } from '../../../../gateway/wing.ts';
import { parseTrustRoot } from '../../../../ledger/chain/trust-root.ts';
import { identity as identityShape } from '../../../../ledger/identity.ts';
import { utf8 } from '../../../../primitives/bytes.ts';
import { CodedError } from '../../../../primitives/errors.ts';
import type { AccountId } from '../../../../primitives/ids.ts';
import { encodeAs } from '../../../../primitives/shape.ts';
import { GatewayClient } from '../../../../sdk/client/gateway-client.ts';
import { Http } from '../../../../sdk/client/http.ts';
import { ProvenLedger } from '../../../../sdk/ledger/proven-ledger.ts';
import {
  accountIdOfKeys,
  deriveAccountKeys,
  enrolmentIdentity,
  noRecovery,
} from '../../../../sdk/wallet/identity.ts';
import { noticeWord } from '../../api/notice.ts';
import { dataServersPost } from '../../api/routes/data-servers-post.ts';
import { readingsPost } from '../../api/routes/readings-post.ts';
import { encodeSensorRead, readWord, type SensorRead } from '../../api/sensor-read.ts';
import { edgesVersion } from '../../crypto/histogram-edges.ts';
import { pageArithmetic } from '../../crypto/pages/page-arithmetic-wasm.ts';
import type { OfThree } from '../../crypto/pages/page-head.ts';
import { encodePage, type PageValues, withBlankRows } from '../../crypto/pages/page-values.ts';
import { modularArithmetic } from '../../crypto/paillier/kernel-arithmetic.ts';
import { vitalsGateway } from '../../gateway/index.ts';
import { trioId } from '../../ledger/tables/stat-trios.ts';
import { DataServer } from '../../node/data-server.ts';
import { defaultDataServerSettings } from '../../node/data-server-base.ts';
import { state } from '../../node/statements.ts';
import { RowMacs } from '../../node/stores/row-macs.ts';
import { sqliteIncidentStore } from '../../node/stores/sqlite/sqlite-incident-store.ts';
import { SqlitePageStore } from '../../node/stores/sqlite/sqlite-page-store.ts';
import { sqliteQuestionStore } from '../../node/stores/sqlite/sqlite-question-store.ts';
import type { DataServerLine } from '../../sdk/data-servers.ts';
import { signPages, uploadsOf } from '../../sdk/sensor/page-upload.ts';
import { signStatement } from '../../sdk/statements.ts';
import { createDataServerHttp } from '../../server/data-server-http.ts';
import { actSender, provenRows } from '../../server/ledger-line.ts';
import { readingsOf } from './pages.ts';

const testMacs = new RowMacs(new Uint8Array(32));

export type Place = 0 | 1 | 2;
export const places: readonly Place[] = [0, 1, 2];
export const datasetOf = 'd0'.repeat(16);

/** One data server as it runs in this process, behind HTTP of its own. */
interface RunningServer {
  readonly account: AccountId;
  readonly kemKey: Uint8Array;
  readonly server: DataServer;
  readonly store: SqlitePageStore;
  readonly app: FastifyInstance;
  readonly url: string;
}

/** Three hospitals with a data server each: real people, ledger, gateways and servers in one process. */
export class ReadingTown {
  readonly town: Consortium;
  readonly servers: readonly RunningServer[];
  readonly trio: string;
  /** Servers that do not answer. */
  readonly dead = new Set<Place>();

  private constructor(town: Consortium, servers: readonly RunningServer[]) {
    this.town = town;
    this.servers = servers;
    this.trio = trioId(this.accounts);
  }

  get accounts(): readonly AccountId[] {
    return this.servers.map(({ account }) => account);
  }

  static async open(more: readonly GatewayWing[] = []): Promise<ReadingTown> {
    const town = await startConsortium({ wings: [vitalsGateway, ...more] });
    const byAccount = new Map<AccountId, RunningServer>();
    const servers: RunningServer[] = [];
    for (const hospital of hospitals) {
      const running = await openServer(town, hospital, byAccount);
      byAccount.set(running.account, running);
      servers.push(running);
    }
    const made = new ReadingTown(town, servers);
    await made.#send('north', {
      ...{ kind: 'StatDataset', dataset: datasetOf, panel: 1, edges: 1, windows: 1 },
      ...{ servers: made.accounts, kMin: 20, pagesPerPatient: 100 },
      ...{ researcherCap: 500_000, datasetCap: 2_000_000, purposes: ['research'] },
    } as never);
    return made;
  }

  async #send(hospital: string, act: never): Promise<void> {
    const { options, view } = this.town.gateway(hospital);
    const { engine, organisation, key } = options;
    const sender = new ActSender({ engine, view, organisation, key, now: this.town.now });
    await sender.send('user', [act], 10_000);
  }

  /** How readers and patients find the servers, but for those that are dead. */
  get line(): DataServerLine {
    return {
      client: async (account) => {
        const at = this.accounts.indexOf(account) as Place;
        const url = this.servers[at]?.url;
        if (url === undefined || this.dead.has(at)) {
          throw new CodedError('GATEWAY_UNREACHABLE', { server: account });
        }
        return new GatewayClient(new Http(url, { retryDelaysMs: [] }));
      },
    };
  }

  server(place: Place): RunningServer {
    const found = this.servers[place];
    if (found === undefined) throw new Error('three servers');
    return found;
  }

  /** An hour of a panel of one sensor, handed to all three, judged and sealed on the ledger. */
  async measure(
    of: { readonly sensor: SigningKey; readonly pseudonym: Uint8Array },
    pages: readonly {
      readonly sequence: number;
      readonly startHour: number;
      readonly values: PageValues;
    }[],
    /** Those that see on the ledger that it was sealed. */
    sealedBy: readonly Place[] = places,
  ): Promise<void> {
    const arithmetic = await pageArithmetic();
    const [first, second, third] = this.servers.map(({ kemKey }) => kemKey);
    if (first === undefined || second === undefined || third === undefined) throw new Error('3');
    const kemKeys: OfThree<Uint8Array> = [first, second, third];
    const line = { key: of.sensor, pseudonym: of.pseudonym, trio: this.trio, kemKeys };
    const uploads = await uploadsOf(line, await signPages(arithmetic, line, pages));
    for (const place of places) await this.server(place).server.upload(uploads[place]);
    for (const place of places) await this.server(place).server.judge();
    await this.server(0).server.seal();
    for (const place of sealedBy) await this.server(place).server.seal();
  }

  /** Each server tells its hospital's gateway where it answers (VS-3). */
  async tellAddresses(): Promise<void> {
    for (const [at, { server, url }] of this.servers.entries()) {
      const notice = await state(server.base, { word: noticeWord, payload: utf8(url) });
      const gateway = new GatewayClient(new Http(this.town.url(hospitals[at] ?? '')));
      await gateway.call(dataServersPost, { body: { notice: textOfBytes(notice) } });
    }
  }

  async close(): Promise<void> {
    for (const { app, store } of this.servers) {
      await app.close();
      await store.close();
    }
    await this.town.stop();
  }
}

const hospitals = ['north', 'harbour', 'valley'] as const;

async function openServer(
  town: Consortium,
  hospital: string,
  peers: ReadonlyMap<AccountId, RunningServer>,
): Promise<RunningServer> {
  const { organisation, trustRoot } = town.gateway(hospital).options;
  const rootSecret = new Uint8Array(randomBytes(32));
  const keys = await deriveAccountKeys(rootSecret, organisation, 0);
  const { sign, kem } = keys;
  const gateway = new GatewayClient(new Http(town.url(hospital)));
  const role = 'data-server';
  const invitation = await town.invite(hospital, role, 'Data server');
  const bound = { chainId: town.chainId, organisation, role, recovery: noRecovery } as const;
  const identity = await enrolmentIdentity(keys, bound);
  const body = { invitation, role, identity: textOfBytes(encodeAs(identityShape, identity)) };
  await gateway.call(enrolPost, { body } as never);
  const account = accountIdOfKeys(keys);
  const ledger = new ProvenLedger(
    gateway,
    parseTrustRoot(JSON.stringify(trustRoot)),
    undefined,
    town.now,
  );
  const arithmetic = await pageArithmetic();
  const path = join(town.home, `pages-${hospital}.db`);
  const store = new SqlitePageStore(path, arithmetic, testMacs);
  const questions = sqliteQuestionStore(join(town.home, `questions-${hospital}.db`), testMacs);
  const { now } = town;
  const incidents = sqliteIncidentStore(':memory:', testMacs);
  const server = new DataServer({
    incidents,
    ...{
      account,
      sign,
      kem,
      rootSecret,
      store,
      questions,
      ledger: provenRows(ledger),
      arithmetic,
      modular: await modularArithmetic(),
      now,
    },
    peers: {
      async ask(peer, statement) {
        const found = peers.get(peer);
        if (found === undefined) throw new CodedError('GATEWAY_UNREACHABLE', { server: peer });
        return found.server.answerPeer(statement);
      },
    },
    settings: { ...defaultDataServerSettings, freshHours: 24 * 400 },
    send: actSender({ gateway, ledger, account, sign, now }),
  });
  const app = await createDataServerHttp(server);
  await app.listen({ host: '127.0.0.1', port: 0 });
  const url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`;
  return { account, kemKey: kem.publicKey, server, store, app, url };
}

export const sensorKey = (): Promise<SigningKey> =>
  signingKeyFromSeed(new Uint8Array(randomBytes(32)));

export const pageValues = (panel: number, n: number, seed: number): PageValues =>
  encodePage(withBlankRows(panel, readingsOf(panel, n, seed)), { panel, edges: edgesVersion });

/** What a server's disk holds of a page, as it shows it. */
export type Held = Awaited<ReturnType<SqlitePageStore['pagesOf']>>[number];

/** From now on this server shows its pages otherwise than it keeps them; undefined: not at all. Returns the way back. */
export function lieIn(
  { store, server: { tampering } }: RunningServer,
  lie: (page: Held) => Held | undefined,
): () => void {
  const honest = store.pagesOf.bind(store);
  store.pagesOf = async (...asked) => (await honest(...asked)).flatMap((it) => lie(it) ?? []);
  // An honest one would not show it.
  const { requireKept } = tampering;
  tampering.requireKept = () => {};
  return () => {
    store.pagesOf = honest;
    tampering.requireKept = requireKept;
  };
}

export const flipped = (bytes: Uint8Array, at = 0): Uint8Array =>
  bytes.map((byte, place) => (place === at ? byte ^ 1 : byte));

/** One server's sealed answer to a reader who asks it as he likes. Throws its refusal. */
export function askDirectly(
  town: ReadingTown,
  reader: Enrolled,
  of: { readonly place: Place; readonly asked: SensorRead },
): Promise<Uint8Array> {
  const { place, asked } = of;
  return reader.person.run(
    {
      name: 'test/ask-directly',
      async run(ctx) {
        const { sign } = await ctx.keys();
        const to = town.server(place).account;
        const payload = encodeSensorRead(asked);
        const from = ctx.account.account;
        const said = { from, to, word: readWord, timeMs: ctx.nowMs(), payload };
        const client = await town.line.client(to);
        return client.call(readingsPost, { stream: await signStatement(sign, said) });
      },
    },
    undefined,
  );
}

export type { Enrolled };

/** The code with which it was refused. */
export async function caught(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    if (error instanceof CodedError) return error.code;
    throw error;
  }
  return 'nothing was refused';
}
