import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CodedError } from '../../../primitives/errors.ts';
import { localHospitals } from '../../../server/desk.ts';
import { panels } from '../crypto/panels.ts';
import type { StatDataset } from '../ledger/acts/stat-dataset.ts';
import { trioId } from '../ledger/tables/stat-trios.ts';
import { StudyDesk } from './study-desk.ts';

/** As `stats dataset` founds one that is told nothing else. */
const terms: Omit<StatDataset, 'kind' | 'dataset' | 'panel' | 'servers'> = {
  ...{ edges: 1, windows: 1, purposes: ['research'], kMin: 20, pagesPerPatient: 24 },
  ...{ researcherCap: 500_000, datasetCap: 2_000_000 },
};

/**
 * A dataset of each panel, kept by the data servers of the three hospitals of the demonstration; those that stand stay.
 * Throws as `StudyDesk`, SERVER_UNKNOWN: not every hospital's data server runs.
 */
export async function foundDemoDatasets(home: string, signal: AbortSignal): Promise<void> {
  const [hospital] = localHospitals(home);
  if (hospital === undefined) throw new CodedError('GATEWAY_UNREACHABLE');
  const trustRoot = readFileSync(join(home, 'trust.json'), 'utf8');
  const desk = await StudyDesk.open(hospital.url, trustRoot, home, signal);
  const servers = (await desk.dataServers(signal)).slice(0, 3);
  if (servers.length < 3) throw new CodedError('SERVER_UNKNOWN', { servers: servers.length });
  const trio = trioId(servers);
  const standing = (await desk.datasets(signal)).filter((it) => it.trio === trio);
  const missing = panels.filter(({ number }) => !standing.some(({ panel }) => panel === number));
  if (missing.length === 0) return;
  const founding = missing.map(({ number }) => ({ ...terms, panel: number, servers }));
  await desk.foundAll(founding, await desk.speaker(hospital.name));
}
