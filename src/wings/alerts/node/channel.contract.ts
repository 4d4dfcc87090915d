import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Channel, Delivered, Outgoing } from './channel.ts';

/** What the other side does with the letters that come. */
export type Manner = 'takes' | 'puts off' | 'refuses' | 'is away';

export interface ChannelUnderTest {
  readonly channel: Channel;
  /** One that this channel may write to. */
  readonly address: string;
  /** How often the other side took the letter of this name. */
  readonly taken: (name: Uint8Array) => number;
  readonly close: () => Promise<void>;
}

/** Every way to somebody outside keeps to this (docs/protocol/alerts.md, AL-9, AL-10). */
export function describeChannel(
  name: string,
  {
    open,
    away,
    puttingOff = 'later',
    manners = ['takes', 'puts off', 'refuses', 'is away'],
  }: {
    readonly open: (manner: Manner) => Promise<ChannelUnderTest>;
    /** A relay that is away is away for all letters; somebody's own server for his alone. */
    readonly away: 'down' | 'later';
    /** What is put off for one is put off for all where the other side is this very machine. */
    readonly puttingOff?: 'down' | 'later';
    /** What the other side can do. */
    readonly manners?: readonly Manner[];
  },
): void {
  const letter = (address: string, first = 1): Outgoing => ({
    name: new Uint8Array(16).fill(first),
    ...{ address, language: 'ar', cause: 'look', sentMs: Date.UTC(2026, 10, 20) },
    secret: new Uint8Array(32).fill(5),
  });

  for (const [manner, outcome, count] of [
    ['takes', 'accepted', 1],
    ['puts off', puttingOff, 0],
    ['refuses', 'never', 0],
    ['is away', away, 0],
  ] as const) {
    if (!manners.includes(manner)) continue;
    test(`${name}, the other side ${manner}: ${outcome}`, async (t) => {
      const { channel, address, taken, close } = await open(manner);
      t.after(close);
      const told = await channel.deliver(letter(address), () => {});
      assert.equal(told.outcome, outcome, JSON.stringify(told));
      assert.equal(taken(letter(address).name), count);
    });
  }

  test(`${name}: letters one after another each come once, under their own names`, async (t) => {
    const { channel, address, taken, close } = await open('takes');
    t.after(close);
    const told: Delivered[] = [];
    for (const first of [1, 2, 3])
      told.push(await channel.deliver(letter(address, first), () => {}));
    assert.deepEqual(
      told.map(({ outcome }) => outcome),
      ['accepted', 'accepted', 'accepted'],
    );
    for (const first of [1, 2, 3]) assert.equal(taken(letter(address, first).name), 1);
  });

  for (const address of [
    'ana@example.org\r\nBcc: all@example.org',
    'ana@example.org\nx',
    'ana@example.org, bob@example.org',
    'Ana <ana@example.org>',
    '<ana@example.org>',
    '"a b"@example.org',
    'ana@[127.0.0.1]',
    'ana@127.0.0.1',
    'ana@example.org ',
    'ana@exam ple.org',
    'ana@@example.org',
    'ana',
    '',
    `${'a'.repeat(65)}@example.org`,
    'ana@-example.org',
    'an\u0000a@example.org',
    'ána@example.org',
    '-oQ/tmp@x\t',
  ]) {
    test(`${name}: nothing is sent to ${JSON.stringify(address).slice(0, 60)}`, async (t) => {
      const { channel, taken, close } = await open('takes');
      t.after(close);
      const told = await channel.deliver(letter(address), () => assert.fail('handed over'));
      assert.equal(told.outcome, 'never');
      assert.equal(taken(letter(address).name), 0);
    });
  }
}
