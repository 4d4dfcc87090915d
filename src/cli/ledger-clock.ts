import type { WalletAccount } from '../sdk/index.ts';
import { type Acting, work } from './acting.ts';
import type { CommandContext } from './commands/command.ts';
import type { Clock } from './time-flags.ts';

/** A ledger that is asked makes a block within minutes: what is further off is a wrong clock. */
const rightMs = 10 * 60_000;

/** The clock of this device. */
export const deviceClock = ({ surroundings }: CommandContext): Clock => ({
  nowMs: (surroundings.now ?? Date.now)(),
  ...(surroundings.zone !== undefined && { zone: surroundings.zone }),
});

/** From when relative times count: by this device where it agrees with the ledger, else by the ledger, which is said. */
export async function ledgerClock(
  context: CommandContext,
  { person }: Acting,
  account: WalletAccount,
): Promise<Clock> {
  const here = deviceClock(context);
  const { timeMs } = await person.newestBlock(work(context, account));
  const aheadMs = here.nowMs - timeMs;
  if (Math.abs(aheadMs) <= rightMs) return here;
  const by = lengthOf(Math.abs(aheadMs));
  context.output.note(
    `This device's clock is ${by} ${aheadMs > 0 ? 'ahead of' : 'behind'} the ledger's: times count from the ledger's.`,
  );
  return { ...here, nowMs: timeMs };
}

function lengthOf(ms: number): string {
  const minutes = Math.round(ms / 60_000);
  if (minutes < 120) return `${minutes} minutes`;
  return minutes < 48 * 60
    ? `${Math.round(minutes / 60)} hours`
    : `${Math.round(minutes / 1440)} days`;
}
