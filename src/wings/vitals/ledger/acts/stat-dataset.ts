import { type ActWith, defineAct } from '../../../../ledger/act.ts';
import {
  type ActContext,
  accept,
  holdsRight,
  type Outcome,
  refuse,
} from '../../../../ledger/outcome.ts';
import { type LedgerView, put } from '../../../../ledger/table.ts';
import { hexId } from '../../../../primitives/shape.ts';
import { statPurposes } from '../purposes.ts';
import { dataServer } from '../servers.ts';
import { limits, statDatasets, terms } from '../tables/stat-datasets.ts';
import { statTrios, trioId, trioServers } from '../tables/stat-trios.ts';

/** No cohort is smaller, whatever a dataset says. */
export const leastPatients = 20;
const mostPatients = 1_000_000;
/** A year of hours. */
export const mostPagesPerPatient = 8_784;
/** rho 10: beyond it nothing is private. */
export const mostMicroRho = 10_000_000;

const fields = { dataset: hexId(16), ...terms, servers: trioServers, ...limits };
export type StatDataset = ActWith<'StatDataset', typeof fields>;

/**
 * An organisation begins a dataset: which three servers, which panel, and how much may be asked of it.
 *
 * Refuses: SENDER_WRONG, DATASET_TAKEN, DATASET_TERMS, SERVER_UNKNOWN, DOMAIN_OVERLAP.
 * Writes: `stat-datasets[dataset]`, `stat-trios[trio]` where there is none.
 * Source: docs/protocol/vitals-ledger.md, rule VL-10.
 */
export const statDataset = defineAct({
  kind: 'StatDataset',
  number: 40,
  fields,
  log: 'user',
  senders: ['organisation'],
  rules: [{ fromVersion: 1, judge }],
  facts: ({ kind: _, servers, purposes, ...rest }) => ({
    ...rest,
    servers: [...servers],
    purposes: [...purposes],
  }),
});

function judge(view: LedgerView, act: StatDataset, context: ActContext): Outcome {
  const { kind: _, dataset, servers, ...said } = act;
  const { height } = context.block;
  // VL-10: by who may,
  if (!holdsRight(view, context.sender, 'stat', height)) return refuse('SENDER_WRONG');
  // once,
  if (view.get(statDatasets, dataset) !== undefined) return refuse('DATASET_TAKEN');
  // within the bounds that hold for all,
  if (!isWithinBounds(act)) return refuse('DATASET_TERMS');
  const rows = servers.map((server) => dataServer(view, server, height));
  // on servers that are such,
  if (rows.includes(undefined)) return refuse('SERVER_UNKNOWN');
  // of three organisations: one with two servers would hold two shares of three.
  const domains = new Set(rows.map((row) => row?.organisation));
  if (domains.size !== servers.length) return refuse('DOMAIN_OVERLAP');
  const trio = trioId(servers);
  const row = { ...said, trio, founder: context.sender, height };
  const begun =
    view.get(statTrios, trio) === undefined
      ? [put(statTrios, trio, { servers, newestBatch: 0 })]
      : [];
  return accept([put(statDatasets, dataset, row), ...begun]);
}

function isWithinBounds(act: StatDataset): boolean {
  const { kMin, pagesPerPatient, researcherCap, datasetCap, purposes } = act;
  const places = purposes.map((purpose) => statPurposes.indexOf(purpose));
  return (
    kMin >= leastPatients &&
    kMin <= mostPatients &&
    pagesPerPatient >= 1 &&
    pagesPerPatient <= mostPagesPerPatient &&
    researcherCap >= 1 &&
    researcherCap <= datasetCap &&
    datasetCap <= mostMicroRho &&
    places.length > 0 &&
    places.every((place, at) => at === 0 || place > (places[at - 1] ?? 0))
  );
}
