import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { leastValidators } from '../../src/ledger/validator-set.ts';
import { Acknowledged } from '../crash/acknowledged.ts';
import { Load } from '../crash/load.ts';
import { Random } from '../crash/random.ts';
import type { Consortium } from './consortium.ts';
import type { History } from './history.ts';
import type { Hospital } from './hospital.ts';
import { type Planned, planned } from './schedule.ts';
import { doubleSign, type Twins } from './twins.ts';

const foundingMs = 120_000;
/** Check 8: from heal to the next blocks, and to every hospital being there again. */
const progressMs = 30_000;
const rejoinMs = 90_000;
/** After a fault began, until what was under way is through. */
const settleMs = 3_000;
/** What the validator with two machines takes of the minutes. */
const twinsMs = 60_000;

/** One fault as it went. */
export interface Played {
  readonly atMs: number;
  readonly fault: string;
  readonly on: readonly string[];
  readonly what: string;
  /** Highest height when it began and when it was healed. */
  readonly heights: readonly [before: number, after: number];
  /** Undefined: not within its bound. */
  readonly progressMs: number | undefined;
  readonly rejoinMs: number | undefined;
  /** A third or more of the power was gone, and so many blocks were made all the same. */
  readonly isTooMuch: boolean;
  readonly forbidden: number;
  /** Why it could not be played to its end. */
  readonly failed: string | undefined;
}

export interface DoubleSigned extends Twins {
  readonly progressMs: number | undefined;
}

export interface Outcome {
  readonly acked: Acknowledged;
  readonly played: Played[];
  /** One after the other: the first leaves, the second is needed. */
  readonly signedTwice: readonly DoubleSigned[];
  readonly done: ReadonlyMap<string, number>;
  /** Nobody asked for anything any more, and no block was made any more. */
  readonly isAtRest: boolean;
  /** Where each refusal of a client came from first. */
  readonly refusals: ReadonlyMap<string, string>;
  /** What should not have come to a client. */
  readonly unexpected: readonly string[];
}

/** Runs the hospitals, the people who use them and the schedule, and leaves all of it standing still. */
export async function play(of: {
  readonly consortium: Consortium;
  readonly history: History;
  readonly seed: number;
  readonly only: readonly string[];
  readonly minutes: number;
  readonly say: (line: string) => void;
}): Promise<Outcome> {
  const { consortium, history, seed, only, minutes, say } = of;
  const { hospitals } = consortium;
  const acked = new Acknowledged();
  const random = new Random(seed ^ 0x5a105);
  const load = new Load({
    homeOf: (name) => named(hospitals, name).home,
    hospitals: hospitals.map(({ name }) => name),
    ...{ acked, random, wanders: true, send: history.send },
    pauseMs: () => random.between(40, 240),
  });
  await load.prepare();
  for (const it of hospitals) it.up();
  await Promise.all(hospitals.map((it) => it.ready(foundingMs)));
  say(`${hospitals.length} hospitals run`);
  const end = new AbortController();
  load.start((name) => named(hospitals, name).url);
  const observing = observe(consortium, history, random, end.signal);
  const played: Played[] = [];
  const signedTwice: DoubleSigned[] = [];
  try {
    await warm(load);
    say('everybody is there');
    const deadline = performance.now() + minutes * 60_000 - twinsMs;
    for (const next of planned(seed, only, consortium)) {
      if (performance.now() > deadline) break;
      const one = await playOne(consortium, next, say);
      history.note({ played: one });
      played.push(one);
      if (one.rejoinMs === undefined) break;
      await wait(next.calmMs);
    }
    if (played.every((it) => it.rejoinMs !== undefined)) {
      // As many as it takes until no more may leave, and one of those that are left.
      const many = hospitals.length - leastValidators + 1;
      for (const one of new Random(seed).shuffled(hospitals).slice(0, many)) {
        const signed = await doubleSign(consortium, one, say);
        const progressMs = await progress(hospitals, await tip(hospitals));
        signedTwice.push({ ...signed, progressMs });
        history.note({ signedTwice: signedTwice.at(-1) });
        say(
          `evidence against ${one.name} in block ${signed.evidenceAt}, ${signed.after} validators`,
        );
        await allAt(hospitals, await tip(hospitals), rejoinMs);
      }
    }
  } finally {
    end.abort();
    await load.stop();
    await observing;
  }
  const isAtRest = await still(hospitals);
  await Promise.all(hospitals.map((it) => it.down('SIGTERM')));
  return {
    acked,
    played,
    signedTwice,
    done: load.done,
    unexpected: load.unexpected,
    isAtRest,
    refusals: load.firstOf,
  };
}

async function warm(load: Load): Promise<void> {
  const deadline = performance.now() + 60_000;
  while (!load.isComplete && performance.now() < deadline) await wait(100);
}

async function playOne(
  consortium: Consortium,
  { fault, on, holdMs, random }: Planned,
  say: (line: string) => void,
): Promise<Played> {
  const { hospitals } = consortium;
  const atMs = Math.round(performance.now());
  const names = on.map(({ name }) => name);
  const before = await tip(hospitals);
  say(`${fault.name}: ${names.join(', ')}`);
  const isTooMuch = fault.on === 'a third';
  const watch = isTooMuch ? standstill(hospitals, holdMs) : undefined;
  let failed: string | undefined;
  const what = await fault.play({ consortium, random, holdMs }, on).catch((error: unknown) => {
    failed = String(error);
    // Whatever it had done is undone as far as it can be.
    consortium.mesh.heal();
    for (const it of hospitals) it.up();
    return failed;
  });
  const forbidden = (await watch) ?? 0;
  const after = await tip(hospitals);
  const [moved, back] = await Promise.all([
    progress(hospitals, after),
    allAt(hospitals, after + 1, rejoinMs),
  ]);
  say(`  ${what}; goes on after ${moved} ms, all are there after ${back} ms, height ${after}`);
  return {
    ...{ atMs, fault: fault.name, on: names, what, heights: [before, after] },
    ...{ progressMs: moved, rejoinMs: back, isTooMuch, forbidden, failed },
  };
}

/** Blocks that came between the time when nothing is under way any more and shortly before the heal. */
async function standstill(hospitals: readonly Hospital[], holdMs: number): Promise<number> {
  await wait(settleMs);
  const from = await tip(hospitals);
  await wait(Math.max(0, holdMs - settleMs - 2_000));
  return (await tip(hospitals)) - from;
}

/** The highest that anybody has committed. */
async function tip(hospitals: readonly Hospital[]): Promise<number> {
  return Math.max(
    0,
    ...(await Promise.all(hospitals.map((it) => it.height()))).map((it) => it ?? 0),
  );
}

/** Until more than two thirds are two blocks further. */
async function progress(hospitals: readonly Hospital[], from: number): Promise<number | undefined> {
  return until(progressMs, async () => {
    const heights = await Promise.all(hospitals.map((it) => it.height()));
    return heights.filter((it) => (it ?? 0) >= from + 2).length * 3 > hospitals.length * 2;
  });
}

/** Until every node has this height, and every gateway answers. */
function allAt(
  hospitals: readonly Hospital[],
  height: number,
  boundMs: number,
): Promise<number | undefined> {
  return until(boundMs, async () => {
    if (!hospitals.every((it) => it.isReady)) return false;
    const heights = await Promise.all(hospitals.map((it) => it.height()));
    return heights.every((it) => (it ?? 0) >= height);
  });
}

/** Until nobody makes a block any more, and all have the same. */
async function still(hospitals: readonly Hospital[]): Promise<boolean> {
  let last = '';
  const tookMs = await until(rejoinMs, async () => {
    const heights = await Promise.all(hospitals.map((it) => it.height()));
    const now = heights.join();
    const isStill = now === last && new Set(heights).size === 1 && heights[0] !== undefined;
    last = now;
    await wait(1_500);
    return isStill;
  });
  return tookMs !== undefined;
}

async function until(boundMs: number, holds: () => Promise<boolean>): Promise<number | undefined> {
  const startedAt = performance.now();
  while (performance.now() - startedAt < boundMs) {
    if (await holds()) return Math.round(performance.now() - startedAt);
    await wait(100);
  }
  return undefined;
}

/** Asks hospitals for rows of people and grants that were in blocks, while everything goes on. */
async function observe(
  { hospitals }: Consortium,
  history: History,
  random: Random,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    await wait(random.between(100, 500));
    const hospital = random.pick(hospitals);
    const account = random.pick([...history.known.accounts]);
    const consent = random.pick([...history.known.consents]);
    if (hospital?.url === undefined) continue;
    const [table, key] =
      random.is(0.5) && consent !== undefined
        ? (['consents', consent] as const)
        : (['accounts', account ?? '00'] as const);
    try {
      await history.observe(hospital.url, hospital.name, table, key);
    } catch {
      // Down, or too slow: nothing was told.
    }
  }
}

export function named(hospitals: readonly Hospital[], name: string): Hospital {
  const found = hospitals.find((it) => it.name === name);
  if (found === undefined) throw new Error(`no hospital ${name}`);
  return found;
}

export const historyPath = (folder: string): string => join(folder, 'history.jsonl');
