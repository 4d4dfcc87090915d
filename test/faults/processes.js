import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
/**
 * Processes whose command line holds all of these words, as Linux tells in /proc: also those whose parent was killed and that
 * nobody knows any more.
 */
export function processesWith(...words) {
  const found = [];
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const line = readFileSync(`/proc/${name}/cmdline`, 'utf8');
      const state = /^\d+ \(.*\) (\S)/s.exec(readFileSync(`/proc/${name}/stat`, 'utf8'))?.[1];
      if (state !== 'Z' && words.every((word) => line.includes(word))) found.push(Number(name));
    } catch {
      // It ended meanwhile.
    }
  }
  return found;
}
/** Sends a signal to each that is still there. */
export function signal(pids, name) {
  for (const pid of pids) {
    try {
      process.kill(pid, name);
    } catch {
      // It ended meanwhile.
    }
  }
}
/** Resolves when none is left, or throws after `boundMs`. */
export async function gone(pids, boundMs) {
  const deadline = performance.now() + boundMs;
  while (pids().length > 0) {
    if (performance.now() > deadline)
      throw new Error(`processes that do not end: ${pids().join()}`);
    await wait(50);
  }
}
