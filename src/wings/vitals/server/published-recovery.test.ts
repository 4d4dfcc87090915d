import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CodedError } from '../../../primitives/errors.ts';
import type { AccountId } from '../../../primitives/ids.ts';
import { PublishedRecovery } from './published-recovery.ts';

const [one, two] = ['a', 'b'].map((it) => it.repeat(64)) as unknown as [AccountId, AccountId];

/** Gateways that answer when they are told to, and a store that outlives a process. */
function line() {
  const kept = new Map<string, Uint8Array>();
  const asked: AccountId[] = [];
  const answers: ((key: Uint8Array | undefined) => void)[] = [];
  let nowMs = 0;
  const begin = () =>
    new PublishedRecovery({
      addresses: {
        recoveryKeyOf(server) {
          asked.push(server);
          return new Promise((resolve) => answers.push(resolve));
        },
      },
      store: {
        kept: async (name) => kept.get(name),
        async keepOnce(name, value) {
          kept.set(name, kept.get(name) ?? value);
          return value;
        },
      },
      now: () => nowMs,
    });
  const answer = async (key: Uint8Array | undefined) => {
    // What is to be asked for is asked by then.
    await new Promise((resolve) => setImmediate(resolve));
    for (const it of answers.splice(0)) it(key);
  };
  return { begin, asked, answer, pass: (ms: number) => (nowMs += ms) };
}
const key = new Uint8Array(1_216);

test('who asks while somebody else’s answer is on its way waits for it: nobody slips in beside', async () => {
  const { begin, asked, answer } = line();
  const published = begin();
  const all = [published.ofAll([one, two]), published.ofAll([one]), published.ofAll([two, one])];
  await answer(key);
  assert.deepEqual(await Promise.all(all), [true, true, true]);
  assert.deepEqual(asked, [one, two]);
});

test('what was found out holds after a restart, and nobody is asked', async () => {
  const { begin, asked, answer } = line();
  const first = begin().ofAll([one]);
  await answer(key);
  assert.equal(await first, true);
  assert.equal(await begin().ofAll([one]), true);
  assert.deepEqual(asked, [one]);
});

test('one that has published none, or whose gateway is away, is asked once a minute', async () => {
  const { begin, asked, answer, pass } = line();
  const published = begin();
  const first = published.ofAll([one]);
  await answer(undefined);
  assert.equal(await first, false);
  assert.equal(await published.ofAll([one]), false);
  assert.equal(asked.length, 1);
  pass(60_000);
  const later = published.ofAll([one]);
  await answer(key);
  assert.equal(await later, true);
  const away = new PublishedRecovery({
    addresses: { recoveryKeyOf: () => Promise.reject(new CodedError('GATEWAY_UNREACHABLE')) },
    store: { kept: async () => undefined, keepOnce: async (_, value) => value },
    now: () => 0,
  });
  assert.equal(await away.ofAll([one]), false);
});
