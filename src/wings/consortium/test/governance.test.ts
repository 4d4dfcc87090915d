import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromHospital, profileOf, setting } from '../../../../test/setting.ts';
import {
  accountOf,
  bytesOf,
  day,
  enrolAct,
  identityOf,
  type Sent,
  validatorOf,
  type World,
} from '../../../../test/world.ts';
import { validatorAddress } from '../../../ledger/chain/validators.ts';
import { charterAt } from '../../../ledger/charter.ts';
import { decodeTx, encodeTx } from '../../../ledger/codec.ts';
import { membersAt } from '../../../ledger/members.ts';
import { holdsRight } from '../../../ledger/outcome.ts';
import { foundingLogs } from '../../../ledger/protocol.ts';
import { organisations } from '../../../ledger/tables/organisations.ts';
import { validatorsOf } from '../../../ledger/validator-set.ts';
import { changeKinds } from '../ledger/changes.ts';
import { quorumOf } from '../ledger/counting.ts';
import { proposalsOpen } from '../ledger/tables/proposals-open.ts';
import {
  by,
  changes,
  decide,
  four,
  idOf,
  mustDecide,
  nobody,
  outcomeOf,
  pass,
  proposeAct,
  voteAct,
  worldOf,
} from './voting.ts';

const charterOf = (world: World) => charterAt(world.view, world.genesis, world.height + 1);
const membersOf = (world: World, height = world.height + 1) =>
  membersAt(world.view, charterOf(world), height);
const setOf = (world: World) => validatorsOf(world.view, charterOf(world));
const elm = changes.memberIn('elm');
const firstOf = (name: string) => idOf(name, elm);

/** Four hospitals; anna proposed that elm becomes a member. */
const proposed = () => worldOf(...four).mustSend(by('anna', proposeAct(elm)));

for (const [name, sent, expected] of [
  ['another member', by('bern', voteAct(firstOf('anna'))), 'accepted'],
  ['who proposed, again', by('anna', voteAct(firstOf('anna'))), 'VOTE_TAKEN'],
  ['on what nobody proposed', by('bern', voteAct(firstOf('bern'))), 'PROPOSAL_UNKNOWN'],
  ['somebody whom nobody knows', by('elm', voteAct(firstOf('anna'))), 'SENDER_UNKNOWN'],
  ['on Docchain', by('bern', voteAct(firstOf('anna')), { log: 'doc' }), 'LOG_WRONG'],
] as const) {
  test(`GovVote, ${name}: ${expected}`, () => {
    assert.equal(proposed().send(sent).answer, expected);
  });
}

test('GovVote and GovPropose of a patient: ROLE_WRONG', () => {
  const world = worldOf(...four).mustSend({ from: 'anna', acts: [enrolAct('ana', 'patient')] });
  assert.equal(world.send(by('ana', voteAct(firstOf('anna')))).answer, 'ROLE_WRONG');
  assert.equal(world.send(by('ana', proposeAct(elm))).answer, 'ROLE_WRONG');
});

for (const [name, change, expected] of [
  ['a new member', elm, 'accepted'],
  ['a member as it is one', changes.memberIn('bern'), 'MEMBER_EXISTS'],
  [
    'a member by a weak key',
    { ...elm, identity: { ...identityOf('x'), signKey: new Uint8Array(32) } },
    'KEY_WEAK',
  ],
  ['a member under another’s name', { ...elm, name: 'bern' }, 'MEMBER_EXISTS'],
  ['a member at another’s address', { ...elm, url: 'https://bern.example' }, 'MEMBER_EXISTS'],
  ['a validator of its own again', changes.validatorIn('bern'), 'VALIDATOR_EXISTS'],
  ['another validator of its own', changes.validatorIn('bern', 'other'), 'accepted'],
  [
    'a validator of nobody',
    { ...changes.validatorIn('bern', 'x'), organisation: nobody },
    'MEMBER_UNKNOWN',
  ],
  [
    'a validator by a weak key',
    { ...changes.validatorIn('bern'), publicKey: new Uint8Array(32) },
    'KEY_WEAK',
  ],
  ['a validator out', changes.validatorOut('davos'), 'accepted'],
  ['a validator out that is none', changes.validatorOut('elm'), 'VALIDATOR_UNKNOWN'],
  ['a member out that orders blocks', changes.memberOut('davos'), 'MEMBER_VALIDATES'],
  ['a member out that is none', changes.memberOut('elm'), 'MEMBER_UNKNOWN'],
  ['fewer rights', changes.memberChange('davos'), 'accepted'],
  [
    'what is so',
    changes.memberChange('davos', { rights: ['enrol', 'serve', 'batch'] }),
    'MEMBER_UNCHANGED',
  ],
  ['another’s name', changes.memberChange('davos', { name: 'bern' }), 'MEMBER_EXISTS'],
  ['rights of nobody', changes.memberChange('elm'), 'MEMBER_UNKNOWN'],
  ['another act', changes.profile([1, 2, 3, 4, 5, 6, 10, 11, 12, 20, 30, 70, 71, 99]), 'accepted'],
  ['an act less', changes.profile([1, 2, 3]), 'PROFILE_SHRINKS'],
  ['another key', changes.memberKeys('davos'), 'accepted'],
  ['the same key', changes.memberKeys('davos', 'davos'), 'KEY_TAKEN'],
  ['a key of nobody', changes.memberKeys('elm'), 'MEMBER_UNKNOWN'],
] as const) {
  test(`GovPropose, ${name}: ${expected}`, () => {
    assert.equal(decide(worldOf(...four), change, ['anna']), expected);
  });
}

test('GovPropose of an identity that nobody signed: IDENTITY_WRONG', () => {
  const sent = by('anna', proposeAct(elm), { identityHolds: false });
  assert.equal(worldOf(...four).send(sent).answer, 'IDENTITY_WRONG');
});

test('the same again is PROPOSAL_TAKEN; under another number it is another', () => {
  const world = proposed();
  assert.equal(world.send(by('anna', proposeAct(elm))).answer, 'PROPOSAL_TAKEN');
  assert.equal(world.send(by('anna', proposeAct(elm, 2))).answer, 'accepted');
  assert.equal(world.send(by('bern', proposeAct(elm))).answer, 'accepted');
});

test('more than two thirds of the members decide', () => {
  const expected = [1, 2, 3, 3, 4, 5, 5, 6, 7, 7];
  assert.deepEqual(
    expected.map((_, at) => quorumOf(at + 1)),
    expected,
  );
  const world = proposed();
  world.mustSend(by('bern', voteAct(firstOf('anna'))));
  assert.equal(outcomeOf(world.view, firstOf('anna')), 'open');
  world.mustSend(by('chur', voteAct(firstOf('anna'))));
  assert.equal(outcomeOf(world.view, firstOf('anna')), 'accepted');
  assert.equal(world.send(by('davos', voteAct(firstOf('anna')))).answer, 'PROPOSAL_CLOSED');
});

test('when the quorum is out of reach the proposal is rejected, and leaves room for another', () => {
  const world = proposed();
  world.mustSend(by('bern', voteAct(firstOf('anna'), false)));
  assert.equal(outcomeOf(world.view, firstOf('anna')), 'open');
  world.mustSend(by('chur', voteAct(firstOf('anna'), false)));
  assert.equal(outcomeOf(world.view, firstOf('anna')), 'rejected');
  assert.equal(world.view.get(proposalsOpen, accountOf('anna'))?.length, 0);
});

test('a proposal lapses after 14 days of block time', () => {
  const world = proposed();
  const { timeMs } = world;
  const vote = by('bern', voteAct(firstOf('anna')));
  assert.equal(world.send(vote, timeMs + 14 * day - 1).answer, 'accepted');
  const late = by('chur', voteAct(firstOf('anna')));
  assert.equal(world.send(late, timeMs + 14 * day).answer, 'PROPOSAL_LAPSED');
});

test('eight proposals of one member are open at once; another member has eight of its own, and time makes room', () => {
  const world = worldOf(...four);
  for (let number = 1; number <= 8; number++) {
    world.mustSend(by('anna', proposeAct(elm, number)));
  }
  assert.equal(world.send(by('anna', proposeAct(elm, 9))).answer, 'PROPOSALS_FULL');
  assert.equal(world.send(by('bern', proposeAct(elm))).answer, 'accepted');
  const later = world.timeMs + 14 * day;
  assert.equal(world.send(by('anna', proposeAct(elm, 9)), later).answer, 'accepted');
  assert.equal(world.view.get(proposalsOpen, accountOf('anna'))?.length, 1);
});

test('a member counts, votes and enrols from two heights after the decision, and not a block before', () => {
  const world = worldOf(...four);
  mustDecide(world, elm, ['anna', 'bern', 'chur']);
  const height = world.height;
  assert.equal(membersOf(world, height + 1).length, 4);
  assert.equal(membersOf(world, height + 2).length, 5);
  const enrols: Sent = { from: 'elm', acts: [enrolAct('patient of elm', 'patient')] };
  assert.equal(world.send(enrols).answer, 'SENDER_WRONG');
  assert.equal(world.send(enrols).answer, 'accepted');
  assert.equal(world.height, height + 2);
});

test('of five members four decide; a member that is still to come counts for nothing', () => {
  const world = worldOf(...four);
  mustDecide(world, elm, ['anna', 'bern', 'chur']);
  const fir = changes.memberIn('fir');
  world.mustSend(by('anna', proposeAct(fir)));
  assert.equal(membersOf(world, world.height).length, 4);
  world.mustSend(by('bern', voteAct(idOf('anna', fir))));
  world.mustSend(by('chur', voteAct(idOf('anna', fir))));
  assert.equal(outcomeOf(world.view, idOf('anna', fir)), 'open');
  world.mustSend(by('elm', voteAct(idOf('anna', fir))));
  assert.equal(outcomeOf(world.view, idOf('anna', fir)), 'accepted');
});

test('who was voted out counts no more: neither the vote it gave nor one it gives', () => {
  const world = worldOf(...four);
  const fir = changes.memberIn('fir');
  mustDecide(world, changes.validatorOut('davos'), ['anna', 'bern', 'chur']);
  world.mustSend(by('davos', proposeAct(fir)));
  mustDecide(world, changes.memberOut('davos'), ['anna', 'bern', 'chur']);
  pass(world);
  assert.deepEqual(membersOf(world), ['anna', 'bern', 'chur'].map(accountOf));
  assert.equal(world.send(by('davos', proposeAct(fir, 2))).answer, 'MEMBER_WRONG');
  for (const name of ['anna', 'bern']) world.mustSend(by(name, voteAct(idOf('davos', fir))));
  assert.equal(outcomeOf(world.view, idOf('davos', fir)), 'open');
  world.mustSend(by('chur', voteAct(idOf('davos', fir))));
  assert.equal(outcomeOf(world.view, idOf('davos', fir)), 'accepted');
});

test('who was voted out has no rights, freezes nobody whom it enrolled, and comes back by vote', () => {
  const world = worldOf(...four);
  world.mustSend({ from: 'davos', acts: [enrolAct('ana', 'patient')] });
  mustDecide(world, changes.validatorOut('davos'), ['anna', 'bern', 'chur']);
  mustDecide(world, changes.memberOut('davos'), ['anna', 'bern', 'chur']);
  pass(world);
  const freeze: Sent = { from: 'davos', acts: [{ kind: 'RevokeKey', account: accountOf('ana') }] };
  assert.equal(world.send(freeze).answer, 'SENDER_WRONG');
  const enrols: Sent = { from: 'davos', acts: [enrolAct('bob', 'patient')] };
  assert.equal(world.send(enrols).answer, 'SENDER_WRONG');
  mustDecide(world, changes.memberIn('davos'), ['anna', 'bern', 'chur']);
  pass(world);
  assert.equal(world.send(enrols).answer, 'accepted');
  assert.equal(world.send(freeze).answer, 'accepted');
});

test('rights are taken two heights after the decision', () => {
  const world = worldOf(...four);
  const change = changes.memberChange('davos', { rights: ['serve'], name: 'Davos Clinic' });
  mustDecide(world, change, ['anna', 'bern', 'chur']);
  const { height, view } = world;
  assert.ok(holdsRight(view, accountOf('davos'), 'enrol', height + 1));
  assert.ok(!holdsRight(view, accountOf('davos'), 'enrol', height + 2));
  assert.ok(holdsRight(view, accountOf('davos'), 'serve', height + 2));
  assert.equal(view.get(organisations, accountOf('davos'))?.name, 'Davos Clinic');
  assert.equal(decide(world, changes.memberChange('davos'), ['anna']), 'MEMBER_PENDING');
  assert.equal(decide(world, changes.memberChange('davos'), ['anna']), 'accepted');
});

test('an engine is told of a validator that comes, goes or is replaced, with the power of the others', () => {
  const world = worldOf(...four);
  mustDecide(world, elm, ['anna', 'bern', 'chur']);
  pass(world);
  const change = changes.validatorIn('elm');
  for (const name of ['anna', 'bern', 'chur']) {
    const act = name === 'anna' ? proposeAct(change) : voteAct(idOf('anna', change));
    world.mustSend(by(name, act));
  }
  const last = world.verified(by('davos', voteAct(idOf('anna', change))));
  assert.deepEqual(world.execute([last]).validatorUpdates, [validatorOf('elm')]);
  assert.equal(setOf(world).length, 5);

  const other = changes.validatorIn('elm', 'elm anew');
  world.mustSend(by('anna', proposeAct(other)));
  for (const name of ['bern', 'chur']) world.mustSend(by(name, voteAct(idOf('anna', other))));
  const replaced = world.execute([world.verified(by('elm', voteAct(idOf('anna', other))))]);
  assert.deepEqual(replaced.validatorUpdates, [
    { publicKey: bytesOf('elm anew'), power: 10 },
    { ...validatorOf('elm'), power: 0 },
  ]);
});

test('three validators stay, and one that signed twice comes back by another key alone', () => {
  const world = worldOf(...four);
  const evidence = {
    validatorAddress: validatorAddress(validatorOf('davos').publicKey),
    height: 1,
  };
  world.execute([], undefined, [evidence]);
  assert.equal(decide(world, changes.validatorOut('anna'), ['bern']), 'VALIDATORS_FEW');
  assert.equal(decide(world, changes.validatorIn('davos'), ['bern']), 'VALIDATOR_PUNISHED');
  mustDecide(world, changes.validatorIn('davos', 'davos anew'), ['anna', 'bern', 'chur']);
  assert.equal(setOf(world).length, 4);
});

test('a ledger that one machine orders votes no validator in: VALIDATORS_ALONE', () => {
  const world = setting(foundingLogs);
  for (const change of [changes.validatorIn('hospital', 'x'), changes.validatorOut('hospital')]) {
    assert.equal(decide(world, change, ['hospital']), 'VALIDATORS_ALONE');
  }
});

test('a member that is alone decides by proposing, and cannot vote itself out', () => {
  const world = worldOf('anna');
  assert.equal(decide(world, changes.memberOut('anna'), ['anna']), 'MEMBER_LAST');
  mustDecide(world, elm, ['anna']);
  assert.equal(world.view.get(proposalsOpen, accountOf('anna'))?.length, 0);
  assert.equal(membersOf(pass(world)).length, 2);
});

test('what a log takes changes two heights after the decision', () => {
  const world = worldOf(...four);
  const acts = [...(foundingLogs.find(({ name }) => name === 'user')?.acts ?? []), 99].sort(
    (a, b) => a - b,
  );
  mustDecide(world, changes.profile(acts), ['anna', 'bern', 'chur']);
  assert.equal(decide(world, changes.profile(acts), ['bern']), 'PROFILE_PENDING');
  assert.throws(() => world.block([]), { code: 'LEDGER_NEWER' });
});

test('after a theft the old key is dead at once: what it signed before is worth nothing, its votes are gone', () => {
  const world = worldOf(...four);
  const fir = changes.memberIn('fir');
  const stolen = world.verified(by('davos', voteAct(idOf('anna', fir)), { nonce: 40 }));
  world.mustSend(by('davos', proposeAct(fir)));
  mustDecide(world, changes.memberKeys('davos'), ['anna', 'bern', 'chur']);
  world.mustSend(by('anna', proposeAct(fir)));
  assert.equal(world.block([stolen])[0]?.code, 17);
  for (const name of ['anna', 'bern']) world.mustSend(by(name, voteAct(idOf('davos', fir))));
  assert.equal(outcomeOf(world.view, idOf('davos', fir)), 'open', 'the thief’s yes counts no more');
  const keys = [identityOf('davos again').signKey];
  world.mustSend(by('davos', voteAct(idOf('davos', fir)), { keys }));
  assert.equal(outcomeOf(world.view, idOf('davos', fir)), 'accepted');
});

test('a frozen member neither votes nor counts until it has another key', () => {
  const world = proposed();
  world.mustSend({ from: 'anna', acts: [{ kind: 'RevokeKey', account: accountOf('anna') }] });
  for (const name of ['bern', 'chur']) world.mustSend(by(name, voteAct(firstOf('anna'))));
  assert.equal(outcomeOf(world.view, firstOf('anna')), 'open');
  mustDecide(world, changes.memberKeys('anna'), ['bern', 'chur', 'davos']);
  const keys = [identityOf('anna again').signKey];
  world.mustSend(by('anna', voteAct(firstOf('anna')), { keys }));
  assert.equal(outcomeOf(world.view, firstOf('anna')), 'accepted');
});

test('of two proposals that exclude each other the second can no longer be decided', () => {
  const world = worldOf(...four);
  const other = { ...changes.memberIn('elm hospital'), name: 'elm' };
  world.mustSend(by('bern', proposeAct(other)));
  mustDecide(world, elm, ['anna', 'bern', 'chur']);
  assert.equal(world.send(by('anna', voteAct(idOf('bern', other)))).answer, 'MEMBER_EXISTS');
  assert.equal(world.send(by('anna', voteAct(idOf('bern', other), false))).answer, 'accepted');
});

test('a ledger of before takes votes from the height on that its organisations agree upon', () => {
  const world = setting();
  assert.equal(world.send(fromHospital(proposeAct(elm))).answer, 'LOG_WRONG');
  const acts = [1, 2, 3, 4, 10, 11, 20, 30, 70, 71];
  world.mustSend(fromHospital(profileOf({ acts, fromHeight: world.height + 2 })));
  assert.equal(world.send(fromHospital(proposeAct(elm))).answer, 'accepted');
});

test('every kind of change is written and read as it was, and has a number of its own', () => {
  const world = worldOf(...four);
  const all = [
    changes.validatorIn('anna'),
    changes.validatorOut('anna'),
    elm,
    changes.memberOut('anna'),
    changes.memberChange('anna'),
    changes.profile([1, 2]),
    changes.memberKeys('anna'),
  ];
  assert.deepEqual(
    all.map(({ kind }) => kind),
    changeKinds.map(({ kind }) => kind),
  );
  assert.deepEqual(
    changeKinds.map(({ number }) => number),
    [1, 2, 3, 4, 5, 6, 7],
  );
  for (const change of all) {
    const tx = world.tx(by('anna', proposeAct(change)));
    assert.deepEqual(decodeTx(encodeTx(tx)), tx);
  }
});
