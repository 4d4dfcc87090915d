import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Child, type Machine, type Supervised, Supervisor } from './supervisor.ts';

/** A machine without time or processes of its own: the test turns the clock and ends the children. */
class Bench implements Machine {
  ms = 0;
  readonly began: string[] = [];
  readonly ended: string[] = [];
  readonly children = new Map<string, BenchChild>();
  /** Children that ignore SIGTERM. */
  readonly deaf = new Set<string>();
  isFull = false;
  #pid = 0;
  #timers: { readonly atMs: number; readonly work: () => void }[] = [];

  spawn({ name }: Supervised): Child {
    if (this.isFull) throw new Error('no more processes');
    this.began.push(name);
    const child = new BenchChild(++this.#pid, (signal) => {
      this.ended.push(`${name} ${signal}`);
      if (signal === 'SIGKILL' || !this.deaf.has(name)) child.exit(signal);
    });
    this.children.set(name, child);
    return child;
  }

  now(): number {
    return this.ms;
  }

  after(ms: number, work: () => void): () => void {
    const timer = { atMs: this.ms + ms, work };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((it) => it !== timer);
    };
  }

  turn(ms: number): void {
    const until = this.ms + ms;
    for (;;) {
      const next = this.#timers.toSorted((a, b) => a.atMs - b.atMs).find((it) => it.atMs <= until);
      if (next === undefined) break;
      this.#timers = this.#timers.filter((it) => it !== next);
      this.ms = next.atMs;
      next.work();
    }
    this.ms = until;
  }

  child(name: string): BenchChild {
    const child = this.children.get(name);
    assert.ok(child);
    return child;
  }
}

class BenchChild implements Child {
  readonly pid: number;
  ready = () => {};
  exit: (how: string) => void = () => {};
  readonly kill: (signal: string) => void;

  constructor(pid: number, kill: (signal: string) => void) {
    this.pid = pid;
    this.kill = kill;
  }

  onReady(told: () => void): void {
    this.ready = told;
  }

  onExit(told: (how: string) => void): void {
    this.exit = told;
  }
}

const process = (name: string): Supervised => ({
  name,
  entry: `/${name}.ts`,
  order: { home: '/' },
});
const supervised = (machine: Bench, ...names: string[]) =>
  new Supervisor(names.map(process), machine);
const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

/** Started and ready. */
async function running(machine: Bench, ...names: string[]): Promise<Supervisor> {
  const supervisor = supervised(machine, ...names);
  const started = supervisor.start();
  for (const name of names) {
    machine.child(name).ready();
    await nextTurn();
  }
  await started;
  return supervisor;
}

test('a process is starting until it says that it is ready, and only then the next one starts', async () => {
  const machine = new Bench();
  const supervisor = supervised(machine, 'a', 'b');
  const started = supervisor.start();
  assert.deepEqual(machine.began, ['a']);
  assert.deepEqual(
    supervisor.states().map(({ state }) => state),
    ['starting', 'stopped'],
  );
  machine.turn(40);
  machine.child('a').ready();
  await nextTurn();
  assert.deepEqual(machine.began, ['a', 'b']);
  assert.deepEqual(supervisor.states()[0], {
    ...{ name: 'a', state: 'running', pid: 1, sinceMs: 40, restarts: 0 },
  });
  machine.child('b').ready();
  await started;
});

test('a process that does not stay is started again after pauses that double up to half a minute', async () => {
  const machine = new Bench();
  const supervisor = await running(machine, 'a');
  const pauses: number[] = [];
  for (let run = 0; run < 10; run++) {
    machine.child('a').exit('1');
    assert.equal(supervisor.states()[0]?.state, 'waiting');
    assert.equal(supervisor.states()[0]?.pid, undefined);
    const began = machine.began.length;
    const endedMs = machine.ms;
    while (machine.began.length === began) machine.turn(250);
    pauses.push(machine.ms - endedMs);
  }
  assert.deepEqual(pauses, [250, 500, 1e3, 2e3, 4e3, 8e3, 16e3, 30e3, 30e3, 30e3]);
  assert.deepEqual(supervisor.states()[0]?.lastExit, '1');
  assert.equal(supervisor.states()[0]?.restarts, 10);
});

test('who ran for a minute is started again after the first pause', async () => {
  const machine = new Bench();
  const supervisor = await running(machine, 'a');
  for (let run = 0; run < 5; run++) {
    machine.child('a').exit('1');
    machine.turn(30_000);
  }
  machine.child('a').ready();
  machine.turn(60_000);
  machine.child('a').exit('SIGSEGV');
  machine.turn(250);
  assert.equal(supervisor.states()[0]?.state, 'starting');
  assert.equal(supervisor.states()[0]?.lastExit, 'SIGSEGV');
});

test('one that ends at once, never gets ready or cannot be had holds nobody up', async () => {
  const machine = new Bench();
  const supervisor = supervised(machine, 'a', 'b', 'c');
  const started = supervisor.start();
  machine.child('a').exit('1');
  await nextTurn();
  // It is killed when its patience is over.
  machine.turn(30_000);
  assert.deepEqual(machine.ended.at(-1), 'b SIGKILL');
  machine.isFull = true;
  await nextTurn();
  await started;
  assert.deepEqual(
    supervisor.states().map(({ state, lastExit }) => [state, lastExit]),
    [
      ['starting', '1'],
      ['waiting', 'SIGKILL'],
      ['waiting', 'not started'],
    ],
  );
});

test('all stop in reverse order, by force who does not hear, and none is started again', async () => {
  const machine = new Bench();
  const supervisor = await running(machine, 'a', 'b', 'c');
  machine.deaf.add('b');
  machine.child('c').exit('0');
  const stopped = supervisor.stop();
  await nextTurn();
  assert.deepEqual(machine.ended, ['b SIGTERM']);
  machine.turn(10_000);
  await stopped;
  assert.deepEqual(machine.ended, ['b SIGTERM', 'b SIGKILL', 'a SIGTERM']);
  machine.turn(600_000);
  assert.deepEqual(machine.began, ['a', 'b', 'c']);
  assert.ok(supervisor.states().every(({ state }) => state === 'stopped'));
});

test('who was stopped before its turn to start is not started: nothing runs on after a stop', async () => {
  const machine = new Bench();
  const supervisor = supervised(machine, 'a', 'b');
  const started = supervisor.start();
  await supervisor.stop();
  await started;
  assert.deepEqual(machine.began, ['a']);
  assert.deepEqual(
    supervisor.states().map(({ state }) => state),
    ['stopped', 'stopped'],
  );
});
