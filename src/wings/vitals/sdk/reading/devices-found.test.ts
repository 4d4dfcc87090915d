import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bytesToHex } from '../../../../primitives/bytes.ts';
import { devicesFound } from './devices-found.ts';

const [one, two] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)];
const page = (startHour: number, sequence: number, key = one) => ({
  ...{ panel: 5, startHour, sequence, sensor: bytesToHex(key), rows: [[60]] },
  from: 'servers' as const,
});

test('each sensor has its newest hour and the hours in which it sent nothing, whoever else sent', () => {
  const pages = [page(10, 1), page(11, 2), page(14, 4), page(14, 3), page(12, 1, two)];
  const [first, second] = devicesFound(pages, [
    { key: one, panels: [5] },
    { key: two, panels: [5] },
  ]);
  assert.deepEqual(first?.pauses, [{ afterHour: 11, beforeHour: 14 }]);
  assert.equal(first?.newestHour, 14);
  assert.deepEqual([second?.newestHour, second?.pauses], [12, []]);
});

test('a sensor that sent nothing is told all the same, and a page of an ended one is nobody’s', () => {
  const [silent, ...more] = devicesFound([page(10, 1, two)], [{ key: one, panels: [1, 4] }]);
  assert.deepEqual(silent, {
    ...{ sensor: bytesToHex(one), panels: [1, 4], newestHour: undefined, pauses: [] },
  });
  assert.deepEqual(more, []);
});
