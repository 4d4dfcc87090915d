import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Value } from '../statistics/answer.ts';
import type { Answered } from './answered.ts';
import { answersCsv, answersJson } from './export.ts';

const share: Value = {
  ...{ kind: 'value', value: 0, raw: -0.03, noise: 0.02 },
  ...{ noiseInterval: [0, 0.01], interval: [0, 0.04] },
};
const answer = {
  ...{ query: 'ab', manifest: { question: { kind: 'prevalence' }, microRho: 5 }, patients: 60.2 },
  figures: { prevalence: share, percentile: { kind: 'too few to tell' } },
  ...{ method: 'sheet', readings: undefined, tx: '', seals: [] },
} as unknown as Answered;

test('an export has what is shown and, apart, what the noise left; what was not told has no number', () => {
  assert.deepEqual(answersCsv([answer]).split('\r\n'), [
    'query,kind,figure,told,value,noise_se,sampling_se,from,to,patients,micro_rho,raw_value',
    'ab,prevalence,prevalence,value,0,0.02,,0,0.04,60,5,-0.03',
    'ab,prevalence,percentile,too few to tell,,,,,,60,5,',
    '',
  ]);
  const [one, other] = answersJson([answer]);
  assert.deepEqual([one?.value, one?.rawValue], [0, -0.03]);
  assert.deepEqual([other?.value, other?.rawValue], [null, null]);
});
