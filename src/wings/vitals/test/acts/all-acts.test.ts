import assert from 'node:assert/strict';
import { test } from 'node:test';
import { enrolAct } from '../../../../../test/world.ts';
import { decodeTx, encodeTx } from '../../../../ledger/codec.ts';
import { foundingLogs } from '../../../../ledger/protocol.ts';
import { vitalsTest } from '../index.ts';
import { by, studyWorld } from '../settings/study.ts';

test('what the model draws are acts of the wing, and are written and read as they were', () => {
  const world = studyWorld('enrolled');
  for (const act of vitalsTest.acts) {
    for (const small of [0, 1, 6]) {
      for (const twist of [0, 1, 5, 11]) {
        const tx = world.tx(by('north', act.draw({ small, twist }) as never));
        assert.deepEqual(decodeTx(encodeTx(tx)), tx);
      }
    }
  }
});

test('a ledger that is founded now takes the acts of the wing at once, each in its log', () => {
  const takes = (log: string) => foundingLogs.find(({ name }) => name === log)?.acts ?? [];
  for (const act of [40, 41, 42, 44, 45, 46, 47, 48, 49]) assert.ok(takes('user').includes(act));
  assert.ok(takes('doc').includes(43));
});

test('a data server is enrolled as everybody is', () => {
  const world = studyWorld('enrolled');
  const sent = { from: 'valley', acts: [enrolAct('another', 'data-server')] };
  assert.equal(world.send(sent).answer, 'accepted');
});
