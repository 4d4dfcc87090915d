import { verifyVote } from '../../../src/crypto/signature.ts';
import { ValidatorSets } from '../../../src/engines/cometbft/validator-sets.ts';
import { type Commit, decodeCommit, voteForBlock } from '../../../src/ledger/chain/commit.ts';
import { decodeHeader, type Header } from '../../../src/ledger/chain/header.ts';
import {
  type SignedHeaderParts,
  type TrustedHeader,
  verifyNext,
} from '../../../src/ledger/chain/light-client.ts';
import { msOfTimestamp } from '../../../src/ledger/chain/timestamp.ts';
import type { Validator } from '../../../src/ledger/chain/validators.ts';
import { validatorsIn } from '../../../src/server/comet/places.ts';
import type { Random } from '../../crash/random.ts';
import { type Finding, finding, type Ledger } from './blocks.ts';

/** A hospital's headers, from the first on. */
export interface SignedLedger {
  readonly name: string;
  readonly signed: readonly SignedHeaderParts[];
}

const dayMs = 24 * 3_600_000;
/** So many heights of each hospital are also shown changed. */
const forgeries = 40;

/** Check 7: a client takes every header of every hospital, one after the other and by leaps, and none that was changed. */
export async function lightClient(kept: readonly SignedLedger[], random: Random): Promise<Finding> {
  const violations: string[] = [];
  let taken = 0;
  let refused = 0;
  for (const { name, signed } of kept) {
    const [first] = signed;
    if (first === undefined) continue;
    let trusted: TrustedHeader = { header: first.header, nextValidators: first.validators };
    const clock = {
      ...{ trustingPeriodMs: 14 * dayMs, maxDriftMs: 60_000 },
      nowMs: msOfTimestamp(signed.at(-1)?.header.time ?? first.header.time) + 1_000,
    };
    const accepts = (known: TrustedHeader, next: SignedHeaderParts) =>
      verifyNext(known, next, clock, verifyVote).then(
        () => true,
        () => false,
      );
    for (const [at, next] of signed.entries()) {
      if (at === 0) continue;
      const after = signed[at + 1]?.validators ?? next.validators;
      if (await accepts(trusted, next)) taken += 1;
      else violations.push(`${name}: the header of block ${at + 1} is not taken`);
      const isTried = random.is(forgeries / signed.length);
      for (const [what, forged] of isTried ? forgedFrom(next, random) : []) {
        if (await accepts(trusted, forged)) {
          violations.push(`${name}: block ${at + 1} with ${what} is taken`);
        } else refused += 1;
      }
      trusted = { header: next.header, nextValidators: after };
    }
    const last = signed.at(-1);
    const start = { header: first.header, nextValidators: first.validators };
    if (last !== undefined && signed.length > 2 && !(await accepts(start, last))) {
      violations.push(`${name}: the newest header is not taken on the word of the first`);
    }
  }
  return finding('light client', taken + refused, violations, { taken, refused });
}

/** What a hospital would hand to a client that follows the ledger. */
export function signedIn(servers: string, { blocks }: Ledger): readonly SignedHeaderParts[] {
  const sets = new ValidatorSets(validatorsIn(servers));
  try {
    return blocks.map((block) => {
      const header = decodeHeader(block.header);
      const commit = decodeCommit(block.commit);
      return { header, commit, validators: sets.of(header.validatorsHash) };
    });
  } finally {
    sets.close();
  }
}

function forgedFrom(
  next: SignedHeaderParts,
  random: Random,
): (readonly [string, SignedHeaderParts])[] {
  const { header, commit, validators } = next;
  const turned = (bytes: Uint8Array) => bytes.map((byte, at) => (at === 3 ? byte ^ 1 : byte));
  const headerWith = (change: Partial<Header>) => ({ ...next, header: { ...header, ...change } });
  const { seconds, nanos } = header.time;
  const voted = commit.signatures.flatMap(({ flag }, at) => (flag === voteForBlock ? [at] : []));
  const of = random.pick(voted) ?? 0;
  return [
    ['another state', headerWith({ appHash: turned(header.appHash) })],
    ['another time', headerWith({ time: { seconds: seconds + 1, nanos } })],
    ['other transactions', headerWith({ dataHash: turned(header.dataHash) })],
    [
      'a forged vote',
      {
        ...next,
        commit: withVote(commit, of, (it) => ({ ...it, signature: turned(it.signature) })),
      },
    ],
    [
      'too few votes',
      { ...next, commit: voted.slice(1).reduce(absent, absent(commit, voted[0] ?? 0)) },
    ],
    ['another set', { ...next, validators: stronger(validators) }],
  ];
}

type Vote = Commit['signatures'][number];

function withVote(commit: Commit, at: number, change: (vote: Vote) => Vote): Commit {
  const signatures = commit.signatures.map((vote, other) => (other === at ? change(vote) : vote));
  return { ...commit, signatures };
}

/** `voteAbsent`: as if that validator had said nothing. */
function absent(commit: Commit, at: number): Commit {
  const none = new Uint8Array(0);
  const nobody = { flag: 1, address: none, time: { seconds: -62_135_596_800, nanos: 0 } };
  return withVote(commit, at, () => ({ ...nobody, signature: none }));
}

function stronger(validators: readonly Validator[]): readonly Validator[] {
  return validators.map((it, at) => (at === 0 ? { ...it, power: it.power + 1 } : it));
}
