import assert from 'node:assert/strict';
import { test } from 'node:test';
import { paddedPanel } from '../crypto/panels.ts';
import { paddedLateMs } from '../sdk/sensor/sensor-queue.ts';
import { SqliteSensorQueue } from './sqlite-sensor-queue.ts';

const hourMs = 3_600_000;
const panel = paddedPanel(5);
const begin = 480_000 * hourMs;
const row = (atMs: number, value = 60) => ({
  ...{ panel, timeMs: begin + atMs },
  values: [{ value, unit: '/min' }],
});

/** Of a padded panel since the middle of the first hour. */
function opened() {
  const padded = [{ panel, sinceMs: begin + hourMs / 2 }];
  return new SqliteSensorQueue(':memory:', { pauseMs: 180_000, padded });
}
const shape = async (queue: SqliteSensorQueue) =>
  (await queue.closed(100)).map(({ sequence, startHour, rows }) => [
    sequence,
    startHour - begin / hourMs,
    rows.length,
  ]);

test('a padded panel has one page of every hour, whatever was measured in it, and none before its hour is over', async () => {
  const queue = opened();
  const late = paddedLateMs;
  assert.equal(await queue.close(begin + hourMs + late - 1), 0);
  await queue.add([row(hourMs + 1), row(hourMs + 60_000)]);
  assert.equal(await queue.close(begin + hourMs + late), 1);
  assert.equal(await queue.close(begin + 4 * hourMs + late), 3);
  assert.deepEqual(await shape(queue), [
    [0, 0, 0],
    [1, 1, 2],
    [2, 2, 0],
    [3, 3, 0],
  ]);
  // Closed is closed: a second page of an hour would tell.
  assert.equal(await queue.add([row(3 * hourMs + 5)]), 0);
  assert.equal(await queue.close(begin + 4 * hourMs + late), 0);
  await queue.end();
});

test('what does not fit on an hour’s page is refused and counted, and makes no second page', async () => {
  const queue = opened();
  await queue.add(Array.from({ length: 70 }, (_, at) => row(hourMs + at * 1_000)));
  await queue.close(begin + 2 * hourMs + paddedLateMs);
  assert.deepEqual(await shape(queue), [
    [0, 0, 0],
    [1, 1, 64],
  ]);
  const [standing] = await queue.standing();
  assert.deepEqual([standing?.refused, standing?.open], [{ RATE_LIMITED: 6 }, 0]);
  await queue.end();
});

test('readings of before it was made have pages of their hours, and all between', async () => {
  const queue = opened();
  await queue.add([row(-2 * hourMs)]);
  await queue.close(begin + hourMs + paddedLateMs);
  assert.deepEqual(await shape(queue), [
    [0, -2, 1],
    [1, -1, 0],
    [2, 0, 0],
  ]);
  await queue.end();
});
