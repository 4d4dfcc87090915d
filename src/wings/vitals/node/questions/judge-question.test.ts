import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { QueryManifest } from '../../api/query-manifest.ts';
import { paddedPanel, panels } from '../../crypto/panels.ts';
import type { Dataset } from '../../ledger/tables/stat-datasets.ts';
import { requireDataset } from './judge-question.ts';

const mean = { question: { kind: 'mean', vital: 0 } } as QueryManifest;

for (const { number, name } of panels) {
  test(`what is on padded pages of ${name} is never added up, whoever founded a dataset of it`, () => {
    assert.equal(requireDataset(mean, { panel: number } as Dataset).panel, number);
    const padded = { panel: paddedPanel(number) } as Dataset;
    assert.throws(() => requireDataset(mean, padded), { code: 'QUESTION_IMPOSSIBLE' });
  });
}
