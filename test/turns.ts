/** What one turn of the event loop cost while something ran, in milliseconds of this thread's CPU: no clock is asked. */
interface Turns {
  readonly longestMs: number;
  readonly count: number;
}

/** Others wait for a turn to end: none may be longer than this, whatever one caller sends (http.md, H-21). */
export const longestTurnMs = 50;

/** Runs `work`, and looks at the CPU that each turn took meanwhile. */
async function turnsOf(work: () => Promise<unknown>): Promise<Turns> {
  let before = spentMs();
  let longestMs = 0;
  let count = 0;
  let goesOn = true;
  const look = () => {
    const now = spentMs();
    longestMs = Math.max(longestMs, now - before);
    before = now;
    count += 1;
    if (goesOn) setImmediate(look);
  };
  setImmediate(look);
  try {
    await work();
  } finally {
    goesOn = false;
  }
  look();
  return { longestMs, count };
}

/**
 * The longest turn of the shortest of three runs, what the work takes and not what else the machine did meanwhile;
 * and the fewest turns. A first run that takes half of what is allowed is enough.
 */
export async function leastOfThree(work: (run: number) => Promise<unknown>): Promise<Turns> {
  const least = { longestMs: Number.POSITIVE_INFINITY, count: Number.POSITIVE_INFINITY };
  for (let run = 0; run < 3 && least.longestMs > longestTurnMs / 2; run++) {
    const { longestMs, count } = await turnsOf(() => work(run));
    least.longestMs = Math.min(least.longestMs, longestMs);
    least.count = Math.min(least.count, count);
  }
  return least;
}

function spentMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
}
