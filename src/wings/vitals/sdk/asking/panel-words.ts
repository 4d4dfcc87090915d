import { edgesOf } from '../../crypto/histogram-edges.ts';
import { panelOf } from '../../crypto/panels.ts';
import type { Dataset } from '../../ledger/tables/stat-datasets.ts';

/** What a dataset measures: names in the panel's order, and the edges of each one's histogram. */
export function vitalPanel({ panel, edges }: Pick<Dataset, 'panel' | 'edges'>) {
  const { vitals } = panelOf(panel);
  return {
    names: vitals,
    edgesOf: (place: number): readonly number[] => {
      const vital = vitals[place];
      return vital === undefined ? [] : edgesOf(vital, edges);
    },
  };
}
