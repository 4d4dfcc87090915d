import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CodedError } from '../../primitives/errors.ts';
import { formatProposal, parseProposal, propose } from './proposal.ts';
import type { LogStanding } from './standing.ts';

/** A log that takes three acts, knows of two more, and, where asked, waits for one of them. */
const user: LogStanding = {
  log: 'user',
  takes: { acts: [2, 3, 11], version: 1, fromHeight: 1 },
  waits: undefined,
  untaken: [1, 4],
  unknown: [],
};
const doc: LogStanding = {
  log: 'doc',
  takes: { acts: [31], version: 1, fromHeight: 1 },
  waits: { acts: [21, 31], version: 1, fromHeight: 40 },
  untaken: [],
  unknown: [],
};

type Wanted = Parameters<typeof propose>[2];
const changes = (wanted: Partial<Wanted>, logs = [user, doc]) =>
  propose('salus-test-1', logs, { acts: [], fromHeight: 50, ...wanted }).profiles.map(
    ({ profile, acts, version }) => [profile, acts, version],
  );

for (const [name, wanted, expected] of [
  ['all that is known', { acts: 'all' }, [['user', [1, 2, 3, 4, 11], 1]]],
  ['one act, for its own log', { acts: [4] }, [['user', [2, 3, 4, 11], 1]]],
  ['what it takes', { acts: [2, 11] }, []],
  ['what waits', { acts: [21] }, []],
  ['rules as they are', { version: 1, log: 'user' }, []],
] as const) {
  test(`a proposal of ${name}`, () => {
    assert.deepEqual(changes(wanted), expected);
  });
}

for (const [name, wanted, code] of [
  ['an act that nobody knows', { acts: [251] }, 'USAGE'],
  ['another act while one waits', { acts: [1], log: 'doc' }, 'PROFILE_PENDING'],
  ['older rules', { version: 0, log: 'user' }, 'PROFILE_SHRINKS'],
  ['rules that nobody knows', { version: 99, log: 'user' }, 'LEDGER_NEWER'],
] as const) {
  test(`no proposal of ${name}: ${code}`, () => {
    assert.throws(() => changes(wanted), { code });
  });
}

test('a log that the ledger lacks takes nothing: LOG_WRONG', () => {
  assert.throws(() => changes({ acts: [21] }, [user]), { code: 'LOG_WRONG' });
});

test('of the user log it also asks for what nobody may lose', () => {
  const bare = { ...user, takes: { acts: [1], version: 1, fromHeight: 1 } };
  assert.deepEqual(changes({ acts: [4] }, [bare]), [['user', [1, 2, 3, 4, 11], 1]]);
});

test('as a file it comes back as it was, and nothing else is one: PROPOSAL_INVALID', () => {
  const proposal = propose('salus-test-1', [user], { acts: 'all', fromHeight: 50 });
  const text = formatProposal(proposal);
  assert.deepEqual(parseProposal(text), proposal);
  for (const wrong of ['', '[]', text.replace('"user"', '"third"'), text.replace('50', '-1')]) {
    assert.throws(
      () => parseProposal(wrong),
      (error) => error instanceof CodedError && error.code === 'PROPOSAL_INVALID',
    );
  }
});
