import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { languages, noCode } from '../api/choice.ts';
import { parseConfirmation } from '../api/confirmation.ts';
import { readCodesFromMs } from '../gateway/codes-reader.ts';
import { codeInLetter, letterText } from '../node/letter-text.ts';
import { AlertsSetting, ana, bob, codeKeyId, codeOf, relayOfFile } from './setting.ts';

/** Nobody is mailed who has not said that letters are wanted there. Source: docs/protocol/alerts.md, AL-20. */

const hour = 60 * 60_000;
const day = 24 * hour;
const { relay, mail } = relayOfFile();

/** Tries are at different times and never the same. */
let tries = 0;
async function asked(setting: AlertsSetting): Promise<void> {
  setting.outbox.add('test', ana, `try ${tries++}`);
  await setting.run(mail());
}
const typed = (at: number, address: string) =>
  parseConfirmation(codeInLetter(relay.taken[at]?.data ?? '') ?? '', {
    ...{ account: ana, address, codeKeyId },
  });

test('to an address that nobody has confirmed goes the letter with its code alone; with what it says, all others go', async (t) => {
  const setting = new AlertsSetting();
  t.after(() => setting.leave());
  const address = 'a@example.org';
  await setting.choose(ana, { code: noCode });
  for (const cause of ['look', 'freeze', 'rotation'] as const) {
    setting.outbox.add(cause, ana, 'the same');
  }
  await setting.run(mail());
  assert.deepEqual(relay.taken, []);
  await asked(setting);
  const { states, codes } = await setting.run(mail());
  assert.deepEqual([states.accepted, states.unwanted], [1, 3]);
  assert.deepEqual(codes, { ADDRESS_UNCONFIRMED: 3 });

  await setting.choose(ana, { counter: 2, code: typed(0, address) });
  setting.nowMs += 2 * hour;
  setting.outbox.add('look', ana, 'grant 2');
  await asked(setting);
  assert.deepEqual(
    relay.taken.map(({ data }) => letterText(data).subject).toSorted(),
    ['A letter to try it out', 'Is this your address?', 'There is news in your health record'],
    'what was not sent before is not made up for',
  );
});

for (const language of languages)
  test(`the letter with a code in ${language} has one, no name, no link and no word of what happened`, async (t) => {
    const setting = new AlertsSetting();
    t.after(() => setting.leave());
    await setting.choose(ana, { language, code: noCode });
    await asked(setting);
    const data = relay.taken[0]?.data ?? '';
    const { subject, body } = letterText(data);
    assert.deepEqual(typed(0, 'a@example.org'), codeOf(ana, 'a@example.org'));
    // In a text from right to left groups that begin with digits would change places.
    assert.equal(body.includes('\u200e'), language === 'ar');
    assert.match(data, new RegExp(`^Content-Language: ${language}\\r$`, 'm'));
    assert.doesNotMatch(`${subject} ${body}`, /https?:|@|north|look|aaaa/);
    assert.doesNotMatch(subject, /[0-9A-Z]{4}-/);
  });

for (const [name, code] of [
  ['a code that nobody made', Uint8Array.of(1, 2, 3, 4, 5)],
  ['the code of another account', codeOf(bob, 'a@example.org')],
  ['the code of an address of before', codeOf(ana, 'before@example.org')],
  ['the code of the same address, spelled otherwise', codeOf(ana, 'A@example.org')],
] as const)
  test(`${name} is as none, and no incident`, async (t) => {
    const setting = new AlertsSetting();
    t.after(() => setting.leave());
    await setting.choose(ana, { code });
    await setting.choose(bob);
    for (const account of [ana, bob]) setting.outbox.add('freeze', account, 'tx 1');
    const { incidents } = await setting.run(mail());
    assert.deepEqual(
      relay.taken.map(({ to }) => to),
      [['b@example.org']],
      'another’s letter goes',
    );
    assert.deepEqual(incidents, []);
    await asked(setting);
    assert.deepEqual(typed(1, 'a@example.org'), codeOf(ana, 'a@example.org'));
  });

test('whoever names one address after another has three letters with a code in a day, whatever she asks; who confirms is told at once', async (t) => {
  const setting = new AlertsSetting();
  t.after(() => setting.leave());
  const firstMs = setting.nowMs;
  const name = (counter: number) =>
    setting.choose(ana, { counter, address: `stranger-${counter}@example.org`, code: noCode });
  for (let counter = 1; counter <= 20; counter++) {
    await name(counter);
    await asked(setting);
    setting.nowMs += 60_000;
  }
  const to = () => relay.taken.map((it) => it.to.join());
  const three = [1, 2, 3].map((n) => `stranger-${n}@example.org`);
  assert.deepEqual(to(), three);
  // A service that starts anew has not forgotten them.
  await asked(setting);
  const { codes } = await setting.run(mail());
  assert.deepEqual(codes, { RATE_LIMITED: 18 });
  // Her device is told from when one goes again, and asks for none before.
  const fromMs = () => readCodesFromMs(join(setting.folder, 'letters.db'), ana, setting.nowMs);
  assert.equal(fromMs(), firstMs + day);
  assert.equal(readCodesFromMs(join(setting.folder, 'letters.db'), bob, setting.nowMs), undefined);

  await setting.choose(ana, { counter: 21 });
  await asked(setting);
  await asked(setting);
  assert.deepEqual(
    to(),
    [...three, 'a@example.org', 'a@example.org'],
    'a confirmed one has its pace',
  );
  await name(22);
  await asked(setting);
  assert.equal(to().length, 5);
  setting.nowMs = Number(fromMs()) - 1;
  await asked(setting);
  assert.equal(to().length, 5, 'not sooner');
  setting.nowMs = Number(fromMs());
  assert.equal(fromMs(), undefined);
  await asked(setting);
  assert.deepEqual(to().slice(5), ['stranger-22@example.org']);
});

test('letters that nobody said were taken count among the three; those that a relay refused do not', async (t) => {
  const setting = new AlertsSetting();
  t.after(() => setting.leave());
  await setting.choose(ana, { code: noCode });
  const refuse = (line: string) => (line.startsWith('RCPT') ? '550 nobody' : undefined);
  relay.manners = { answer: refuse };
  for (const _ of [1, 2, 3, 4]) await asked(setting);
  relay.manners = { onLetter: () => 'cut' };
  await asked(setting);
  relay.manners = {};
  for (const _ of [1, 2, 3]) await asked(setting);
  const { states } = await setting.run(mail());
  assert.deepEqual([states.failed, states.doubt, states.accepted, states.unwanted], [4, 1, 2, 1]);
});

test('a clock that was ten years ahead keeps nobody from a letter with a code', async (t) => {
  const setting = new AlertsSetting();
  t.after(() => setting.leave());
  await setting.choose(ana, { code: noCode });
  setting.nowMs += 3_650 * day;
  for (const _ of [1, 2, 3]) await asked(setting);
  setting.nowMs -= 3_650 * day;
  await asked(setting);
  assert.equal(relay.taken.length, 4);
});

test('whoever waits in quiet hours and confirms meanwhile is told in the morning', async (t) => {
  const setting = new AlertsSetting();
  t.after(() => setting.leave());
  const quiet = { quietFrom: 11 * 60, quietUntil: 13 * 60 };
  await setting.choose(ana, { ...quiet, code: noCode });
  setting.outbox.add('look', ana, 'grant 1');
  await setting.run(mail());
  await setting.choose(ana, { ...quiet, counter: 2 });
  setting.nowMs += 2 * hour;
  await setting.run(mail());
  assert.equal(relay.taken.length, 1);
});

for (const address of ['a@example.org\r\nBcc: all@example.org', 'a@example.org,b@example.org'])
  test(`no letter with a code goes to ${JSON.stringify(address)}`, async (t) => {
    const setting = new AlertsSetting();
    t.after(() => setting.leave());
    await setting.choose(ana, { address, code: noCode });
    await asked(setting);
    assert.deepEqual(relay.taken, []);
  });

test('a webhook and the operator need no code', async (t) => {
  const setting = new AlertsSetting();
  t.after(() => setting.leave());
  await setting.choose(ana, { channel: 'webhook', address: 'https://a.example/' });
  setting.outbox.add('freeze', ana, 'tx 1');
  const told: string[] = [];
  const { service } = await setting.service(
    [
      mail(),
      {
        ...{ name: 'webhook', atOnce: 1 },
        deliver: async ({ cause }) => {
          told.push(cause);
          return { outcome: 'accepted' };
        },
      },
    ],
    undefined,
    'ops@north.example',
  );
  service.tellOperator('backup', '1000');
  await service.round();
  assert.deepEqual(told, ['freeze']);
  assert.deepEqual(
    relay.taken.map(({ to }) => to.join()),
    ['ops@north.example'],
  );
});
