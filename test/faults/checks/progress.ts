import { decodeHeader } from '../../../src/ledger/chain/header.ts';
import { leastValidators } from '../../../src/ledger/validator-set.ts';
import { bytesToHex } from '../../../src/primitives/bytes.ts';
import type { DoubleSigned, Played } from '../play.ts';
import { type Finding, finding, type Ledger } from './blocks.ts';

/** While two thirds and less are there no block comes; one may have been under way. */
const underWay = 1;

/** Check 8: the ledger goes on soon after each fault, everybody is there again, and without two thirds it stands still, as at the end. */
export function progress(played: readonly Played[], isAtRest: boolean): Finding {
  const violations = played.flatMap(({ fault, on, progressMs, rejoinMs, forbidden, failed }) => {
    const where = `${fault} (${on.join(', ')})`;
    return [
      ...(failed === undefined ? [] : [`${where}: ${failed}`]),
      ...(progressMs === undefined ? [`no progress within 30 s after ${where}`] : []),
      ...(rejoinMs === undefined ? [`not everybody was there again after ${where}`] : []),
      ...(forbidden > underWay ? [`${forbidden} blocks without two thirds: ${where}`] : []),
    ];
  });
  if (!isAtRest) violations.push('blocks are made although nobody asks for anything any more');
  const slowest = (of: 'progressMs' | 'rejoinMs') =>
    Math.max(0, ...played.map((it) => it[of] ?? 0));
  return finding('progress', played.length, violations, {
    ...{ slowestMs: slowest('progressMs'), slowestRejoinMs: slowest('rejoinMs') },
    standstills: played.filter(({ isTooMuch }) => isTooMuch).length,
  });
}

/**
 * Check 9: a validator that signed twice is found out and has no power any more, as long as enough are left; where they are
 * not it stays, with a case. It goes on either way.
 */
export function doubleSigning(all: readonly DoubleSigned[], { blocks }: Ledger): Finding {
  // What a block decides names the set of the one after the next.
  const setAt = (height: number) => {
    const block = blocks[height - 1];
    return block === undefined ? undefined : bytesToHex(decodeHeader(block.header).validatorsHash);
  };
  const violations = all.flatMap(({ of, evidenceAt, before, after, isIn, cases, progressMs }) => {
    if (evidenceAt === undefined) return [`no evidence against ${of}`];
    const leaves = before > leastValidators;
    const said: string[] = [];
    if (isIn === leaves || after !== (leaves ? before - 1 : before)) {
      said.push(`${after} of ${before} validators, ${of} ${isIn ? 'among' : 'not among'} them`);
    }
    if (cases.length !== 1 || cases[0]?.removed !== leaves) {
      said.push(`cases against ${of}: ${JSON.stringify(cases)}`);
    }
    const early = setAt(evidenceAt) !== setAt(evidenceAt + 1);
    if (early || leaves !== (setAt(evidenceAt) !== setAt(evidenceAt + 2))) {
      said.push(`the set two heights after ${evidenceAt} is not what follows from it`);
    }
    if (progressMs === undefined) said.push(`no progress after ${of}`);
    return said;
  });
  return finding('double signing', all.length, violations, { all });
}
