import { encodeCbor } from '../../primitives/cbor.ts';
import { struct, uint } from '../../primitives/shape.ts';
import type { Context } from '../client/context.ts';
import { type Drawer, entriesOf, withEnded, withEntry } from '../wallet/drawer.ts';
import type { WrongEntries } from './wrong-entries.ts';

const wrongEntry = struct({ timeMs: uint });
const keyOf = (timeMs: number): Uint8Array => encodeCbor(timeMs);

/** When wrong digits were entered on any device of the person. Source: docs/protocol/devices.md, rule D-5. */
const drawer: Drawer<{ readonly timeMs: number }> = {
  wing: 'device-entries',
  entry: wrongEntry,
  key: ({ timeMs }) => keyOf(timeMs),
};

/** Times in ms, oldest first. */
export function wrongEntryTimes({ vault }: Pick<Context, 'vault'>): readonly number[] {
  return entriesOf(vault.content, drawer)
    .map(({ timeMs }) => timeMs)
    .sort((a, b) => a - b);
}

/** Kept in the wallet: on this device before anything is judged, and on the others with the next copy. */
export function walletWrongEntries(ctx: Pick<Context, 'vault'>): WrongEntries {
  return {
    read: async () => wrongEntryTimes(ctx),
    write: async (times) => {
      const timesMs = apart(times);
      await ctx.vault.change((content) => {
        const before = entriesOf(content, drawer).map(({ timeMs }) => timeMs);
        const gone = before.filter((it) => !timesMs.includes(it));
        const kept = gone.reduce((held, it) => withEnded(held, drawer, keyOf(it)), content);
        return timesMs
          .filter((it) => !before.includes(it))
          .reduce((held, timeMs) => withEntry(held, drawer, { timeMs }), kept);
      });
    },
  };
}

/** Two entries of one millisecond are two. */
function apart(timesMs: readonly number[]): readonly number[] {
  const kept = new Set<number>();
  for (const it of timesMs) kept.add(kept.has(it) ? Math.max(...kept) + 1 : it);
  return [...kept];
}
