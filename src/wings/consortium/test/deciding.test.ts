import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type Json, list, run, salus, text } from '../../../../test/cli/salus.ts';
import { startTown, type Town } from '../../../../test/cli/town.ts';

/** Three hospitals in one home, on the embedded engine: three of three decide. */
let town: Town;
before(async () => {
  town = await startTown();
});
after(() => town.leave());

const consortium = (...args: readonly string[]) => town.salus('consortium', ...args);
const member = async (name: string): Promise<Json> => {
  const members = list(await consortium('status'), 'members');
  return members.find(({ url }) => url === `/${name}`) ?? assert.fail(name);
};

test('three members decide by the terminal what one of them may do, and who looks sees it on the ledger', async () => {
  const proposed = await consortium(
    'propose',
    'member-change',
    '--member',
    'valley',
    '--rights',
    'serve',
    'batch',
    '--by',
    'north',
  );
  const id = text(proposed, 'proposal');
  assert.deepEqual(
    [proposed.outcome, proposed.quorum, proposed.change],
    ['open', 3, 'member-change'],
  );
  const [shown = {}] = list(await consortium('status'), 'open');
  assert.deepEqual([shown.proposal, shown.outcome, Object(shown.yes).length], [id, 'open', 1]);
  assert.equal(
    (await consortium('vote', id.slice(0, 8), 'yes', '--by', 'harbour')).outcome,
    'open',
  );
  await town.no('VOTE_TAKEN', 3, 'consortium', 'vote', id, 'yes', '--by', 'harbour');
  assert.equal((await consortium('vote', id, 'yes', '--by', 'valley')).outcome, 'accepted');
  await town.no('PROPOSAL_CLOSED', 3, 'consortium', 'vote', id, 'no', '--by', 'valley');
  // Two heights later: each proposal is a block, and a proof block follows.
  await consortium(
    'propose',
    'member-change',
    '--member',
    'valley',
    '--rights',
    'enrol',
    'serve',
    '--by',
    'north',
  );
  assert.deepEqual((await member('valley')).rights, ['serve', 'batch']);
});

test('a new hospital is proposed by the public part that it made of its own keys', async () => {
  const part = join(town.home, 'elm.part.json');
  const { chain } = await consortium('status');
  const elsewhere = [
    '--chain',
    String(chain),
    '--name',
    'Elm Clinic',
    '--short',
    'elm',
    '--url',
    'https://elm.example',
    '--host',
    'elm',
  ];
  await salus(['consortium', 'propose-genesis', ...elsewhere, '--out', part], {
    home: join(town.home, 'elm'),
  });
  const proposed = await consortium('propose', 'member-in', '--part', part, '--by', 'harbour');
  assert.deepEqual([proposed.name, proposed.url], ['Elm Clinic', 'https://elm.example/elm']);
  for (const by of ['north', 'valley'])
    await consortium('vote', text(proposed, 'proposal'), 'yes', '--by', by);
  const members = list(await consortium('status'), 'members');
  assert.ok(members.some(({ name }) => name === 'Elm Clinic'));
});

test('another key for a member whose key was stolen is made, voted in, and the old one votes no more', async () => {
  const [file, key] = [join(town.home, 'new-keys.json'), join(town.home, 'new.key')];
  await consortium('new-keys', '--member', 'valley', '--out', file, '--key-out', key);
  assert.equal(statSync(key).mode & 0o777, 0o600);
  const proposed = await consortium('propose', 'member-keys', '--identity', file, '--by', 'north');
  const id = text(proposed, 'proposal');
  await consortium('vote', id, 'yes', '--by', 'harbour');
  const { outcome } = await consortium('vote', id, 'yes', '--by', 'valley');
  const { quorum } = await consortium('status');
  assert.deepEqual([outcome, quorum], ['accepted', 3]);
  await town.no(
    'KEY_NOT_CURRENT',
    3,
    'consortium',
    'propose',
    'member-out',
    '--member',
    'elm',
    '--by',
    'valley',
  );
});

for (const [name, code, exit, args] of [
  ['a kind that there is not', 'USAGE', 2, ['propose', 'tea']],
  ['no member', 'MISSING', 2, ['propose', 'member-out', '--by', 'north']],
  [
    'a member whom nobody knows',
    'MEMBER_UNKNOWN',
    3,
    ['propose', 'member-out', '--member', 'x', '--by', 'north'],
  ],
  [
    'a validator on a ledger that one machine orders',
    'VALIDATORS_ALONE',
    3,
    ['propose', 'validator-in', '--member', 'north', '--key', '07'.repeat(32), '--by', 'north'],
  ],
  ['by nobody in particular', 'MEMBER_WRONG', 3, ['propose', 'member-out', '--member', 'north']],
  ['an answer that is none', 'USAGE', 2, ['vote', 'ab'.repeat(32), 'maybe', '--by', 'north']],
  [
    'a proposal that there is not',
    'PROPOSAL_UNKNOWN',
    3,
    ['vote', 'ab'.repeat(32), 'yes', '--by', 'north'],
  ],
  ['a block to come', 'HEIGHT_UNKNOWN', 3, ['block', '999999']],
] as const) {
  test(`${name}: ${code}`, async () => {
    await town.no(code, exit, 'consortium', ...args);
  });
}

test('blocks of both logs are read in the terminal, each checked, with what was proposed and voted', async () => {
  const { blocks, newest } = await consortium('block', '--count', '50');
  const acts = (blocks as readonly Json[]).flatMap((block) =>
    list(block, 'txs').flatMap((tx) =>
      tx.body === undefined ? [] : list(Object(tx.body), 'acts'),
    ),
  );
  assert.ok(
    acts.some(({ kind }) => kind === 'GovPropose'),
    JSON.stringify(acts),
  );
  assert.ok(acts.some(({ kind, vote }) => kind === 'GovVote' && vote === 'yes'));
  const one = await consortium('block', '1');
  assert.deepEqual(
    list(one, 'blocks').map(({ height }) => height),
    [1],
  );
  assert.ok(Number(newest) > 5);
  const ran = await run(['consortium', 'block'], { home: town.home });
  assert.match(ran.stdout, /^ +user +[0-9a-f]{16} +accepted +by [0-9a-f]{16}$/m);
  assert.match((await run(['consortium', 'status'], { home: town.home })).stdout, /of \d decide/);
});
