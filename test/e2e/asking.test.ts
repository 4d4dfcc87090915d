import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { encodeAsk } from '../../src/api/ask.ts';
import type { Action } from '../../src/sdk/action.ts';
import { sealMessage, sendMessage } from '../../src/sdk/client/messages.ts';
import { type AccountId, isCoded } from '../../src/sdk/index.ts';
import { type Consortium, startConsortium } from './consortium.ts';

/** Questions between people: shown with a proven card, held by no wallet, answered or let go. Source: grants.md, G-18. */
const day = 86_400_000;
let consortium: Consortium;
before(async () => {
  consortium = await startConsortium();
});
after(() => consortium.stop());

async function both(patient: string) {
  const [ana, doctor] = [
    await consortium.person(patient, 'north', 'patient'),
    await consortium.person('Dr Osei', 'harbour', 'clinician'),
  ];
  const [hers, his] = [ana.person.account().account, doctor.person.account().account];
  return { ana: ana.person, doctor: doctor.person, hers, his };
}

const access = { kind: 'access', readClasses: ['lab'], purpose: 'TREAT', days: 7 } as const;

/** A question whose card is another's. */
const askAs: Action<{ readonly to: AccountId; readonly card: Uint8Array }, void> = {
  name: 'test/ask',
  async run(ctx, { to, card }) {
    const { kemKey } = await ctx.ledger.identity(to);
    const object = encodeAsk({ question: { kind: 'who' }, card });
    await sendMessage(ctx, { to, sealed: await sealMessage(kemKey, to, object) });
  },
};

test('A question shows who asks by his card; the newest counts, and a grant answers it', async () => {
  const { ana, doctor, hers, his } = await both('Ana');
  await doctor.ask(hers, { kind: 'who' });
  await doctor.ask(hers, access);
  await ana.sync();
  const [asked, ...others] = ana.asks;
  assert.deepEqual(others, []);
  assert.deepEqual(
    [asked?.from, asked?.name, asked?.role, asked?.question],
    [his, 'Dr Osei', 'clinician', access],
  );
  // It is in no wallet: the next fetch shows it again, and only it.
  await ana.inbox();
  assert.equal(ana.asks.length, 1);
  assert.deepEqual(ana.waitingLetters, []);
  assert.ok(asked);
  await ana.addCard(asked.card, { nickname: 'osei' });
  await ana.grant({
    ...{ grantee: 'osei', readClasses: ['lab'], writeClasses: [], purposes: ['TREAT'] },
    notAfterMs: consortium.now() + 7 * day,
  });
  assert.deepEqual(ana.asks, []);
  await ana.inbox();
  assert.deepEqual(ana.asks, []);
});

test('Who are you is answered by a card, which makes its owner known', async () => {
  const { ana, doctor, hers, his } = await both('Bea');
  await ana.ask(his, { kind: 'who' });
  await doctor.sync();
  assert.deepEqual(
    doctor.asks.map((it) => [it.from, it.name, it.question.kind]),
    [[hers, 'Bea', 'who']],
  );
  await doctor.ask(hers, { kind: 'introduction' });
  assert.equal(await doctor.dropAsks(hers), 1);
  assert.deepEqual(doctor.asks, []);
  await ana.inbox();
  const [answer] = ana.asks;
  assert.equal(answer?.question.kind, 'introduction');
  assert.ok(answer);
  assert.throws(() => ana.findPerson('Dr Osei'));
  await ana.addCard(answer.card);
  assert.equal(ana.findPerson('Dr Osei').account, his);
});

test('Whoever shows another’s card asks nothing, and stops no other question', async () => {
  const { ana, doctor, hers, his } = await both('Cleo');
  const eve = await consortium.person('Eve', 'valley', 'clinician');
  await eve.person.run(askAs, { to: hers, card: doctor.card() });
  await eve.person.run(askAs, { to: hers, card: new Uint8Array(40) });
  await doctor.ask(hers, access);
  await ana.inbox();
  assert.deepEqual(
    ana.asks.map((it) => it.from),
    [his],
  );
});

test('Nobody is asked who has no account, and what waited a month is let go', async () => {
  const { ana, doctor, hers } = await both('Dora');
  const nobody = `${hers.slice(0, -2)}${hers.endsWith('00') ? '01' : '00'}` as AccountId;
  await assert.rejects(doctor.ask(nobody, access), (error) => isCoded(error, 'ACCOUNT_UNKNOWN'));
  await doctor.ask(hers, access);
  consortium.advance(31 * day);
  await ana.sync();
  assert.deepEqual(ana.asks, []);
});
