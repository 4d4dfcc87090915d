import type { NetworkAnswer } from '../../api/routes/network-get.ts';
import { networkGet } from '../../api/routes/network-get.ts';
import type { Gateway } from '../gateway.ts';
import { handler } from '../handler.ts';
import { backupOf, healthOf, keysToRenew } from '../health.ts';

const startedMs = Date.now();

/** Source: rule H-32. */
export const handleNetworkGet = handler(networkGet, async ({ gateway }): Promise<NetworkAnswer> => {
  const { options, deskSessions } = gateway;
  const { reads, writes, height, behind, stalledMs, ageMs, freeBytes } = healthOf(gateway);
  const told = options.machine?.();
  const { backup, processes, keys = [] } = told ?? { backup: undefined, processes: [] };
  const renewing = keysToRenew(keys, gateway.now());
  const known = backupOf(backup);
  const askedMs = performance.now();
  const { bytes: blobBytes } = await options.blobs.total();
  const storeMs = Math.round(performance.now() - askedMs);
  return {
    hospital: { name: options.hospital, title: options.name },
    ...{ reads, writes, height, behind, stalledMs, blockAgeMs: ageMs },
    ...(freeBytes !== undefined && { freeBytes }),
    ...{ blobBytes, storeMs },
    refusals: await refusalsOf(gateway),
    startedMs,
    deskSessions: deskSessions.count(),
    ...(known !== null && { backup: known }),
    processes: processes.map(({ name, state, sinceMs, restarts }) => ({
      ...{ name, state, sinceMs, restarts },
    })),
    ...(renewing.length > 0 && { keysToRenew: renewing }),
  };
});

async function refusalsOf({ options }: Gateway): Promise<NetworkAnswer['refusals']> {
  const { values } = await options.metrics.refusals.get();
  return values
    .filter(({ labels, value }) => labels.hospital === options.hospital && value > 0)
    .map(({ labels, value }) => ({ code: String(labels.code), count: value }))
    .toSorted((a, b) => b.count - a.count);
}
