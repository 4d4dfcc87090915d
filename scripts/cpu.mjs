// What the processes that this one started and waited for have cost: wall time says who else was busy.
import { readFileSync } from 'node:fs';

const ticksPerSecond = 100;

/** Seconds of CPU of all children that have ended; undefined where the system does not say so. */
export function childCpuSeconds() {
  try {
    const stat = readFileSync('/proc/self/stat', 'utf8');
    // The second field is a name and may hold anything; cutime and cstime are the 16th and 17th.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[13]) + Number(fields[14])) / ticksPerSecond;
  } catch {
    return undefined;
  }
}

/** `12.3 s, 8.1 s of CPU` of what `work` does. */
export function timed(work) {
  const started = performance.now();
  const before = childCpuSeconds();
  const result = work();
  const wall = `${((performance.now() - started) / 1000).toFixed(1)} s`;
  const after = childCpuSeconds();
  const cpuSeconds = before === undefined ? undefined : after - before;
  const took = cpuSeconds === undefined ? wall : `${wall}, ${cpuSeconds.toFixed(1)} s of CPU`;
  return { result, took, cpuSeconds };
}
