import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { codeOf, Person } from '../../../../test/gateway/person.ts';
import { openTown, type Town } from '../../../../test/gateway/town.ts';
import { parseAccountId } from '../../../primitives/ids.ts';
import { type MachineFacts, machineStatusOf } from '../api/machine.ts';
import type { ConsortiumAnswer } from '../api/routes/consortium-get.ts';
import type { Standing } from '../api/standing.ts';
import { consortiumGateway } from '../gateway/index.ts';

const path = '/v1/consortium';
const [anna, bern] = [1, 2].map((it) => parseAccountId(String(it).repeat(64)));
if (anna === undefined || bern === undefined) assert.fail();

let told: unknown;
let town: Town;
before(async () => {
  town = await openTown({}, { wings: [consortiumGateway], machineOf: async () => told });
});
after(() => town.close());

for (const role of ['patient', 'clinician', 'auditor'] as const) {
  test(`To somebody of role ${role} it is refused (GV-11)`, async () => {
    const person = await Person.enrolled(town, town.north, role);
    assert.equal(codeOf(await person.call('GET', path)), 'FORBIDDEN');
  });
}

test('An operator of a ledger of one machine reads its members, and of no machine', async () => {
  told = undefined;
  const operator = await Person.enrolled(town, town.north, 'operator');
  const { body } = await operator.call('GET', path);
  const { members, machine, open, quorum } = body as ConsortiumAnswer;
  assert.equal(members.length, 2);
  assert.deepEqual([machine, open, quorum], [undefined, [], 2]);
});

test('What its own server tells of the machine is passed on, and nothing of another shape', async () => {
  const operator = await Person.enrolled(town, town.north, 'operator');
  told = { ...facts, certificateDays: 12 };
  const { body } = await operator.call('GET', path);
  const { machine } = body as ConsortiumAnswer;
  assert.deepEqual(machine?.duties, [{ duty: 'certificate', days: 12 }]);
  assert.deepEqual(machine?.peers, facts.peers);
  told = { ...facts, voters: 'all' };
  assert.notEqual((await operator.call('GET', path)).status, 200);
});

const facts: MachineFacts = {
  organisation: anna,
  peers: [{ account: bern, name: 'bern', isConnected: true }],
  voters: [],
};
const standing: Standing = {
  ...{ chain: 'salus-two-1', height: 9, timeMs: 0, quorum: 2, validators: [], cases: [] },
  members: [anna, bern].map((account) => ({
    ...{ account, name: 'A hospital', url: '', rights: [] },
    ...{ frozen: false, counts: true, validates: true },
  })),
  open: [
    {
      ...{ proposal: 'ab'.repeat(32), by: bern, outcome: 'open', untilMs: 1, no: [] },
      ...{ yes: [bern], facts: { change: 'profile' } },
    },
  ],
};

test('A vote is owed by a member that has not voted on what is open, and by nobody else', () => {
  const duties = (of: Standing) => machineStatusOf(facts, of).duties;
  assert.deepEqual(duties(standing), [{ duty: 'vote', proposal: 'ab'.repeat(32) }]);
  const [only] = standing.open;
  assert.ok(only);
  for (const change of [{ no: [anna] }, { yes: [anna] }, { outcome: 'lapsed' as const }]) {
    assert.deepEqual(duties({ ...standing, open: [{ ...only, ...change }] }), []);
  }
  const members = standing.members.map((it) => ({ ...it, counts: it.account !== anna }));
  assert.deepEqual(duties({ ...standing, members }), [], 'who does not count owes none');
});
