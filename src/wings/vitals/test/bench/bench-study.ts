import { randomFillSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { encodeSigned } from '../../../../api/signed.ts';
import { signLabelled } from '../../../../crypto/signature.ts';
import { u32be } from '../../../../primitives/bytes.ts';
import { accountIdOf } from '../../../../primitives/ids.ts';
import { encodeAs } from '../../../../primitives/shape.ts';
import type { Action } from '../../../../sdk/action.ts';
import { GatewayClient } from '../../../../sdk/client/gateway-client.ts';
import { Http } from '../../../../sdk/client/http.ts';
import { sendActs } from '../../../../sdk/client/send-tx.ts';
import type { Person } from '../../../../sdk/index.ts';
import { localHospitals } from '../../../../server/desk.ts';
import { serversOf } from '../../../../server/process.ts';
import {
  debitOf,
  encodeManifest,
  type QueryManifest,
  queryIdOf,
} from '../../api/query-manifest.ts';
import { noSalt, registration, signedRegistration } from '../../api/registration.ts';
import { field64 } from '../../crypto/field.ts';
import { rollLength } from '../../crypto/pages/page-layout.ts';
import { batchSignedBytes } from '../../ledger/acts/stat-batch.ts';
import { trioId } from '../../ledger/tables/stat-trios.ts';
import { vitalsNames } from '../../names.ts';
import { pageTables } from '../../node/stores/guarded-tables.ts';
import { type RowMacs, rowMacsOf } from '../../node/stores/row-macs.ts';
import { SqliteRowGuard } from '../../node/stores/sqlite/sqlite-row-guard.ts';
import { type Opened, openAnswers } from '../../sdk/asking/collecting.ts';
import { requireSealed } from '../../sdk/asking/sealed.ts';
import { type ServerLine, serverLines } from '../../sdk/asking/server-lines.ts';
import { dataServerFolder, dataServerKeys } from '../../server/data-server-keys.ts';
import { actSender } from '../../server/ledger-line.ts';
import { drawn } from '../settings/pages.ts';
import { accountOf, VitalsHome } from '../settings/vitals-home.ts';

/**
 * A study over three real data-server processes whose stores hold sealed patient-days without the pages they came of: what
 * a question about whole days reads. Beside it the same sums in clear, for plain SQL.
 */

const names = ['north', 'harbour', 'valley'] as const;
export const pagesPerDay = 24;
/** Of a full batch of 4,096 pages. */
const daysOfBatch = Math.floor(4_096 / pagesPerDay);
const columns = rollLength;
const firstDay = 20_000;
export const columnNames = Array.from({ length: columns }, (_, at) => `c${at}`);

/** Patient-days of one size, in days of their own. */
export interface Rollups {
  readonly patients: number;
  readonly days: number;
  readonly readingsOfDay: number;
  readonly fromDay: number;
  /** 20 sums a patient-day. */
  readonly plain: BigUint64Array;
}
export const readingsOf = ({ patients, days, readingsOfDay }: Rollups): number =>
  patients * days * readingsOfDay;

export interface Answered {
  readonly values: readonly bigint[];
  readonly checkMs: number;
  readonly debitMs: number;
  /** From the StatQuery that stands in a block to the opened answer. */
  readonly askMs: number;
  /** From the act that pays to the opened answer, whose three StatSeals stand in a block, proven. */
  readonly withLedgerMs: number;
}

export class BenchStudy {
  readonly town: VitalsHome;
  readonly dataset: string;
  readonly #permit: string;
  readonly #researcher: Person;
  #batches = 0;
  #day = firstDay;
  #registered = 0;

  private constructor(of: {
    readonly town: VitalsHome;
    readonly dataset: string;
    readonly permit: string;
    readonly researcher: Person;
  }) {
    this.town = of.town;
    this.dataset = of.dataset;
    this.#permit = of.permit;
    this.#researcher = of.researcher;
  }

  static async open(): Promise<BenchStudy> {
    const town = await VitalsHome.open(async () => ({ scrubPercent: 0 }));
    const { studies, servers } = town;
    const [north, harbour] = [await studies.speaker('north'), await studies.speaker('harbour')];
    const researcher = await town.person('Rosa', 'researcher');
    const { dataset } = await studies.found(
      {
        ...{ panel: 1, edges: 1, windows: 1, kMin: 20, pagesPerPatient: 8_784, servers },
        ...{ researcherCap: 10_000_000, datasetCap: 10_000_000, purposes: ['research'] },
      },
      north,
    );
    const { permit } = await studies.permit(
      {
        ...{ dataset, researcher: accountOf(researcher), purpose: 'research' },
        ...{ microRho: 10_000_000, notAfterMs: (await studies.timeMs()) + 30 * 86_400_000 },
      },
      north,
    );
    await studies.approve(permit, harbour);
    return new BenchStudy({ town, dataset, permit, researcher });
  }

  close(): Promise<void> {
    return this.town.close();
  }

  /** The database of a data server, which goes on beside. */
  database(server: 0 | 1 | 2): string {
    const hospital = join(serversOf(this.town.home), names[server]);
    return join(dataServerFolder(hospital), 'pages.db');
  }

  get trio(): string {
    return trioId(this.town.servers);
  }

  get newestBatch(): number {
    return this.#batches;
  }

  /** Writes so many patient-days into the three stores, and their batches on the ledger. */
  async fill(of: {
    readonly patients: number;
    readonly days: number;
    readonly readingsOfDay: number;
  }): Promise<Rollups> {
    const { patients, days, readingsOfDay } = of;
    this.#register(patients);
    const plain = new BigUint64Array(patients * days * columns);
    const rollups = { ...of, fromDay: this.#day, plain };
    this.#day += days;
    const stores = names.map((_, at) => new DatabaseSync(this.database(at as 0 | 1 | 2)));
    for (const store of stores) store.exec('PRAGMA busy_timeout = 5000');
    const guards = stores.map((store, at) => this.#guarded(store, at as 0 | 1 | 2));
    for (const store of stores) store.exec('BEGIN IMMEDIATE');
    const first = this.#batches;
    for (let day = 0; day < days; day++) {
      for (let from = 0; from < patients; from += daysOfBatch) {
        const size = Math.min(daysOfBatch, patients - from);
        this.#batches += 1;
        const rows = plain.subarray((day * patients + from) * columns).subarray(0, size * columns);
        drawPlain(rows, readingsOfDay);
        const shares = sharesOf(rows);
        const columnsOf = { day: rollups.fromDay + day, batch: this.#batches, from, size };
        for (const [at, store] of stores.entries())
          this.#insert(store, {
            ...{ ...columnsOf, readingsOfDay, rolls: shares[at] ?? shares[0] },
            macs: this.macs(at as 0 | 1 | 2),
          });
      }
    }
    for (const guard of guards) guard.settle();
    for (const store of stores) {
      store.exec('COMMIT; PRAGMA wal_checkpoint(TRUNCATE)');
      store.close();
    }
    await this.#anchor(first);
    return rollups;
  }

  /** As the server itself writes: rows have their MACs. */
  /** What one server's rows are bound by. */
  macs(server: 0 | 1 | 2): RowMacs {
    const key = readFileSync(join(dirname(this.database(server)), 'server.key'));
    return rowMacsOf(new Uint8Array(key));
  }

  #guarded(store: DatabaseSync, server: 0 | 1 | 2): SqliteRowGuard {
    return new SqliteRowGuard(store, this.macs(server), pageTables);
  }

  #insert(
    store: DatabaseSync,
    of: {
      readonly day: number;
      readonly batch: number;
      readonly from: number;
      readonly size: number;
      readonly readingsOfDay: number;
      readonly rolls: BigUint64Array;
      readonly macs: RowMacs;
    },
  ): void {
    const { day, batch, from, size, rolls, macs } = of;
    const order = Array.from({ length: size }, (_, at) => from + at);
    const column = (make: (who: number) => Uint8Array) => Buffer.concat(order.map(make));
    const { lastInsertRowid } = store
      .prepare(
        'INSERT INTO days (trio, panel, day, batch, patients, digests, counts, rolls) VALUES (?, 1, ?, ?, ?, ?, ?, ?)',
      )
      .run(
        ...[this.trio, day, batch, column(pseudonymOf)],
        column((who) => drawn('digest', `${day} ${who}`)),
        column(() => Buffer.concat([u32be(pagesPerDay), u32be(of.readingsOfDay)])),
        new Uint8Array(rolls.buffer, rolls.byteOffset, rolls.byteLength),
      );
    const none = new Uint8Array(0);
    store
      .prepare('INSERT INTO day_counters VALUES (?, ?, ?)')
      .run(Number(lastInsertRowid), macs.ofPart(none), none);
    store
      .prepare('INSERT INTO batches VALUES (?, ?, ?, 1, ?, ?, ?)')
      .run(this.trio, batch, rootOf(batch), day * 24, day * 24 + 23, none);
  }

  #register(patients: number): void {
    for (const server of [0, 1, 2] as const) {
      const store = new DatabaseSync(this.database(server));
      store.exec('PRAGMA busy_timeout = 5000');
      const guard = this.#guarded(store, server);
      store.exec('BEGIN IMMEDIATE');
      const insert = store.prepare('INSERT INTO patients VALUES (?, ?, 1, ?, ?)');
      for (let who = this.#registered; who < patients; who++) {
        const account = accountIdOf(drawn('account', String(who)));
        const bytes = encodeAs(registration, {
          ...{ account, pseudonym: pseudonymOf(who), counter: 1, sex: 1 + (who % 2), arm: 0 },
          ...{ ageBand: who % 10, region: 0, fromHour: 0, untilHour: 2 ** 32 - 1 },
          ...{ sensors: [], datasets: [this.dataset], pseudonymSalt: noSalt },
        });
        const signed = { registration: bytes, signature: new Uint8Array(64) };
        insert.run(pseudonymOf(who), account, encodeAs(signedRegistration, signed), who + 1);
      }
      guard.settle();
      store.exec('COMMIT');
      store.close();
    }
    this.#registered = Math.max(this.#registered, patients);
  }

  /** StatBatch of each, signed by the keys of the three servers. */
  async #anchor(first: number): Promise<void> {
    const { home, ledger, studies } = this.town;
    const { account, signingKey } = await studies.speaker('north');
    const hospitals = names.map((name) => hospitalOf(home, name));
    const held = await Promise.all(
      hospitals.map(async (it) => {
        const { keys } = await dataServerKeys(join(serversOf(home), it.name), it.account);
        return keys.sign;
      }),
    );
    const gateway = new GatewayClient(new Http(hospitals[0]?.url ?? ''));
    const send = actSender({ gateway, ledger, account, sign: signingKey, now: Date.now });
    for (let number = first + 1; number <= this.#batches; number++) {
      const batch = {
        ...{ trio: this.trio, number, root: rootOf(number), pages: 4_096 },
        ...{ firstHour: firstDay * 24, lastHour: firstDay * 24 },
      };
      const content = batchSignedBytes(batch, ledger.trustRoot.chain);
      const { batch: label } = vitalsNames.labels;
      const signatures = await Promise.all(
        held.map(async (key) => ({
          signKey: key.publicKey,
          signature: await signLabelled(key, label, content),
        })),
      );
      await send({ kind: 'StatBatch', ...batch, signatures });
    }
  }

  /** All 20 moments over these days: checked, paid and asked, each timed. */
  ask({ fromDay, days }: Rollups): Promise<Answered> {
    const hours = { fromHour: fromDay * 24, untilHour: (fromDay + days) * 24 };
    return this.#researcher.run(askTimed, {
      ...{ ...hours, dataset: this.dataset, permit: this.#permit, asOfBatch: this.#batches },
      servers: this.town.servers,
    });
  }
}

const pseudonymOf = (who: number): Uint8Array =>
  // Rising with their number, so that no sorting is needed here.
  Buffer.concat([u32be(who), drawn('pseudonym', String(who)).subarray(0, 12)]);

function hospitalOf(home: string, name: string) {
  const found = localHospitals(home).find((it) => it.name === name);
  if (found === undefined) throw new Error(`no hospital ${name}`);
  return found;
}

const rootOf = (batch: number): Uint8Array => drawn('root', String(batch));

/** Sums and products of readings around the middle of the windows. */
function drawPlain(rows: BigUint64Array, readings: number): void {
  const words = new Uint32Array(rows.length);
  randomFillSync(words);
  for (let at = 0; at < rows.length; at++) {
    const isSum = at % columns < 5;
    const typical = readings * (isSum ? 128 : 128 * 128);
    rows[at] = BigInt(typical + ((words[at] ?? 0) % (readings * 16)));
  }
}

/** Any two of them are uniform. */
function sharesOf(rows: BigUint64Array): readonly [BigUint64Array, BigUint64Array, BigUint64Array] {
  const [one, two] = [new BigUint64Array(rows.length), new BigUint64Array(rows.length)];
  randomFillSync(one);
  randomFillSync(two);
  const three = rows.map((it, at) => {
    one[at] = (one[at] ?? 0n) % field64.p;
    two[at] = (two[at] ?? 0n) % field64.p;
    return (it + 2n * field64.p - (one[at] ?? 0n) - (two[at] ?? 0n)) % field64.p;
  });
  return [one, two, three];
}

const askTimed: Action<
  Pick<QueryManifest, 'dataset' | 'permit' | 'asOfBatch' | 'fromHour' | 'untilHour'> & {
    readonly servers: Parameters<typeof serverLines>[1];
  },
  Answered
> = {
  name: 'bench/ask',
  async run(ctx, { servers, ...of }) {
    const lines = await serverLines(ctx, servers);
    const issuedMs = ctx.nowMs();
    const manifest: QueryManifest = {
      ...{ ...of, chainId: ctx.account.chainId, researcher: ctx.account.account, cohort: [] },
      // Predicting one vital sign from the four others releases all 5 sums and all 15 products.
      ...{ question: { kind: 'regression', vital: 0, on: [1, 2, 3, 4] }, purpose: 'research' },
      ...{ microRho: 20_000, issuedMs, expiresMs: issuedMs + 3_600_000 },
      nonce: drawn('nonce', `${issuedMs} ${Math.random()}`).slice(0, 16),
    };
    const bytes = encodeManifest(manifest);
    const { sign } = await ctx.keys();
    const { question: label } = vitalsNames.labels;
    const signed = encodeSigned({ bytes, signature: await signLabelled(sign, label, bytes) });
    const query = queryIdOf(bytes);
    const checkMs = await timed(() => all(lines, (line) => line.check(signed)));
    const act = debitOf(manifest, query);
    const debitMs = await timed(() =>
      sendActs(ctx, { kind: 'stat-query', acts: [act], writeDown: (content) => content }),
    );
    const keys = (await ctx.allKeys()).map(({ kem }) => kem);
    let opened: Opened | undefined;
    const askMs = await timed(async () => {
      const answers = await all(lines, (line) => line.ask(signed));
      opened = await openAnswers(answers, query, keys);
    });
    const { values, hashes } = opened ?? { values: [], hashes: [] };
    const sealMs = await timed(() => requireSealed(ctx, { query, servers, hashes }));
    return { values, checkMs, debitMs, askMs, withLedgerMs: debitMs + askMs + sealMs };
  },
};

const all = <Said>(
  lines: readonly ServerLine[],
  ask: (line: ServerLine) => Promise<Said>,
): Promise<Said[]> => Promise.all(lines.map(ask));

async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}
