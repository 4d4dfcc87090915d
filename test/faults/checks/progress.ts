import { decodeHeader } from '../../../src/ledger/chain/header.ts';
import { equalBytes } from '../../../src/primitives/bytes.ts';
import type { DoubleSigned, Played } from '../play.ts';
import { type Finding, finding, type Ledger } from './blocks.ts';

/** While two thirds and less are there no block comes; one may have been under way. */
const underWay = 1;

/** Check 8: the ledger goes on soon after each fault, everybody is there again, and without two thirds it stands still. */
export function progress(played: readonly Played[]): Finding {
  const violations = played.flatMap(({ fault, on, progressMs, rejoinMs, forbidden, failed }) => {
    const where = `${fault} (${on.join(', ')})`;
    return [
      ...(failed === undefined ? [] : [`${where}: ${failed}`]),
      ...(progressMs === undefined ? [`no progress within 30 s after ${where}`] : []),
      ...(rejoinMs === undefined ? [`not everybody was there again after ${where}`] : []),
      ...(forbidden > underWay ? [`${forbidden} blocks without two thirds: ${where}`] : []),
    ];
  });
  const slowest = (of: 'progressMs' | 'rejoinMs') =>
    Math.max(0, ...played.map((it) => it[of] ?? 0));
  return finding('progress', played.length, violations, {
    ...{ slowestMs: slowest('progressMs'), slowestRejoinMs: slowest('rejoinMs') },
    standstills: played.filter(({ fault }) => ['halves', 'two down'].includes(fault)).length,
  });
}

/** Check 9: a validator that signed twice is found out, and has no power any more; with those that are left it goes on. */
export function doubleSigning(signed: DoubleSigned | undefined, { blocks }: Ledger): Finding {
  if (signed === undefined) return finding('double signing', 0, ['was not reached']);
  const { of, evidenceAt, before, after, isIn, progressMs } = signed;
  const violations: string[] = [];
  if (evidenceAt === undefined) violations.push(`no evidence against ${of}`);
  else {
    if (isIn || after !== before - 1) {
      violations.push(
        `${after} of ${before} validators, ${of} ${isIn ? 'among' : 'not among'} them`,
      );
    }
    // What a block decides names the set of the one after the next.
    const setAt = (height: number) => {
      const block = blocks[height - 1];
      return block === undefined ? new Uint8Array(0) : decodeHeader(block.header).validatorsHash;
    };
    const early = equalBytes(setAt(evidenceAt), setAt(evidenceAt + 1));
    if (!early || equalBytes(setAt(evidenceAt), setAt(evidenceAt + 2))) {
      violations.push(`the set did not change two heights after ${evidenceAt}`);
    }
    if (progressMs === undefined) violations.push('no progress without it');
  }
  return finding('double signing', 1, violations, { ...signed });
}
