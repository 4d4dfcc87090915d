// Runs many test files in one process, each as a suite: what `scripts/test.mjs` writes calls it.
import asyncHooks from 'node:async_hooks';

// Node's runner follows every promise of the process, so that a test which is declared far from its suite finds it,
// and an error that nobody caught finds its test. That costs a fifth of all that tests cost. Once all files are read
// the first is over; the second then fails the file in place of the test. The runner keeps its hook to itself: it is
// taken where it is made, and where a Node makes none, all is as without this.
const { createHook } = asyncHooks;
const hooks = [];
asyncHooks.createHook = (callbacks) => {
  const hook = createHook(callbacks);
  hooks.push(hook);
  return hook;
};
const { before, suite } = await import('node:test');
// The runner has taken it by now.
asyncHooks.createHook = createHook;

/** `files`: the name of each, and what imports it. */
export function gather(files) {
  const read = [];
  for (const [name, load] of files) {
    suite(name, async () => {
      const reading = load();
      read.push(reading);
      await reading;
    });
  }
  before(async () => {
    await Promise.allSettled(read);
    for (const hook of hooks) hook.disable();
  });
}
