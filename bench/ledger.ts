import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { validatorKeyOf } from '../src/engines/embedded/open.ts';
import { defaultGenesis, encodeGenesis } from '../src/ledger/genesis.ts';
import { organisationRights } from '../src/ledger/rights.ts';
import { consentIdOf } from '../src/primitives/ids.ts';
import { openLedger, type RunningLedger } from '../src/server/ledger.ts';
import { chainId, makeBody, makePerson, type Person, signTx } from '../test/builders.ts';
import { median, percentile, type Report } from './figures.ts';
import { besideRawEd25519, spending } from './raw-ed25519.ts';

const clients = 512;
/** Turns of the load, each between two of the peer. */
const rounds = 8;
const hourMs = 3_600_000;
const waitMs = 60_000;

/**
 * The embedded ledger in this process, every answer durable on disk: pre-signed ConsentGrants, each by its
 * sender's own key, in turn with this machine's own Ed25519 verification on all cores.
 *
 * `total` is how large the ledger grows for `p50-growth` and `restart`; 1e6 takes some ten minutes.
 */
export async function benchLedger(report: Report, total = 20_000): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'salus-bench-'));
  try {
    const bench = await Bench.open(folder);
    const base = { bench: 'ledger', rounds: 1 };
    const single = await bench.run(300, 1);
    const early = await bench.run(1_000, 1);
    const points: [number, number][] = [];
    const mark = async (): Promise<void> => {
      points.push([bench.size, median((await bench.run(200, 1)).ackMs)]);
    };
    await mark();
    // A server that runs has its code compiled.
    await bench.run(5_000, clients);
    const load: number[] = [];
    const turns = Array.from({ length: rounds }, () => async () => {
      const prepared = await bench.sign(Math.min(total, 20_000) / rounds, clients);
      return spending(async () => {
        const { n, ackMs } = await bench.send(prepared);
        load.push(...ackMs);
        return n;
      });
    });
    const beside = await besideRawEd25519(turns, 1_000);
    await mark();
    const step = Math.max(2_000, Math.ceil(total / 20));
    while (bench.size < total + step || points.length < 8) {
      await bench.run(step, clients);
      await mark();
    }
    const peer = 'raw Ed25519 verifications/s, all cores, in turn';
    const shown = { ...base, rounds, peer, peerValue: beside.peerRate, n: load.length };
    report({
      ...shown,
      figure: 'throughput',
      value: beside.rate,
      unit: 'acts/s',
      ratio: beside.ratio,
      goal: '>= 0.4',
      ok: beside.ratio >= 0.4,
    });
    report({
      ...shown,
      figure: 'throughput-cpu',
      value: beside.rate,
      unit: 'acts/s',
      peer: 'the same by CPU time',
      ratio: beside.cpuRatio,
      goal: 'shown',
      ok: true,
    });
    const p99 = percentile(load, 0.99);
    report({
      ...base,
      figure: 'ack-p99',
      value: p99,
      unit: 'ms',
      peer: 'a goal',
      peerValue: 200,
      ratio: 200 / p99,
      goal: '<= 200 ms',
      ok: p99 <= 200,
      n: load.length,
    });
    const p50 = median(single.ackMs);
    report({
      ...base,
      figure: 'single-client-p50',
      value: p50,
      unit: 'ms',
      peer: 'a goal',
      peerValue: 10,
      ratio: 10 / p50,
      goal: '<= 10 ms',
      ok: p50 <= 10,
      n: single.n,
    });
    const late = await bench.run(1_000, 1);
    const growth = median(late.ackMs) / median(early.ackMs);
    report({
      ...base,
      figure: `p50-growth-${total}`,
      value: growth,
      unit: 'x',
      peer: 'p50 at 1e3 transactions',
      peerValue: median(early.ackMs),
      ratio: 1 / growth,
      goal: '<= 1.3',
      ok: growth <= 1.3,
      n: total,
      points,
      axes: ['transactions on the ledger', 'p50 of one client, ms'],
    });
    const restartMs = await bench.restart();
    report({
      ...base,
      figure: `restart-${total}`,
      value: restartMs,
      unit: 'ms',
      peer: 'a goal',
      peerValue: 5_000,
      ratio: 5_000 / restartMs,
      goal: '<= 5,000 ms',
      ok: restartMs <= 5_000,
      n: total,
    });
    await bench.close();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Run {
  readonly n: number;
  readonly seconds: number;
  readonly ackMs: readonly number[];
}

/** A ledger with one hospital and its patients, in this process. */
export class Bench {
  readonly #folder: string;
  readonly #genesisBytes: Uint8Array;
  readonly #people: readonly Person[];
  #ledger: RunningLedger;
  #nonce = 0;
  #size = 0;

  private constructor(
    folder: string,
    genesisBytes: Uint8Array,
    people: readonly Person[],
    ledger: RunningLedger,
  ) {
    this.#folder = folder;
    this.#genesisBytes = genesisBytes;
    this.#people = people;
    this.#ledger = ledger;
  }

  static async open(folder: string): Promise<Bench> {
    const organisation = await makePerson('hospital', 'organisation');
    const genesisBytes = encodeGenesis(
      defaultGenesis({
        chainId,
        timeMs: Date.now(),
        organisations: [
          {
            identity: organisation.identity,
            name: 'hospital',
            url: '/hospital',
            rights: organisationRights,
          },
        ],
        validators: [{ publicKey: validatorKeyOf(folder).publicKey, power: 10 }],
      }),
    );
    const ledger = await openLedger({ folder, genesisBytes, acceptClock: false, onFault });
    const people: Person[] = [];
    for (let i = 0; i < clients; i++) {
      people.push(await makePerson(`patient ${i}`, 'patient', organisation.account));
    }
    const bench = new Bench(folder, genesisBytes, people, ledger);
    // 15 enrolments fill a transaction of 64 KiB with room to spare.
    for (let at = 0; at < people.length; at += 15) {
      const acts = people.slice(at, at + 15).map(({ identity }) => ({
        kind: 'Enrol' as const,
        identity,
        role: 'patient' as const,
        credentialHash: new Uint8Array(32),
      }));
      const body = makeBody(organisation.account, at + 1, Date.now() + hourMs, acts);
      await bench.#send(await signTx(body, organisation.key));
    }
    return bench;
  }

  async run(n: number, parallel: number): Promise<Run> {
    return this.send(await this.sign(n, parallel));
  }

  /** What each of `parallel` clients will send, `n` transactions together. */
  async sign(n: number, parallel: number): Promise<readonly (readonly Uint8Array[])[]> {
    const prepared: Uint8Array[][] = Array.from({ length: parallel }, () => []);
    for (let i = 0; i < n; i++) {
      const person = this.#people[i % clients];
      if (person === undefined) continue;
      if (i % clients === 0) this.#nonce++;
      prepared[i % parallel]?.push(await this.#grant(person));
    }
    return prepared;
  }

  /** Each client sends its next one when the last was acknowledged. */
  async send(prepared: readonly (readonly Uint8Array[])[]): Promise<Run> {
    const ackMs: number[] = [];
    const started = performance.now();
    await Promise.all(
      prepared.map(async (txs) => {
        for (const tx of txs) {
          const sent = performance.now();
          await this.#send(tx);
          ackMs.push(performance.now() - sent);
        }
      }),
    );
    const n = ackMs.length;
    this.#size += n;
    return { n, seconds: (performance.now() - started) / 1000, ackMs };
  }

  /** Transactions that `run` put there. */
  get size(): number {
    return this.#size;
  }

  get engine(): RunningLedger['engine'] {
    return this.#ledger.engine;
  }

  get genesisBytes(): Uint8Array {
    return this.#genesisBytes;
  }

  async restart(): Promise<number> {
    await this.#ledger.engine.close();
    const started = performance.now();
    this.#ledger = await openLedger({
      folder: this.#folder,
      genesisBytes: this.#genesisBytes,
      acceptClock: false,
      onFault,
    });
    return performance.now() - started;
  }

  close(): Promise<void> {
    return this.#ledger.engine.close();
  }

  #grant({ account, key }: Person): Promise<Uint8Array> {
    const now = Date.now();
    const act = {
      kind: 'ConsentGrant' as const,
      consent: consentIdOf(new Uint8Array(randomBytes(16))),
      bodyHash: new Uint8Array(randomBytes(32)),
      notBeforeMs: now,
      notAfterMs: now + 24 * hourMs,
      writeKey: new Uint8Array(0),
    };
    return signTx(makeBody(account, this.#nonce, now + 12 * hourMs, [act]), key);
  }

  async #send(tx: Uint8Array): Promise<void> {
    const { code, txId } = await this.#ledger.engine.submit(tx);
    if (code !== 0) throw new Error(`refused by CheckTx: ${code}`);
    const { result } = await this.#ledger.engine.waitCommit(txId, waitMs);
    if (result.code !== 0) throw new Error(`refused by a rule: ${result.code}`);
  }
}

function onFault(error: unknown): void {
  throw error;
}
