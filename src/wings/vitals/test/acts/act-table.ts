import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Answer, accountOf, type Sent, type World } from '../../../../../test/world.ts';
import { studyLogs, studyWorld } from '../settings/study.ts';

type Until = Parameters<typeof studyWorld>[0];
type Row = readonly [
  name: string,
  sent: Sent,
  expected: Answer,
  prepare?: (world: World) => unknown,
];

/** A test a row: in a world that has come so far, this is sent and answered so. */
export function table(kind: string, until: Until, rows: readonly Row[], logs = studyLogs): void {
  for (const [name, sent, expected, prepare] of rows) {
    test(`${kind}, ${name}: ${expected}`, () => {
      const world = studyWorld(until, logs);
      prepare?.(world);
      assert.equal(world.send(sent).answer, expected);
    });
  }
}

export const freeze = (name: string, organisation: string) => (world: World) =>
  world.mustSend({ from: organisation, acts: [{ kind: 'RevokeKey', account: accountOf(name) }] });
export const at = (timeMs: number) => (world: World) => {
  world.timeMs = timeMs - 1_000;
};
