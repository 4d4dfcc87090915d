import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import type { SignedHeaderParts } from '../../../src/ledger/chain/light-client.ts';
import { timestampOfMs } from '../../../src/ledger/chain/timestamp.ts';
import { validatorsHash } from '../../../src/ledger/chain/validators.ts';
import { signedHeader } from '../../signed-headers.ts';
import { cometVerdict } from './light-client.ts';
import {
  many,
  ourVerdict,
  SeveralLedger,
  setOf,
  underVotesOf,
  withNil,
  withVote,
} from './light-ledger.ts';

/**
 * Our verifier beside CometBFT's own, the command `cometbft light`: the same headers, shown by a primary and a witness
 * alike, and the same verdict. Where it differs by intent, docs/protocol/receipts.md says why.
 */
const program = join(process.env.SALUS_SERVICE ?? '', 'cometbft');
/** */
const trustingPeriod = `${30 * 24}h`;

// `cometbft light` has no clock but the machine's: times keep hours or days away from where a verdict turns.
const hour = 3_600_000;
const day = 24 * hour;
const last = 48;
const startMs = Date.now() - 10 * day;
const hourly = (height: number) => startMs + height * hour;
const four = setOf(0, 1, 2, 3);
const strangers = setOf(10, 11, 12, 13);
/** One member goes and another comes. */
const swapped = setOf(1, 2, 3, 4);

const ledgers = {
  steady: await SeveralLedger.of(many(last, four), hourly),
  swap: await SeveralLedger.of([...many(10, four), ...many(last, swapped)], hourly),
  // Under a third of the first set's power is left.
  exchange: await SeveralLedger.of([...many(10, four), ...many(last, setOf(3, 4, 5, 6))], hourly),
  // Exactly a third of three, which is not more than a third.
  third: await SeveralLedger.of(
    [...many(10, setOf(0, 1, 2)), ...many(last, setOf(2, 3, 4))],
    hourly,
  ),
  rolling: await SeveralLedger.of(
    Array.from({ length: 8 }, (_, i) => many(6, setOf(i, i + 1, i + 2, i + 3))).flat(),
    hourly,
  ),
  all: await SeveralLedger.of([...many(10, four), ...many(last, setOf(5, 6, 7, 8))], hourly),
  powers: await SeveralLedger.of(
    [...many(10, setOf([0, 40], [1, 30], [2, 20], 3)), ...many(last, setOf([0, 40], 4, 5, 6, 7))],
    hourly,
  ),
  growing: await SeveralLedger.of(
    [...many(8, setOf(0, 1, 2)), ...many(8, four), ...many(last, setOf(0, 1, 2, 3, 4, 5, 6))],
    hourly,
  ),
};
type Name = keyof typeof ledgers;

interface Case {
  readonly of: Name;
  readonly height: number;
  readonly from?: number;
  /** Shown in place of the honest headers of their heights; the first is the one in question. */
  readonly shows?: (ledger: SeveralLedger) => Promise<readonly SignedHeaderParts[]>;
}
interface Forged extends Case {
  readonly shows: NonNullable<Case['shows']>;
  readonly ours: string;
  readonly theirs: RegExp;
}

async function verdicts({ of, height, from = 1, shows }: Case) {
  const ledger = ledgers[of];
  const shown = ledger.showing((await shows?.(ledger)) ?? []);
  const trusted = (shown.get(from) ?? assert.fail()).header;
  const asked = { from: trusted, height };
  return {
    ours: await ourVerdict(shown, asked),
    theirs: await cometVerdict(program, shown, { ...asked, trustingPeriod }),
  };
}

const signedBy = (ledger: SeveralLedger, height: number, votes: number) =>
  signedHeader(ledger.honest(height), ledger.setAt(height), votes);

const honest: readonly (readonly [string, Case])[] = [
  ['the next one', { of: 'steady', height: 2 }],
  ['a later one of a set that stays', { of: 'steady', height: 40 }],
  ['trusting a header in the middle', { of: 'steady', from: 20, height: 40 }],
  [
    'three of four voted',
    { of: 'steady', height: 30, shows: async (it) => [await signedBy(it, 30, 3)] },
  ],
  [
    'one voted for no block',
    { of: 'steady', height: 30, shows: async (it) => [await withNil(it.at(30), 1)] },
  ],
  ['the last before a member goes', { of: 'swap', height: 10 }],
  ['the first of the set after it', { of: 'swap', height: 11 }],
  ['one beyond it, over what both sets share', { of: 'swap', height: 40 }],
  ['one beyond it, from the header before', { of: 'swap', from: 10, height: 11 }],
  [
    'one beyond it, three of four voted',
    { of: 'swap', height: 30, shows: async (it) => [await signedBy(it, 30, 3)] },
  ],
  ['a quarter of the set is left: by halving', { of: 'exchange', height: 40 }],
  ['exactly a third is left: by halving', { of: 'third', height: 40 }],
  ['exactly a third is left, the first of them', { of: 'third', height: 11 }],
  ['exchanged member by member, near', { of: 'rolling', height: 14 }],
  ['exchanged member by member, far', { of: 'rolling', height: 47 }],
  ['exchanged at once', { of: 'all', height: 40 }],
  ['exchanged at once, from the header before', { of: 'all', from: 10, height: 11 }],
  ['one of great power stays', { of: 'powers', height: 40 }],
  ['the set grows', { of: 'growing', height: 12 }],
  ['the set grows twice', { of: 'growing', height: 40 }],
];

/** A bit of the signature turned. */
const turned = (parts: SignedHeaderParts, index: number) =>
  withVote(parts, index, (vote) => {
    const signature = Uint8Array.from(vote.signature);
    signature[40] = (signature[40] ?? 0) ^ 1;
    return { ...vote, signature };
  });

const otherHash = new Uint8Array(32).fill(9);
const at = (ms: number) => ({ time: timestampOfMs(ms) });

const forged: readonly (readonly [string, Forged])[] = [
  // Signatures.
  [
    'signature: a bit of one is turned',
    {
      ...{ of: 'steady', height: 30, shows: async (it) => [turned(it.at(30), 0)] },
      ...{ ours: 'HEADER_INVALID signature', theirs: /wrong signature/ },
    },
  ],
  [
    'signature: of another height',
    {
      ...{
        of: 'steady',
        height: 30,
        shows: async (it) => {
          const { signatures } = it.at(29).commit;
          return [{ ...it.at(30), commit: { ...it.at(30).commit, signatures } }];
        },
      },
      ...{ ours: 'HEADER_INVALID signature', theirs: /wrong signature/ },
    },
  ],
  [
    'signature: of another round',
    {
      ...{
        of: 'swap',
        height: 30,
        shows: async (it) => [{ ...it.at(30), commit: { ...it.at(30).commit, round: 1 } }],
      },
      ...{ ours: 'HEADER_INVALID signature', theirs: /wrong signature/ },
    },
  ],
  [
    'signature: half of the power',
    {
      ...{ of: 'steady', height: 30, shows: async (it) => [await signedBy(it, 30, 2)] },
      ...{
        ours: 'HEADER_INVALID power',
        theirs: /insufficient voting power|not enough voting power|invalid commit/,
      },
    },
  ],
  [
    'signature: two votes change places',
    {
      ...{
        of: 'steady',
        height: 30,
        shows: async (it) => {
          const [a, b, ...rest] = it.at(30).commit.signatures;
          assert.ok(a !== undefined && b !== undefined);
          return [{ ...it.at(30), commit: { ...it.at(30).commit, signatures: [b, a, ...rest] } }];
        },
      },
      ...{ ours: 'HEADER_INVALID vote-order', theirs: /address|wrong signature/ },
    },
  ],
  // Sets of validators.
  [
    'set: of strangers, who signed',
    {
      ...{ of: 'steady', height: 30, shows: strange(30) },
      ...{ ours: 'HEADER_INVALID validators', theirs: /./ },
    },
  ],
  [
    'set: of strangers, right after the trusted header',
    {
      ...{ of: 'steady', height: 2, shows: strange(2) },
      ...{ ours: 'HEADER_INVALID validators', theirs: /next validators/ },
    },
  ],
  [
    'set: of strangers and one traitor, over a header between that is theirs too',
    {
      ...{
        of: 'steady',
        height: 30,
        shows: async (it) => {
          const traitors = setOf(3, 10, 11, 12);
          const theirs = {
            validatorsHash: validatorsHash(traitors),
            nextValidatorsHash: validatorsHash(traitors),
          };
          return Promise.all(
            Array.from({ length: 29 }, (_, i) => signedHeader(it.honest(i + 2, theirs), traitors)),
          ).then((all) => all.reverse());
        },
      },
      ...{ ours: 'HEADER_INVALID validators', theirs: /next validators/ },
    },
  ],
  [
    'set: another power than the header names',
    {
      ...{
        of: 'steady',
        height: 30,
        shows: async (it) => [{ ...it.at(30), validators: setOf([0, 1_000], 1, 2, 3) }],
      },
      ...{ ours: 'HEADER_INVALID validators', theirs: /./ },
    },
  ],
  [
    'set: one more than the header names',
    {
      ...{
        of: 'swap',
        height: 30,
        shows: async (it) => [{ ...it.at(30), validators: setOf(1, 2, 3, 4, 5) }],
      },
      ...{ ours: 'HEADER_INVALID votes', theirs: /./ },
    },
  ],
  // App hashes.
  [
    'app hash: another one under the votes',
    {
      ...{
        of: 'steady',
        height: 30,
        shows: async (it) => [{ ...it.at(30), header: it.honest(30, { appHash: otherHash }) }],
      },
      ...{ ours: 'HEADER_INVALID block-id', theirs: /./ },
    },
  ],
  [
    'app hash: another one, and the votes are said to name it',
    {
      ...{
        of: 'steady',
        height: 30,
        shows: async (it) => [underVotesOf(it.honest(30, { appHash: otherHash }), it.at(30))],
      },
      ...{ ours: 'HEADER_INVALID signature', theirs: /wrong signature/ },
    },
  ],
  [
    'app hash: another one, signed by half',
    {
      ...{
        of: 'steady',
        height: 30,
        shows: async (it) => [await signedHeader(it.honest(30, { appHash: otherHash }), four, 2)],
      },
      ...{ ours: 'HEADER_INVALID power', theirs: /./ },
    },
  ],
  [
    'app hash: another one, signed by strangers in the name of the set',
    {
      ...{
        of: 'swap',
        height: 30,
        shows: async (it) => {
          const header = it.honest(30, { appHash: otherHash });
          const inTheirName = swapped.map((member, i) => ({
            ...member,
            sign: (strangers[i] ?? assert.fail()).sign,
          }));
          return [await signedHeader(header, inTheirName)];
        },
      },
      ...{ ours: 'HEADER_INVALID signature', theirs: /wrong signature/ },
    },
  ],
  [
    'app hash: another one, after the set changed, signed by those who left',
    {
      ...{
        of: 'all',
        height: 30,
        shows: async (it) => [
          underVotesOf(it.honest(30, { appHash: otherHash }), {
            ...(await signedHeader(it.honest(30, { appHash: otherHash }), four)),
            validators: setOf(5, 6, 7, 8),
          }),
        ],
      },
      ...{ ours: 'HEADER_INVALID vote-order', theirs: /./ },
    },
  ],
  // Times.
  [
    'time: another one under the votes',
    {
      ...{
        of: 'steady',
        height: 30,
        shows: async (it) => [underVotesOf(it.honest(30, at(hourly(31))), it.at(30))],
      },
      ...{ ours: 'HEADER_INVALID signature', theirs: /wrong signature/ },
    },
  ],
  [
    'time: before the trusted header, signed by all',
    {
      ...{
        of: 'steady',
        height: 30,
        shows: async (it) => [await signedHeader(it.honest(30, at(hourly(0))), four)],
      },
      ...{ ours: 'HEADER_INVALID time', theirs: /after old header time/ },
    },
  ],
  [
    'time: that of the trusted header, in the next set',
    {
      ...{
        of: 'swap',
        height: 30,
        shows: async (it) => [await signedHeader(it.honest(30, at(hourly(1))), swapped)],
      },
      ...{ ours: 'HEADER_INVALID time', theirs: /after old header time/ },
    },
  ],
  [
    'time: from the future, in the next set',
    {
      ...{
        of: 'swap',
        height: 30,
        shows: async (it) => [await signedHeader(it.honest(30, at(Date.now() + day)), swapped)],
      },
      ...{ ours: 'HEADER_INVALID future', theirs: /time from the future/ },
    },
  ],
  [
    'time: the trusted header is older than the trusting period',
    {
      ...{
        of: 'swap',
        height: 30,
        shows: async (it) => [
          it.at(30),
          await signedHeader(it.honest(1, at(Date.now() - 31 * day)), four),
        ],
      },
      ...{ ours: 'HEADER_EXPIRED', theirs: /expired/ },
    },
  ],
];

/** by intent. The reason stands there. */
const differing: readonly (readonly [
  string,
  Case & { readonly ours: string; readonly theirs: true | RegExp },
])[] = [
  [
    'a vote beyond two thirds is forged',
    {
      ...{ of: 'steady', height: 30, shows: async (it) => [turned(it.at(30), 3)] },
      ...{ ours: 'HEADER_INVALID signature', theirs: true },
    },
  ],
  [
    'below the trusted header',
    { of: 'steady', from: 20, height: 15, ours: 'HEADER_INVALID validators', theirs: true },
  ],
  [
    'the trusted header is old, and its set stays',
    {
      ...{
        of: 'steady',
        height: 30,
        shows: async (it) => [
          it.at(30),
          await signedHeader(it.honest(1, at(Date.now() - 31 * day)), four),
        ],
      },
      ...{ ours: 'believed', theirs: /expired/ },
    },
  ],
  [
    'ahead of this clock by a day, and the set stays',
    {
      ...{
        of: 'steady',
        height: 30,
        shows: async (it) => [await signedHeader(it.honest(30, at(Date.now() + day)), four)],
      },
      ...{ ours: 'believed', theirs: /time from the future/ },
    },
  ],
  [
    'ahead of this clock by five minutes, in the next set',
    {
      ...{
        of: 'swap',
        height: 30,
        shows: async (it) => [await signedHeader(it.honest(30, at(Date.now() + 300_000)), swapped)],
      },
      ...{ ours: 'believed', theirs: /time from the future/ },
    },
  ],
];

/** Strangers sign a header of their own set. */
function strange(height: number): Forged['shows'] {
  return async (it) => {
    const theirs = {
      validatorsHash: validatorsHash(strangers),
      nextValidatorsHash: validatorsHash(strangers),
    };
    return [await signedHeader(it.honest(height, theirs), strangers)];
  };
}

test('twenty honest and twenty forged', () => {
  assert.deepEqual([honest.length, forged.length], [20, 20]);
});

for (const [name, one] of honest) {
  test(`honest, ${name}: both believe it`, async () => {
    const { ours, theirs } = await verdicts(one);
    assert.deepEqual([ours, theirs], ['believed', { believed: true, why: '' }]);
  });
}

for (const [name, one] of forged) {
  test(`forged, ${name}: neither believes it`, async () => {
    const { ours, theirs } = await verdicts(one);
    assert.equal(theirs.believed, false);
    assert.match(theirs.why, one.theirs);
    assert.equal(ours, one.ours);
  });
}

for (const [name, one] of differing) {
  test(`R-13, ${name}: the two differ`, async () => {
    const { ours, theirs } = await verdicts(one);
    assert.equal(ours, one.ours);
    assert.equal(theirs.believed, one.theirs === true);
    if (one.theirs !== true) assert.match(theirs.why, one.theirs);
  });
}
