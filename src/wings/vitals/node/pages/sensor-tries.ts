import { bytesToHex } from '../../../../primitives/bytes.ts';
import type { DataServerBase } from '../data-server-base.ts';

const dayMs = 86_400_000;

interface Tries {
  readonly pages: number;
  readonly endsMs: number;
}
const ofServers = new WeakMap<DataServerBase, Map<string, Tries>>();

/**
 * Counts pages of a sensor before their bodies are opened, also of uploads that are refused then, and of several that come at
 * once: the store counts what was taken in. False: they are more than its quota of a day, and are not counted. Rule VS-8.
 */
export function countTries(base: DataServerBase, sensor: Uint8Array, pages: number): boolean {
  const tries = ofServers.get(base) ?? new Map<string, Tries>();
  ofServers.set(base, tries);
  const [name, nowMs] = [bytesToHex(sensor), base.now()];
  const before = tries.get(name);
  const isRunning = before !== undefined && nowMs < before.endsMs;
  const day = isRunning ? before : { pages: 0, endsMs: nowMs + dayMs };
  if (day.pages + pages > base.settings.pagesPerDay) return false;
  tries.delete(name);
  tries.set(name, { ...day, pages: day.pages + pages });
  // Those whose day is over lie at the front, as long as nobody is newer.
  for (const [oldest, { endsMs }] of tries) {
    if (endsMs > nowMs) break;
    tries.delete(oldest);
  }
  return true;
}
