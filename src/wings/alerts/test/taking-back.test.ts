import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isCoded } from '../../../primitives/errors.ts';
import { AlertsSetting, ana } from './setting.ts';

/** Who had her session for a minute must not have what she is told for ever. Source: docs/protocol/alerts.md, rule AL-8. */

for (const counter of [Number.MAX_SAFE_INTEGER, 2 ** 40]) {
  test(`a thief’s choice with counter ${counter} keeps her from nothing: she ends it, and sets her own`, async (t) => {
    const setting = new AlertsSetting();
    t.after(() => setting.leave());
    await setting.choose(ana);
    await assert.rejects(setting.choose(ana, { counter, address: 'thief@example.org' }), (error) =>
      isCoded(error, 'REQUEST_INVALID'),
    );
    // As far as he may: by steps, each of them one that she can go beyond.
    await setting.choose(ana, { counter: 1_000_001, address: 'thief@example.org' });
    setting.outbox.forget(ana, 'mail');
    const [ended] = setting.outbox.chosen(ana);
    assert.deepEqual([ended?.isSet, ended?.counter], [false, 1_000_002]);
    await setting.choose(ana, { counter: 1_000_003 });
    assert.equal(setting.outbox.chosen(ana)[0]?.isSet, true);
  });
}

test('a hospital that has lost its keys forgets an address all the same', async (t) => {
  const setting = new AlertsSetting();
  t.after(() => setting.leave());
  await setting.choose(ana);
  setting.outboxWithoutKey.forget(ana, 'mail');
  assert.equal(setting.outboxWithoutKey.chosen(ana)[0]?.isSet ?? false, false);
  // Her own device goes on from what it knows.
  await setting.choose(ana, { counter: 3 });
  assert.equal(setting.outbox.chosen(ana)[0]?.isSet, true);
});
