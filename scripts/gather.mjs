// Runs many test files in one process, each as a suite: what `scripts/test.mjs` writes calls it.
import asyncHooks from 'node:async_hooks';
import { appendFileSync } from 'node:fs';
import { childCpuSeconds } from './cpu.mjs';

// Node's runner follows every promise of the process, so that a test which is declared far from its suite finds it,
// and an error that nobody caught finds its test. That costs a fifth of all that tests cost. Once all files are read
// the first is over; the second then fails the file in place of the test. The runner keeps its hook to itself: it is
// taken where it is made, and where a Node makes none, all is as without this.
const { AsyncResource, createHook } = asyncHooks;
const hooks = [];
asyncHooks.createHook = (callbacks) => {
  const hook = createHook(callbacks);
  hooks.push(hook);
  return hook;
};
// No import at the top may bring the runner: it would make its hook before it can be taken.
const { after, afterEach, before, beforeEach, suite } = await import('node:test');
// The runner has taken it by now.
asyncHooks.createHook = createHook;

/** `files`: the name of each, and what imports it. */
export function gather(files) {
  const read = [];
  // One file after the other: two that wait for the same module would go on in the suite of the first, with their tests.
  let previous = Promise.resolve();
  // `scripts/test.mjs --cpu` names the file to which the costs are added, a line each.
  const costs = process.env.SALUS_TEST_CPU;
  for (const [name, load] of files) {
    suite(name, async () => {
      const ends = costs === undefined ? () => {} : meter(name, costs);
      const reading = previous.then(AsyncResource.bind(load));
      previous = reading.catch(() => {});
      read.push(reading);
      await reading;
      ends();
    });
  }
  before(async () => {
    await Promise.allSettled(read);
    for (const hook of hooks) hook.disable();
  });
}

/** Seconds of CPU of this process with all its threads, and of the processes that it waited for. */
function spentSeconds() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6 + (childCpuSeconds() ?? 0);
}

/**
 * Adds to the file `costs` what each test of this suite and the suite itself take. Called first inside it; what it
 * returns is called last, so that the hooks of the file are counted.
 */
function meter(file, costs) {
  const add = (cost) => appendFileSync(costs, `${JSON.stringify({ file, ...cost })}\n`);
  let began = 0;
  const starts = [];
  before(() => {
    began = spentSeconds();
  });
  beforeEach(() => {
    starts.push(spentSeconds());
  });
  afterEach(({ name }) => {
    add({ test: name, seconds: spentSeconds() - starts.pop() });
  });
  return () => after(() => add({ seconds: spentSeconds() - began }));
}
