import { type ModelContext, Refused } from '../../../../../test/model/wing.ts';
import { accountOf } from '../../../../../test/world.ts';
import { sha256 } from '../../../../crypto/hash.ts';
import { bytesToHex, hexToBytes, utf8 } from '../../../../primitives/bytes.ts';
import { type Cbor, encodeCbor } from '../../../../primitives/cbor.ts';
import type { StatDataset } from '../../ledger/acts/stat-dataset.ts';
import { statPurposes } from '../../ledger/purposes.ts';
import { vitalsNames } from '../../names.ts';
import { hasRight, idOf, keep, modelAct, needsRight, type Rows, servers } from './rows.ts';

const hexOf = (text: string): Uint8Array => hexToBytes(text) ?? new Uint8Array(0);

/** VL-3. */
export function modelTrioId(servers: readonly string[]): string {
  const content: Cbor = servers.map(hexOf);
  const label = utf8(`${vitalsNames.labels.trio}\0`);
  return bytesToHex(sha256(label, encodeCbor(content)));
}

/** VL-10. */
function judgeDataset(rows: Rows, act: StatDataset, context: ModelContext): void {
  const { spine, height, sender } = context;
  const { dataset, servers, kMin, pagesPerPatient, researcherCap, datasetCap, purposes } = act;
  needsRight(context);
  if (rows.has(`stat-datasets/${dataset}`)) throw new Refused('DATASET_TAKEN');
  const inOrder = statPurposes.filter((purpose) => purposes.includes(purpose));
  const isFine =
    [kMin >= 20, kMin <= 1_000_000, pagesPerPatient > 0, pagesPerPatient <= 366 * 24].every(
      Boolean,
    ) &&
    [researcherCap > 0, datasetCap >= researcherCap, datasetCap <= 10_000_000].every(Boolean) &&
    purposes.length > 0 &&
    inOrder.join() === purposes.join();
  if (!isFine) throw new Refused('DATASET_TERMS');
  const domains = servers.map((server) => {
    const row = spine.account(server);
    if (row === undefined || row.role !== 'data-server' || row.frozen)
      throw new Refused('SERVER_UNKNOWN');
    if (!hasRight(spine, row.organisation, height)) throw new Refused('SERVER_UNKNOWN');
    return row.organisation;
  });
  if (new Set(domains).size < 3) throw new Refused('DOMAIN_OVERLAP');
  const trio = modelTrioId(servers);
  if (!rows.has(`stat-trios/${trio}`))
    keep(rows, `stat-trios/${trio}`, { servers, newestBatch: 0 });
  const { panel, edges, windows } = act;
  const terms = { kMin, pagesPerPatient, researcherCap, datasetCap, purposes };
  const row = { trio, founder: sender, panel, edges, windows, ...terms, height };
  keep(rows, `stat-datasets/${dataset}`, row);
}

export const statDatasetModel = modelAct<StatDataset>({
  kind: 'StatDataset',
  number: 40,
  senders: ['organisation'],
  draw: ({ small, twist }) => ({
    ...{ kind: 'StatDataset', dataset: idOf(`dataset ${small % 2}`) },
    ...{ panel: 1, edges: 1, windows: 1, kMin: twist === 0 ? 19 : 20, pagesPerPatient: 24 },
    servers: servers.map((name, at) => accountOf(at === 2 && twist % 2 === 0 ? servers[0] : name)),
    ...{ researcherCap: 500_000, datasetCap: 2_000_000 },
    purposes: twist === 1 ? ['trial', 'research'] : ['research', 'quality'],
  }),
  judge: judgeDataset,
});
