import { statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Gateway } from './gateway.ts';
import type { KnownBackup, Machine } from './machine.ts';
import type { Metrics } from './metrics.ts';

/** Sets the figures that are looked up when somebody asks for them. */
export async function observeGateway(
  metrics: Metrics,
  gateway: Gateway,
  backup?: KnownBackup,
): Promise<void> {
  const { hospital, engine, blobs, databasePath } = gateway.options;
  const { height, stalledMs } = engine.status();
  metrics.ledgerHeight.set({ hospital }, height);
  metrics.ledgerStalledMs.set({ hospital }, stalledMs);
  for (const [part, opened] of gateway.parts.entries()) {
    const figures = metrics.figuresOf(part, hospital);
    for (const [name, metric] of Object.entries(part.metrics ?? {})) {
      if (metric.kind === 'gauge') figures.set(name, metric.now(opened));
    }
  }
  metrics.blobBytes.set({ hospital }, (await blobs.total()).bytes);
  const freeBytes = freeBytesAt(databasePath);
  if (freeBytes !== undefined) metrics.diskFreeBytes.set({ hospital }, freeBytes);
  if (backup !== undefined) metrics.backupAgeMs.set({ hospital }, Date.now() - backup.createdMs);
}

function freeBytesAt(databasePath: string): number | undefined {
  if (databasePath === ':memory:') return undefined;
  try {
    const { bavail, bsize } = statfsSync(dirname(databasePath));
    return bavail * bsize;
  } catch {
    // A disk that cannot be asked is seen by what is refused.
    return undefined;
  }
}

/** With less than this no block, row or log can be counted on to find room. */
const leastFreeBytes = 8 * 1024 * 1024;

/**
 * What `/health` says of one hospital: whether it can serve reads and writes now, and `ok` when it can do both. `ageMs`
 * is that of the newest block: a ledger with nothing to do makes one every five minutes. `historyFrom`: the oldest block that
 * is here, while earlier ones are still being fetched.
 */
export function healthOf({ options, settings, index, now }: Gateway) {
  const { hospital, engine, databasePath } = options;
  const { height, timeMs, stalledMs } = engine.status();
  const behind = height - index.height;
  const historyFrom = engine.historyFrom?.();
  const reads = stalledMs < settings.stalledMs && behind < 100 && historyFrom === undefined;
  const freeBytes = freeBytesAt(databasePath);
  const writes = reads && (freeBytes ?? leastFreeBytes) >= leastFreeBytes;
  const ageMs = Math.max(0, now() - timeMs);
  const free = freeBytes === undefined ? {} : { freeBytes };
  const missing = historyFrom === undefined ? {} : { historyFrom };
  const shown = { hospital, ok: writes, reads, writes, height, behind, stalledMs, ageMs };
  return { ...shown, ...free, ...missing };
}

/** For `/health`; null: none is known. */
export function backupOf(known: KnownBackup | undefined) {
  if (known === undefined) return null;
  const { height, createdMs } = known;
  return { height, createdMs, ageMs: Math.max(0, Date.now() - createdMs) };
}

/** A key that ends sooner ought to have been renewed. */
const renewMs = 30 * 86_400_000;

/** Those of a machine's certificates that end within 30 days. */
export const keysToRenew = (keys: NonNullable<Machine['keys']>, nowMs: number) =>
  keys.filter(({ endsMs }) => endsMs - nowMs < renewMs).map((it) => ({ ...it }));
