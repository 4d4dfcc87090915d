import { existsSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { sha256 } from '../../../../crypto/hash.ts';
import { type KemKey, xwingKeyFromSeed } from '../../../../crypto/kem.ts';
import {
  type SigningKey,
  signingKeyFromSeed,
  signLabelled,
  verifyLabelled,
} from '../../../../crypto/signature.ts';
import { freshWindow } from '../../../../ledger/nonce-window.ts';
import type { LedgerView, StateTable } from '../../../../ledger/table.ts';
import { accounts, neverRotated } from '../../../../ledger/tables/accounts.ts';
import { keys, neverChanged } from '../../../../ledger/tables/keys.ts';
import { bytesToHex, utf8 } from '../../../../primitives/bytes.ts';
import { CodedError } from '../../../../primitives/errors.ts';
import { type AccountId, accountIdOf } from '../../../../primitives/ids.ts';
import { encodeAs } from '../../../../primitives/shape.ts';
import { deriveAccountKeys } from '../../../../sdk/wallet/identity.ts';
import {
  pseudonymOf,
  type Registration,
  registration,
  signedRegistration,
} from '../../api/registration.ts';
import type { PageArithmetic } from '../../crypto/pages/page-arithmetic.ts';
import type { OfThree } from '../../crypto/pages/page-head.ts';
import type { PageValues } from '../../crypto/pages/page-values.ts';
import { plainArithmetic } from '../../crypto/paillier/plain-arithmetic.ts';
import { type Incident, incident } from '../../ledger/acts/incident.ts';
import { type ServerQuarantine, serverQuarantine } from '../../ledger/acts/server-quarantine.ts';
import { type ServerRebuilt, serverRebuilt } from '../../ledger/acts/server-rebuilt.ts';
import { batchSignedBytes, type StatBatch } from '../../ledger/acts/stat-batch.ts';
import { batchRowId, statBatches } from '../../ledger/tables/stat-batches.ts';
import { sealRowId, statSeals } from '../../ledger/tables/stat-seals.ts';
import { statTrios, trioId } from '../../ledger/tables/stat-trios.ts';
import { vitalsNames } from '../../names.ts';
import { DataServer } from '../../node/data-server.ts';
import { type DataServerBase, defaultDataServerSettings } from '../../node/data-server-base.ts';
import type { ScrubClock } from '../../node/incidents/foreign-writes.ts';
import type { EnvelopeOpener } from '../../node/pages/envelope-opener.ts';
import type { IncidentStore } from '../../node/stores/incident-store.ts';
import type { PageStore } from '../../node/stores/page-store.ts';
import type { QuestionStore } from '../../node/stores/question-store.ts';
import { rowMacsOf } from '../../node/stores/row-macs.ts';
import { sqliteIncidentStore } from '../../node/stores/sqlite/sqlite-incident-store.ts';
import { SqlitePageStore } from '../../node/stores/sqlite/sqlite-page-store.ts';
import { sqliteQuestionStore } from '../../node/stores/sqlite/sqlite-question-store.ts';
import {
  type SensorLine,
  type SignedPage,
  type SignedPages,
  signPages,
  uploadsOf,
} from '../../sdk/sensor/page-upload.ts';
import { fileLook } from '../../server/file-looks.ts';

/** Three data servers in one process, each with a file of its own, and a ledger that is a map of rows. */

export const hour = 500_000;
export const nowMs = hour * 3_600_000 + 1_800_000;
const bytesOf = (name: string): Uint8Array => sha256(utf8(name));
const organisation = accountIdOf(bytesOf('organisation'));
const saltOf = bytesOf('salt of pseudonyms');
const names = ['north', 'harbour', 'valley'] as const;
export type Place = 0 | 1 | 2;
const places: readonly Place[] = [0, 1, 2];

/** Who stops a server at a step, as a power failure would. */
export class Killed extends Error {}

interface Actor {
  readonly account: AccountId;
  readonly sign: SigningKey;
  readonly kem: KemKey;
  readonly rootSecret: Uint8Array;
}

export class FakeLedger {
  readonly rows = new Map<string, unknown>();
  readonly chainId = 'test-chain';
  height = 10;
  async row<Row>(table: StateTable<Row>, id: string): Promise<Row | undefined> {
    return this.rows.get(`${table.name}/${id}`) as Row | undefined;
  }
  /** Nobody reads here. */
  async receipt(): Promise<never> {
    throw new CodedError('RECEIPT_INVALID');
  }
  put<Row>(table: StateTable<Row>, id: string, row: Row): void {
    this.rows.set(`${table.name}/${id}`, row);
  }
  /** As VL-13 has it, as far as these tests go. */
  async take(act: StatBatch): Promise<void> {
    const trio = await this.row(statTrios, act.trio);
    if (trio === undefined) throw new CodedError('TRIO_UNKNOWN');
    if (act.number !== trio.newestBatch + 1) throw new CodedError('BATCH_NUMBER');
    const content = batchSignedBytes(act, this.chainId);
    for (const [at, { signKey, signature }] of act.signatures.entries()) {
      const row = await this.row(accounts, trio.servers[at] ?? '');
      const isKnown = row !== undefined && bytesToHex(row.signKey) === bytesToHex(signKey);
      const label = vitalsNames.labels.batch;
      if (!isKnown || !(await verifyLabelled(signKey, label, content, signature)))
        throw new CodedError('SIGNATURE_WRONG');
    }
    const { root, pages, firstHour, lastHour, number } = act;
    const batch = { root, pages, firstHour, lastHour, height: number };
    this.put(statBatches, batchRowId(act.trio, number), batch);
    this.put(statTrios, act.trio, { ...trio, newestBatch: number });
  }
  /** By the ledger's own rule, in a block of its own. */
  async judge(
    act: Incident | ServerQuarantine | ServerRebuilt,
    sender: AccountId,
    timeMs: number,
  ): Promise<void> {
    const module = [incident, serverQuarantine, serverRebuilt].find(
      ({ kind }) => kind === act.kind,
    );
    const view: LedgerView = {
      get: (table, id) => this.rows.get(`${table.name}/${id}`) as never,
    };
    const block = { height: ++this.height, timeMs };
    const outcome = module?.rules[0]?.judge(view, act as never, { sender, block } as never);
    if (outcome === undefined || !outcome.ok) throw new CodedError(outcome?.code ?? 'INTERNAL');
    for (const { table, id, row } of outcome.writes) this.put(table, id, row);
  }
  enrol({ account, sign, kem }: Actor, role: 'data-server' | 'patient' | 'researcher'): void {
    this.put(accounts, account, {
      ...{ role, organisation, frozen: false, enrolledHeight: 1, signKey: sign.publicKey },
      ...{ window: freshWindow, highestEpoch: 0, newestKeySet: 0, schedule: [], ...neverRotated },
    });
    const identity = {
      ...{ suite: 2, signKey: sign.publicKey, kemKey: kem.publicKey, point: new Uint8Array(32) },
      ...{ recovery: new Uint8Array(32), pointProof: new Uint8Array(64) },
      signature: new Uint8Array(64),
    };
    this.put(keys, account, {
      ...{ credentialHash: new Uint8Array(32), ...neverChanged },
      identities: [{ identity, fromHeight: 1, untilHeight: 0 }],
    });
  }
}

export async function actor(name: string): Promise<Actor> {
  const rootSecret = bytesOf(name);
  const { sign, kem } = await deriveAccountKeys(rootSecret, organisation, 0);
  return { account: accountIdOf(sha256(sign.publicKey)), sign, kem, rootSecret };
}

interface OpenServer {
  readonly server: DataServer;
  readonly store: PageStore;
  readonly questions: QuestionStore;
}
interface OpenedServer extends OpenServer {
  readonly incidents: IncidentStore;
}

/** What a server keeps, by its place; again after it was killed: what it left. Missing, or undefined of one: in files. */
export type OpenStores = (place: Place) => Promise<Omit<OpenServer, 'server'> | undefined>;

export class ThreeServers {
  readonly ledger = new FakeLedger();
  readonly actors: readonly Actor[];
  readonly trio: string;
  readonly ana: Actor;
  readonly sensor: SigningKey;
  /** False: servers that have published no recovery key, and so cannot see what is sealed for them. Before they are asked anything. */
  checksEnvelopes = true;
  /** Whether the servers have heard of each other's recovery keys. */
  havePublished = false;
  /** The servers' recovery keys. */
  readonly recovery: readonly KemKey[];
  readonly arithmetic: PageArithmetic;
  /** Called with the place of a server and the step that it has come to. */
  onStep: (place: Place, step: string) => void = () => {};
  /** Opens envelopes elsewhere than on this thread, where a test says so; before a server is asked anything. */
  openerAside: ((place: Place) => EnvelopeOpener) | undefined;
  /** Servers that do not answer. */
  readonly away = new Set<Place>();
  /** Ana's. */
  readonly pseudonym: Uint8Array;
  now = nowMs;
  /** A scrub after a write costs nothing here, unless a test says so. */
  scrubClock: ScrubClock = { nowMs: () => 0, spentMs: () => 0 };
  readonly #folder: string;
  readonly #open = new Map<Place, OpenedServer>();
  readonly #openStores: OpenStores | undefined;
  /** Of servers that are not open. */
  readonly #stores = new Map<Place, Omit<OpenServer, 'server'>>();

  private constructor(of: {
    readonly folder: string;
    readonly actors: readonly Actor[];
    readonly ana: Actor;
    readonly sensor: SigningKey;
    readonly recovery: readonly KemKey[];
    readonly arithmetic: PageArithmetic;
    readonly openStores: OpenStores | undefined;
  }) {
    this.#openStores = of.openStores;
    this.#folder = of.folder;
    this.actors = of.actors;
    this.ana = of.ana;
    this.pseudonym = pseudonymOf(of.ana.account, saltOf);
    this.sensor = of.sensor;
    this.recovery = of.recovery;
    this.arithmetic = of.arithmetic;
    const servers = of.actors.map(({ account }) => account);
    this.trio = trioId(servers);
    for (const it of of.actors) this.ledger.enrol(it, 'data-server');
    this.ledger.enrol(of.ana, 'patient');
    this.ledger.put(statTrios, this.trio, { servers, newestBatch: 0 });
  }

  /** From which a server's recovery key is made. */
  static recoverySeed(place: Place): Uint8Array {
    return bytesOf(`recovery of ${names[place]}`);
  }

  static async open(
    folder: string,
    arithmetic: PageArithmetic,
    openStores?: OpenStores,
  ): Promise<ThreeServers> {
    const actors = await Promise.all(names.map(actor));
    const sensor = await signingKeyFromSeed(bytesOf('sensor'));
    const recovery = await Promise.all(
      places.map((place) => xwingKeyFromSeed(ThreeServers.recoverySeed(place))),
    );
    const three = new ThreeServers({
      ...{ folder, actors, ana: await actor('ana'), sensor, recovery, arithmetic, openStores },
    });
    for (const place of places) await three.#reopenStores(place);
    return three;
  }

  async #reopenStores(place: Place): Promise<void> {
    const stores = await this.#openStores?.(place);
    if (stores !== undefined) this.#stores.set(place, stores);
  }

  server(place: Place): DataServer {
    return this.#opened(place).server;
  }
  store(place: Place): PageStore {
    return this.#opened(place).store;
  }

  #opened(place: Place) {
    const open = this.#open.get(place);
    if (open !== undefined) return open;
    const macs = rowMacsOf((this.actors[place] ?? this.ana).rootSecret);
    const path = join(this.#folder, `${place}.db`);
    const { store, questions } = this.#stores.get(place) ?? {
      store: new SqlitePageStore(path, this.arithmetic, macs, fileLook()),
      questions: sqliteQuestionStore(join(this.#folder, `questions ${place}.db`), macs),
    };
    const incidents = sqliteIncidentStore(join(this.#folder, `incidents ${place}.db`), macs);
    const server = new DataServer({ ...this.#baseOf(place, store, questions), incidents });
    const made = { store, questions, server, incidents };
    this.#open.set(place, made);
    return made;
  }

  #baseOf(
    place: Place,
    store: PageStore,
    questions: QuestionStore,
  ): Omit<DataServerBase, 'incidents'> {
    const own = this.actors[place];
    if (own === undefined) throw new Error('no such server');
    const recovery = this.checksEnvelopes ? this.recovery[place] : undefined;
    const { openerAside } = this;
    return {
      ...{ ...own, store, questions, ledger: this.ledger, arithmetic: this.arithmetic },
      scrubClock: {
        nowMs: () => this.scrubClock.nowMs(),
        spentMs: () => this.scrubClock.spentMs(),
      },
      ...{ now: () => this.now, settings: defaultDataServerSettings, modular: plainArithmetic },
      ...(recovery && { recoveryPublicKey: recovery.publicKey }),
      havePublished: async () => this.havePublished,
      peers: {
        ask: async (account, statement) => {
          const at = places.find((it) => this.actors[it]?.account === account);
          if (at === undefined || this.away.has(at)) throw new CodedError('GATEWAY_UNREACHABLE');
          try {
            return await this.server(at).answerPeer(statement);
          } catch (error) {
            // To who asked, a server that was killed is one that does not answer.
            if (error instanceof Killed) throw new CodedError('GATEWAY_UNREACHABLE');
            throw error;
          }
        },
      },
      send: async (act) => {
        if (act.kind === 'StatBatch') return this.ledger.take(act);
        if (act.kind !== 'StatSeal') return this.ledger.judge(act, own.account, this.now);
        const id = sealRowId(act.researcher, act.query, own.account);
        if ((await this.ledger.row(statSeals, id)) !== undefined)
          throw new CodedError('SEAL_TAKEN');
        this.ledger.put(statSeals, id, { answer: act.answer, height: 1 });
      },
      ...(openerAside && { openerAside: () => openerAside(place) }),
      listedTrios: () => [this.trio],
      faultPoint: (step) => this.onStep(place, step),
    };
  }

  /** Ends a server as a power failure would: what was not written is gone. */
  async kill(place: Place): Promise<void> {
    await this.#close(place);
    await this.#reopenStores(place);
  }

  async #close(place: Place): Promise<void> {
    await this.#open.get(place)?.incidents.close();
    const open = this.#open.get(place) ?? this.#stores.get(place);
    this.#open.delete(place);
    this.#stores.delete(place);
    await open?.store.close();
    await open?.questions.close();
  }

  /** Its disk is gone: it begins with an empty store. */
  async lose(place: Place): Promise<void> {
    await this.kill(place);
    for (const end of ['', '-wal', '-shm']) {
      const path = join(this.#folder, `${place}.db${end}`);
      if (existsSync(path)) renameSync(path, `${path}.lost`);
    }
  }

  /** The disk that it lost is there again. */
  async restore(place: Place): Promise<void> {
    await this.kill(place);
    for (const end of ['', '-wal', '-shm']) {
      const path = join(this.#folder, `${place}.db${end}`);
      rmSync(path, { force: true });
      if (existsSync(`${path}.lost`)) renameSync(`${path}.lost`, path);
    }
  }

  async close(): Promise<void> {
    for (const place of places) await this.#close(place);
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** Signed by whose account it is: Ana's, unless said. */
  async register(change: Partial<Registration> = {}, by: Actor = this.ana): Promise<Uint8Array> {
    const bytes = encodeAs(registration, {
      ...{ account: by.account, pseudonym: pseudonymOf(by.account, saltOf), pseudonymSalt: saltOf },
      ...{ counter: 1, sex: 1, ageBand: 4 },
      ...{ region: 7, arm: 0, fromHour: 0, untilHour: 2 ** 32 - 1, datasets: ['ab'.repeat(16)] },
      sensors: [{ key: this.sensor.publicKey, panels: [1, 3] }],
      ...change,
    });
    const label = vitalsNames.labels.registration;
    const signature = await signLabelled(by.sign, label, bytes);
    return encodeAs(signedRegistration, { registration: bytes, signature });
  }

  async registerEverywhere(): Promise<void> {
    const signed = await this.register();
    for (const place of places) await this.server(place).register(signed);
  }

  get line(): SensorLine {
    const [first, second, third] = this.actors.map(({ kem }) => kem.publicKey);
    if (first === undefined || second === undefined || third === undefined)
      throw new Error('three');
    const kemKeys: OfThree<Uint8Array> = [first, second, third];
    const [recovery1, recovery2, recovery3] = this.recovery.map((it) => it.publicKey);
    if (recovery1 === undefined || recovery2 === undefined || recovery3 === undefined)
      throw new Error('three');
    const recoveryKeys: OfThree<Uint8Array> = [recovery1, recovery2, recovery3];
    const { sensor: key, pseudonym, trio } = this;
    return { key, pseudonym, trio, kemKeys, recoveryKeys };
  }

  /** Without recovery envelopes: for what travels together, `signTogether`. */
  async sign(values: PageValues, sequence: number, startHour = hour): Promise<SignedPage> {
    const line = { ...this.line, recoveryKeys: undefined };
    const { pages } = await signPages(this.arithmetic, line, [{ values, sequence, startHour }]);
    if (pages[0] === undefined) throw new Error('one page');
    return pages[0];
  }

  /** With envelopes, numbered from `first`. */
  signTogether(values: readonly PageValues[], first = 0, startHour = hour): Promise<SignedPages> {
    const numbered = values.map((it, at) => ({ values: it, sequence: first + at, startHour }));
    return signPages(this.arithmetic, this.line, numbered);
  }

  uploads(pages: readonly SignedPage[]): Promise<OfThree<Uint8Array>> {
    return uploadsOf(this.line, { pages });
  }

  async uploadTogether(signed: SignedPages): Promise<void> {
    const uploads = await uploadsOf(this.line, signed);
    for (const place of places) await this.server(place).upload(uploads[place]);
  }

  async upload(pages: readonly SignedPage[]): Promise<void> {
    const uploads = await this.uploads(pages);
    for (const place of places) await this.server(place).upload(uploads[place]);
  }

  async judge(): Promise<void> {
    for (const place of places) await this.server(place).judge();
  }
}
