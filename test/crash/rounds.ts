import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BlockStore } from '../../src/engines/blocks/block-store.ts';
import { Acknowledged } from './acknowledged.ts';
import { Checker } from './check.ts';
import { Incarnation, type Ready, type ServerOrder } from './incarnation.ts';
import { Load } from './load.ts';
import { loadPoints, startPoints } from './points.ts';
import { ForgetfulDisk } from './power-loss.ts';
import { Random } from './random.ts';
import { genesisOf, Shadow, stateOf } from './shadow.ts';

export interface RoundsOptions {
  readonly rounds: number;
  readonly seed: number;
  /** A new home after so many. */
  readonly roundsPerHome: number;
  readonly onRound: (done: number, outcome: Outcome) => void;
}

export interface Outcome {
  kills: number;
  /** By cause: at a random time, or at a fault point. */
  killsAtRandom: number;
  killsAtPoint: number;
  readonly points: Map<string, number>;
  powerLosses: number;
  forgotten: number;
  olderStates: number;
  restarts: number;
  /** Consortiums that were killed, and lost power, while they were founded. */
  foundings: number;
  slowestRestartMs: number;
  acknowledged: number;
  blocks: number;
  /** Different states, of different heights, that stood on disk and were compared row by row. */
  readonly statesCompared: Set<string>;
  lost: number;
  half: number;
  stateEqual: boolean;
  verified: boolean;
  readonly powerLoss: boolean;
  readonly powerLossReason: string | undefined;
  readonly done: Map<string, number>;
  readonly codes: Map<string, number>;
  readonly faults: string[];
}

/** A server that was killed must serve again within this time, by itself. */
const restartBoundMs = 20_000;

/** Kills a consortium under load again and again, and holds what it said against what it kept. */
export async function killAndCheck(options: RoundsOptions): Promise<Outcome> {
  const folder = mkdtempSync(join(tmpdir(), 'salus-crash-'));
  const built = ForgetfulDisk.build(folder);
  const outcome = emptyOutcome('reason' in built ? built.reason : undefined);
  const random = new Random(options.seed);
  const points = new Points(random);
  try {
    await cutOffFoundings(folder, 'library' in built ? built.library : undefined, outcome);
    while (outcome.kills < options.rounds && outcome.faults.length === 0) {
      const rounds = Math.min(options.roundsPerHome, options.rounds - outcome.kills);
      const library = 'library' in built ? built.library : undefined;
      const place = mkdtempSync(join(folder, 'home-'));
      const town = new Town({ folder: place, library, random, points, outcome });
      try {
        await town.run(rounds, () => options.onRound(outcome.kills, outcome));
      } catch (error) {
        outcome.faults.push(String(error instanceof Error ? error.stack : error));
      } finally {
        await town.close();
      }
      if (outcome.faults.length === 0) rmSync(place, { recursive: true, force: true });
    }
  } finally {
    if (outcome.faults.length === 0) rmSync(folder, { recursive: true, force: true });
    else outcome.faults.push(`kept: ${folder}`);
  }
  return outcome;
}

/** A consortium that was cut off while it was founded is there, or is founded anew. */
async function cutOffFoundings(folder: string, library: string | undefined, outcome: Outcome) {
  for (const point of startPoints) {
    const place = mkdtempSync(join(folder, 'founding-'));
    const home = join(place, 'home');
    mkdirSync(home);
    const disk = library === undefined ? undefined : ForgetfulDisk.under(home, place, library);
    const servers = [new Incarnation(disk?.env), new Incarnation(disk?.env)] as const;
    try {
      await servers[0].start({ home, kill: { point, passage: 1 } }, restartBoundMs);
      await servers[0].kill();
      outcome.foundings += 1;
      outcome.forgotten += disk?.lose() ?? 0;
      await servers[1].start({ home }, restartBoundMs);
    } catch (error) {
      outcome.faults.push(`founding cut off at ${point}: ${String(error)}`);
    } finally {
      for (const server of servers) await server.kill();
    }
    rmSync(place, { recursive: true, force: true });
  }
}

/** All points in a random order, then again in another: none is left out for long. */
class Points {
  readonly #random: Random;
  #left: string[] = [];

  constructor(random: Random) {
    this.#random = random;
  }

  next(): string | undefined {
    if (this.#left.length === 0) this.#left = this.#random.shuffled(loadPoints);
    return this.#left.pop();
  }
}

/** Points that are passed all the time may be passed more often before the end. */
function mostPassages(point: string): number {
  if (point.startsWith('start:')) return point === 'start:hospital' ? 3 : 1;
  if (point.startsWith('engine:') || point.startsWith('blobs:commit')) return 20;
  if (point.startsWith('gateway:index')) return 40;
  return point.startsWith('gateway:inbox') || point.startsWith('gateway:items') ? 4 : 2;
}

/** One home and everybody on it, through many lives of its server. */
class Town {
  readonly #home: string;
  readonly #old: string;
  readonly #ledger: string;
  readonly #disk: ForgetfulDisk | undefined;
  readonly #random: Random;
  readonly #points: Points;
  readonly #outcome: Outcome;
  readonly #acked = new Acknowledged();
  readonly #load: Load;
  readonly #checker: Checker;
  /** At the height that is on disk. */
  readonly #shadow: Shadow;
  /** At the last block. */
  readonly #tip: Shadow;
  #next: Incarnation;
  #olds = 0;

  constructor(parts: {
    readonly folder: string;
    readonly library: string | undefined;
    readonly random: Random;
    readonly points: Points;
    readonly outcome: Outcome;
  }) {
    const { folder, library, random, points, outcome } = parts;
    this.#home = join(folder, 'home');
    this.#old = join(folder, 'old');
    this.#ledger = join(this.#home, 'servers', 'ledger');
    mkdirSync(this.#home);
    mkdirSync(this.#old);
    this.#disk =
      library === undefined ? undefined : ForgetfulDisk.under(this.#home, folder, library);
    this.#random = random;
    this.#points = points;
    this.#outcome = outcome;
    this.#load = new Load({ homeOf: () => this.#home, acked: this.#acked, random });
    this.#checker = new Checker([this.#home]);
    this.#shadow = new Shadow(this.#ledger, join(folder, 'shadow'));
    this.#tip = new Shadow(this.#ledger, join(folder, 'tip'));
    this.#next = new Incarnation(this.#disk?.env);
  }

  async run(rounds: number, onRound: () => void): Promise<void> {
    await this.#load.prepare();
    for (let round = 1; round <= rounds; round++) {
      await this.#live(round);
      this.#outcome.kills += 1;
      this.#afterDeath(round);
      this.#note();
      onRound();
      if (this.#outcome.faults.length > 0) return;
    }
    // The last of them lives, and everything is checked once more.
    const { server, ready } = await this.#start({ home: this.#home });
    if (ready !== undefined) await this.#check(ready, true);
    this.#load.start(() => ready?.url);
    await pause(500);
    await this.#load.stop();
    await server.kill();
    this.#note();
  }

  async close(): Promise<void> {
    await this.#next.kill();
    this.#shadow.close();
    this.#tip.close();
  }

  async #live(round: number): Promise<void> {
    const random = this.#random;
    const atStart = round <= 3 || random.is(0.06);
    const byPoint = random.is(0.65);
    const point = (atStart ? random.pick(startPoints) : this.#points.next()) ?? '';
    const passage = random.between(1, mostPassages(point));
    const order: ServerOrder = {
      home: this.#home,
      gathered: {
        stateLayer: random.between(1, 150),
        indexLayer: random.between(1, 60),
        checkpointPages: random.between(1, 300),
      },
      ...(byPoint && { kill: { point, passage } }),
    };
    const early = !byPoint && atStart;
    const { server, ready } = await this.#start(order, early ? random.between(0, 250) : undefined);
    if (ready !== undefined && !server.ended) {
      await this.#check(ready, random.is(0.1));
      this.#load.start(() => ready.url, byPoint ? point : '');
      await Promise.race([server.exited, pause(byPoint ? 2_000 : random.between(80, 900))]);
    }
    await server.kill();
    await this.#load.stop();
    const outcome = this.#outcome;
    if (server.stopped !== undefined) outcome.faults.push(`the ledger stopped: ${server.stopped}`);
    if (server.diedAt === undefined) outcome.killsAtRandom += 1;
    else {
      outcome.killsAtPoint += 1;
      outcome.points.set(server.diedAt, (outcome.points.get(server.diedAt) ?? 0) + 1);
    }
  }

  /** `killAfterMs`: it may die before it is up. */
  async #start(order: ServerOrder, killAfterMs?: number) {
    const server = this.#next;
    await server.warm();
    this.#next = new Incarnation(this.#disk?.env);
    const startedAt = performance.now();
    if (killAfterMs !== undefined) void pause(killAfterMs).then(() => server.kill());
    const ready = await server.start(order, restartBoundMs);
    if (ready !== undefined) {
      this.#outcome.restarts += 1;
      const ms = performance.now() - startedAt;
      this.#outcome.slowestRestartMs = Math.max(this.#outcome.slowestRestartMs, Math.round(ms));
    } else if (killAfterMs === undefined && server.diedAt === undefined) {
      throw new Error('the server ended while it started');
    }
    return { server, ready };
  }

  /** The power goes with some; some wake up with the state of another day. */
  #afterDeath(round: number): void {
    const random = this.#random;
    if (this.#disk !== undefined) {
      if (random.is(round <= 2 ? 0.7 : 0.4)) {
        this.#outcome.forgotten += this.#disk.lose(random);
        this.#outcome.powerLosses += 1;
      } else this.#disk.settle();
    }
    const state = ['state.db', 'state.db-wal'];
    if (!existsSync(join(this.#ledger, 'state.db'))) return;
    const fate = random.next();
    if (fate < 0.15) {
      const into = join(this.#old, String(this.#olds++));
      mkdirSync(into);
      for (const name of state) copyIfThere(join(this.#ledger, name), join(into, name));
    } else if (fate < 0.3) {
      const from = random.pick(readdirSync(this.#old));
      for (const name of [...state, 'state.db-shm']) {
        rmSync(join(this.#ledger, name), { force: true });
        if (from !== undefined) {
          copyIfThere(join(this.#old, from, name), join(this.#ledger, name));
        }
      }
      this.#outcome.olderStates += 1;
      this.#disk?.reset();
    }
  }

  /** The server is up, and nobody writes. */
  async #check({ height, appHash }: Ready, everything: boolean): Promise<void> {
    const outcome = this.#outcome;
    const genesis = genesisOf(this.#home);
    const store = new BlockStore(join(this.#ledger, 'blocks.db'), { readOnly: true, check: false });
    try {
      // What it answers from, and then what of it is on disk, which may lie behind.
      const wrong = await this.#tip.advance(genesis, store.lastHeight(), store);
      if (this.#tip.appHash(height) !== appHash) {
        wrong.push(`the state that is served at ${height} differs from a replay`);
      }
      const state = stateOf(join(this.#ledger, 'state.db'));
      if (state.height < this.#shadow.height) this.#shadow.restart();
      wrong.push(...(await this.#shadow.advance(genesis, state.height, store)));
      if (this.#shadow.state().hash !== state.hash) {
        wrong.push(`the state of height ${state.height} differs from a replay`);
      }
      this.#outcome.statesCompared.add(`${this.#ledger} ${state.height}`);
      if (wrong.length > 0) outcome.stateEqual = false;
      outcome.faults.push(...wrong);
    } finally {
      store.close();
    }
    const { staleAnchors } = this.#tip;
    const found = await this.#checker.check(this.#acked, { everything, staleAnchors });
    outcome.lost += found.lost.length;
    outcome.half += found.half.length;
    outcome.faults.push(...found.lost.map((what) => `lost: ${what}`));
    outcome.faults.push(...found.half.map((what) => `half: ${what}`));
    if (!everything) return;
    const broken = await this.#shadow.verify(genesis);
    if (broken !== undefined) {
      outcome.verified = false;
      outcome.faults.push(broken);
    }
  }

  #seen = { acked: 0, blocks: 0 };

  #note(): void {
    const outcome = this.#outcome;
    outcome.acknowledged += this.#acked.count - this.#seen.acked;
    outcome.blocks += this.#tip.height - this.#seen.blocks;
    this.#seen = { acked: this.#acked.count, blocks: this.#tip.height };
    for (const [name, count] of this.#load.done) add(outcome.done, name, count);
    this.#load.done.clear();
    for (const [code, count] of this.#acked.codes) add(outcome.codes, code, count);
    this.#acked.codes.clear();
    outcome.faults.push(...this.#load.unexpected.splice(0).map((what) => `client: ${what}`));
  }
}

function add(counts: Map<string, number>, name: string, count: number): void {
  counts.set(name, (counts.get(name) ?? 0) + count);
}

function copyIfThere(from: string, to: string): void {
  if (existsSync(from)) copyFileSync(from, to);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function emptyOutcome(powerLossReason: string | undefined): Outcome {
  return {
    kills: 0,
    killsAtRandom: 0,
    killsAtPoint: 0,
    points: new Map(),
    powerLosses: 0,
    forgotten: 0,
    olderStates: 0,
    restarts: 0,
    foundings: 0,
    slowestRestartMs: 0,
    acknowledged: 0,
    blocks: 0,
    statesCompared: new Set(),
    lost: 0,
    half: 0,
    stateEqual: true,
    verified: true,
    powerLoss: powerLossReason === undefined,
    powerLossReason,
    done: new Map(),
    codes: new Map(),
    faults: [],
  };
}
