import { spawnSync } from 'node:child_process';
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  statfsSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BlockStore } from '../../src/engines/blocks/block-store.ts';
import { Acknowledged } from './acknowledged.ts';
import { Checker } from './check.ts';
import { Incarnation, type Ready } from './incarnation.ts';
import { Load, type UrlOf } from './load.ts';
import { writePoints } from './points.ts';
import { Random } from './random.ts';
import { genesisOf, Shadow } from './shadow.ts';

export interface DiskFullOutcome {
  /** Fault points that were made to say so, and did. */
  readonly pointsRefused: string[];
  readonly pointsNotReached: string[];
  /** How often a real file system was full; 0 with the reason why it was not tried. */
  fullDisks: number;
  fullDiskReason: string | undefined;
  /** Starts on a full disk: refused with DISK_FULL, up in spite of it, or up once there was room. */
  startsRefused: number;
  startsOnFull: number;
  startsWaiting: number;
  acknowledged: number;
  lost: number;
  half: number;
  slowestRecoveryMs: number;
  readonly refusals: Map<string, number>;
  readonly faults: string[];
}

const recoveryBoundMs = 15_000;
const restartBoundMs = 20_000;

/** Fills the disk under a consortium that works: every refusal has a code, and it goes on by itself. */
export async function fillDisks(options: {
  readonly rounds: number;
  readonly seed: number;
  readonly onRound: (what: string) => void;
}): Promise<DiskFullOutcome> {
  const outcome: DiskFullOutcome = {
    pointsRefused: [],
    pointsNotReached: [],
    fullDisks: 0,
    fullDiskReason: undefined,
    startsRefused: 0,
    startsOnFull: 0,
    startsWaiting: 0,
    acknowledged: 0,
    lost: 0,
    half: 0,
    slowestRecoveryMs: 0,
    refusals: new Map(),
    faults: [],
  };
  const random = new Random(options.seed);
  const folder = mkdtempSync(join(tmpdir(), 'salus-full-'));
  try {
    const site = new Site(join(folder, 'points'), join(folder, 'points-tip'), random, outcome);
    await guarded(outcome, site, () => site.fillPoints(options.onRound));

    const mounted = join(folder, 'mounted');
    mkdirSync(mounted);
    const mount = ['-t', 'tmpfs', '-o', 'size=192m,mode=700', 'tmpfs', mounted];
    const done = spawnSync('mount', mount, { encoding: 'utf8' });
    if (done.status !== 0) {
      outcome.fullDiskReason =
        'mounting a small file system needs root; only fault points were tried';
      return outcome;
    }
    try {
      const full = new Site(join(mounted, 'home'), join(folder, 'mounted-tip'), random, outcome);
      await guarded(outcome, full, () => full.fillDisk(mounted, options.rounds, options.onRound));
    } finally {
      spawnSync('umount', [mounted]);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return outcome;
}

async function guarded(outcome: DiskFullOutcome, site: Site, work: () => Promise<void>) {
  try {
    await work();
  } catch (error) {
    outcome.faults.push(String(error instanceof Error ? error.stack : error));
  } finally {
    await site.close();
  }
}

class Site {
  readonly #home: string;
  readonly #random: Random;
  readonly #outcome: DiskFullOutcome;
  readonly #acked = new Acknowledged();
  readonly #load: Load;
  readonly #checker: Checker;
  readonly #tip: Shadow;
  #server = new Incarnation();
  #ready: Ready | undefined;
  #waiting: Promise<unknown> | undefined;

  constructor(home: string, tip: string, random: Random, outcome: DiskFullOutcome) {
    mkdirSync(home, { recursive: true });
    this.#home = home;
    this.#random = random;
    this.#outcome = outcome;
    this.#load = new Load({ homeOf: () => home, acked: this.#acked, random });
    this.#checker = new Checker([home]);
    this.#tip = new Shadow(join(home, 'servers', 'ledger'), tip);
  }

  async close(): Promise<void> {
    await this.#load.stop();
    await this.#server.kill();
    this.#tip.close();
    this.#outcome.acknowledged += this.#acked.count;
    for (const [code, count] of this.#acked.codes) {
      this.#outcome.refusals.set(code, (this.#outcome.refusals.get(code) ?? 0) + count);
    }
    const unexpected = this.#load.unexpected.map((what) => `client: ${what}`);
    this.#outcome.faults.push(...new Set(unexpected));
  }

  async #begin(): Promise<void> {
    await this.#load.prepare();
    this.#ready = await this.#server.start({ home: this.#home }, restartBoundMs);
    this.#load.start(this.#urlOf);
    const deadline = performance.now() + 60_000;
    while (!this.#load.isComplete && performance.now() < deadline) await pause(50);
    await this.#load.stop();
  }

  get #urlOf(): UrlOf {
    if (this.#ready === undefined) throw new Error('the server is not up');
    const { url } = this.#ready;
    return () => url;
  }

  async fillPoints(onRound: (what: string) => void): Promise<void> {
    await this.#begin();
    for (const point of writePoints) {
      this.#server.refusedAt.clear();
      this.#load.start(this.#urlOf, point);
      this.#server.tell({ failing: [point] });
      const deadline = performance.now() + 8_000;
      while (this.#server.refusedAt.size === 0 && performance.now() < deadline) await pause(25);
      await pause(150);
      this.#server.tell({ failing: [] });
      await this.#load.stop();
      const reached = this.#server.refusedAt.has(point);
      (reached ? this.#outcome.pointsRefused : this.#outcome.pointsNotReached).push(point);
      await this.#recover();
      await this.#check();
      onRound(point);
      if (this.#outcome.faults.length > 0) return;
    }
  }

  async fillDisk(mounted: string, rounds: number, onRound: (what: string) => void): Promise<void> {
    await this.#begin();
    const ballast = join(mounted, 'ballast');
    for (let round = 1; round <= rounds; round++) {
      const leave = this.#random.is(0.3) ? 0 : this.#random.below(1_500) * 1024;
      fill(ballast, mounted, leave);
      this.#load.start(this.#urlOf);
      await pause(this.#random.between(300, 900));
      // What little was left goes as well.
      fill(`${ballast}.more`, mounted, 0);
      await pause(this.#random.between(100, 500));
      await this.#load.stop();
      this.#outcome.fullDisks += 1;
      if (this.#random.is(0.3)) await this.#restartOnFull();
      rmSync(ballast, { force: true });
      rmSync(`${ballast}.more`, { force: true });
      await this.#waiting;
      this.#waiting = undefined;
      if (this.#ready === undefined) {
        this.#server = new Incarnation();
        this.#ready = await this.#server.start({ home: this.#home }, restartBoundMs);
      }
      await this.#recover();
      await this.#check();
      onRound(`full ${round}`);
      if (this.#outcome.faults.length > 0) return;
      if (available(mounted) < 24 * 1024 * 1024) return;
    }
  }

  /** Killed, and started again while there is no room. */
  async #restartOnFull(): Promise<void> {
    await this.#server.kill();
    this.#server = new Incarnation();
    this.#ready = undefined;
    const starting = this.#server.start({ home: this.#home }, restartBoundMs).then(
      (ready) => {
        this.#ready = ready;
        return 'up' as const;
      },
      (error: unknown) => {
        if (!String(error).includes('DISK_FULL')) throw error;
        return 'refused' as const;
      },
    );
    const outcome = await Promise.race([starting, pause(3_000)]);
    if (outcome === 'up') this.#outcome.startsOnFull += 1;
    else if (outcome === 'refused') this.#outcome.startsRefused += 1;
    else {
      // It waits for room, and must come up when there is.
      this.#outcome.startsWaiting += 1;
      this.#waiting = starting;
    }
  }

  /** There is room again: everything works, without a restart. */
  async #recover(): Promise<void> {
    const startedAt = performance.now();
    await this.#load.probe(this.#urlOf, recoveryBoundMs);
    const ms = Math.round(performance.now() - startedAt);
    // What is tried again at intervals gets its turn.
    await pause(1_000);
    this.#outcome.slowestRecoveryMs = Math.max(this.#outcome.slowestRecoveryMs, ms);
    if (this.#server.stopped !== undefined) {
      this.#outcome.faults.push(`the ledger stopped: ${this.#server.stopped}`);
    }
  }

  async #staleAnchors(): Promise<ReadonlySet<string>> {
    const ledger = join(this.#home, 'servers', 'ledger');
    const store = new BlockStore(join(ledger, 'blocks.db'), { readOnly: true, check: false });
    try {
      const wrong = await this.#tip.advance(genesisOf(this.#home), store.lastHeight(), store);
      this.#outcome.faults.push(...wrong);
    } finally {
      store.close();
    }
    return this.#tip.staleAnchors;
  }

  async #check(): Promise<void> {
    const { lost, half } = await this.#checker.check(this.#acked, {
      everything: false,
      staleAnchors: await this.#staleAnchors(),
    });
    this.#outcome.lost += lost.length;
    this.#outcome.half += half.length;
    this.#outcome.faults.push(...lost.map((what) => `lost: ${what}`));
    this.#outcome.faults.push(...half.map((what) => `half: ${what}`));
  }
}

function available(mounted: string): number {
  const { bavail, bsize } = statfsSync(mounted);
  return bavail * bsize;
}

/** A file as large as it takes to leave so many bytes. */
function fill(path: string, mounted: string, leaveBytes: number): void {
  const file = openSync(path, 'w');
  const piece = new Uint8Array(256 * 1024).fill(7);
  try {
    for (;;) {
      const left = available(mounted) - leaveBytes;
      if (left <= 0) return;
      writeSync(file, piece, 0, Math.min(piece.length, left));
    }
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error;
  } finally {
    closeSync(file);
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
