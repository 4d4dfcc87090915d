import { statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Gateway } from './gateway.ts';
import type { Metrics } from './metrics.ts';

/** Sets the figures that are looked up when somebody asks for them. */
export async function observeGateway(metrics: Metrics, gateway: Gateway): Promise<void> {
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

/** What `/health` says of one hospital: whether it can serve reads and writes now. */
export function healthOf(gateway: Gateway) {
  const { height, stalledMs } = gateway.options.engine.status();
  const behind = height - gateway.index.height;
  const ok = stalledMs < gateway.settings.stalledMs && behind < 100;
  return { hospital: gateway.options.hospital, ok, height, behind, stalledMs };
}
