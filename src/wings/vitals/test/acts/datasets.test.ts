import assert from 'node:assert/strict';
import { test } from 'node:test';
import { accountOf, bytesOf, t0 } from '../../../../../test/world.ts';
import { batchRowId, statBatches } from '../../ledger/tables/stat-batches.ts';
import { statTrios } from '../../ledger/tables/stat-trios.ts';
import { modelTrioId } from '../model/datasets.ts';
import {
  batchAct,
  by,
  datasetAct,
  idOf,
  signedBy,
  studyWorld,
  trio,
  trioOf,
} from '../settings/study.ts';
import { freeze, table } from './act-table.ts';

const of = (...names: readonly string[]) => ({ servers: names.map(accountOf) });

table('a dataset', 'enrolled', [
  ['of three hospitals', by('north', datasetAct()), 'accepted'],
  ['by a hospital without the right', by('elm', datasetAct()), 'SENDER_WRONG'],
  ['by a researcher', by('rosa', datasetAct()), 'ROLE_WRONG'],
  [
    'twice',
    by('north', datasetAct()),
    'DATASET_TAKEN',
    (w) => w.mustSend(by('valley', datasetAct())),
  ],
  [
    'two servers of one hospital',
    by('north', datasetAct(of('server north', 'twin', 'server valley'))),
    'DOMAIN_OVERLAP',
  ],
  ['one server three times', by('north', datasetAct(of('twin', 'twin', 'twin'))), 'DOMAIN_OVERLAP'],
  [
    'a server of a hospital without the right',
    by('north', datasetAct(of('lone', 'twin', 'server valley'))),
    'SERVER_UNKNOWN',
  ],
  [
    'a server that is none',
    by('north', datasetAct(of('rosa', 'server harbour', 'server valley'))),
    'SERVER_UNKNOWN',
  ],
  [
    'a server that nobody enrolled',
    by('north', datasetAct(of('nobody', 'server harbour', 'server valley'))),
    'SERVER_UNKNOWN',
  ],
  [
    'a frozen server',
    by('north', datasetAct()),
    'SERVER_UNKNOWN',
    freeze('server valley', 'valley'),
  ],
  ['19 patients', by('north', datasetAct({ kMin: 19 })), 'DATASET_TERMS'],
  ['a million patients', by('north', datasetAct({ kMin: 1_000_000 })), 'accepted'],
  ['more', by('north', datasetAct({ kMin: 1_000_001 })), 'DATASET_TERMS'],
  ['no page of a patient', by('north', datasetAct({ pagesPerPatient: 0 })), 'DATASET_TERMS'],
  ['a year of pages', by('north', datasetAct({ pagesPerPatient: 8_784 })), 'accepted'],
  ['more pages', by('north', datasetAct({ pagesPerPatient: 8_785 })), 'DATASET_TERMS'],
  ['no budget', by('north', datasetAct({ researcherCap: 0 })), 'DATASET_TERMS'],
  ['more for one than for all', by('north', datasetAct({ researcherCap: 801 })), 'DATASET_TERMS'],
  [
    'a budget that protects nobody',
    by('north', datasetAct({ datasetCap: 10_000_001 })),
    'DATASET_TERMS',
  ],
  ['no purpose', by('north', datasetAct({ purposes: [] })), 'DATASET_TERMS'],
  ['purposes twice', by('north', datasetAct({ purposes: ['trial', 'trial'] })), 'DATASET_TERMS'],
  [
    'purposes out of order',
    by('north', datasetAct({ purposes: ['quality', 'research'] })),
    'DATASET_TERMS',
  ],
]);

const hour = Math.floor(t0 / 3_600_000);
table('a batch', 'dataset', [
  ['by a server', by('server harbour', batchAct()), 'accepted'],
  ['by the hospital that runs one', by('valley', batchAct()), 'accepted'],
  ['by a server that is none of the three', by('twin', batchAct()), 'SENDER_WRONG'],
  ['by a hospital that runs none', by('elm', batchAct()), 'SENDER_WRONG'],
  ['by a researcher', by('rosa', batchAct()), 'ROLE_WRONG'],
  ['in the log of patients', by('north', batchAct(), { log: 'user' }), 'LOG_WRONG'],
  [
    'of servers that no dataset names',
    by('north', batchAct({ trio: trioOf(['twin', ...trio.slice(1)]) })),
    'TRIO_UNKNOWN',
  ],
  [
    'of the three in another order',
    by('north', batchAct({ trio: trioOf([...trio].reverse()) })),
    'TRIO_UNKNOWN',
  ],
  ['empty', by('north', batchAct({ pages: 0 })), 'BATCH_TIMES'],
  ['of 4,096 pages', by('north', batchAct({ pages: 4_096 })), 'accepted'],
  ['of more', by('north', batchAct({ pages: 4_097 })), 'BATCH_TIMES'],
  ['turned round', by('north', batchAct({ firstHour: 500_000, lastHour: 499_999 })), 'BATCH_TIMES'],
  ['of this hour', by('north', batchAct({ lastHour: hour })), 'accepted'],
  ['of the next', by('north', batchAct({ lastHour: hour + 1 })), 'BATCH_TIMES'],
  ['with a number left out', by('north', batchAct({ number: 2 })), 'BATCH_NUMBER'],
  ['number 0', by('north', batchAct({ number: 0 })), 'BATCH_NUMBER'],
  [
    'a number twice',
    by('north', batchAct({ root: bytesOf('others') })),
    'BATCH_NUMBER',
    (w) => w.mustSend(by('north', batchAct())),
  ],
  [
    'the next',
    by('north', batchAct({ number: 2 })),
    'accepted',
    (w) => w.mustSend(by('north', batchAct())),
  ],
  [
    'with a signature that does not hold',
    by('north', batchAct(), { identityHolds: false }),
    'SIGNATURE_WRONG',
  ],
  [
    'signed in another order',
    by('north', batchAct({ signatures: signedBy(...[...trio].reverse()) })),
    'BATCH_SIGNERS',
  ],
  [
    'signed by two and another',
    by('north', batchAct({ signatures: signedBy(trio[0], trio[1], 'twin') })),
    'BATCH_SIGNERS',
  ],
  [
    'signed by one three times',
    by('north', batchAct({ signatures: signedBy(trio[0], trio[0], trio[0]) })),
    'BATCH_SIGNERS',
  ],
  [
    'with a frozen server',
    by('north', batchAct()),
    'BATCH_SIGNERS',
    freeze('server valley', 'valley'),
  ],
]);

test('the second dataset of three servers goes on with their batches', () => {
  const world = studyWorld('batch');
  world.mustSend(by('valley', datasetAct({ dataset: idOf('second') })));
  assert.equal(world.view.get(statTrios, trioOf())?.newestBatch, 1);
  assert.equal(world.view.get(statBatches, batchRowId(trioOf(), 1))?.pages, 3);
  assert.equal(modelTrioId(trio.map(accountOf)), trioOf());
});
