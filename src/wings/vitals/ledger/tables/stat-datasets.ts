import { stateTable } from '../../../../ledger/table.ts';
import { accountId, hexId, type Of, struct, uint } from '../../../../primitives/shape.ts';
import { purposeWords } from '../purposes.ts';

/** What a dataset is, as its act and its row say it; it never changes. */
export const terms = {
  panel: uint,
  /** Versions of the histogram's edges and of the windows of the statistics lane. */
  edges: uint,
  windows: uint,
};
export const limits = {
  /** The least number of patients of an answer. */
  kMin: uint,
  /** So many pages of one patient count in one answer. */
  pagesPerPatient: uint,
  /** microRho of one researcher, and of all together, in a quarter. */
  researcherCap: uint,
  datasetCap: uint,
  purposes: purposeWords,
};

/** Id: the dataset. */
const dataset = struct({
  trio: hexId(32),
  founder: accountId,
  ...terms,
  ...limits,
  height: uint,
});
export type Dataset = Of<typeof dataset>;

export const statDatasets = stateTable('stat-datasets', dataset, { lasting: true });
