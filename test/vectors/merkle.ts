import { isConsistent, isIncluded } from '../../src/ledger/merkle.ts';
import { vectorFiles } from './files.ts';
import { base64, type Outcome, readJson, Tally } from './tally.ts';

/** RFC 9162 proofs of transparency-dev/merkle; most of them must be refused. */
interface InclusionCase {
  readonly leafIdx: number;
  readonly treeSize: number;
  readonly root: string;
  readonly leafHash: string;
  readonly proof: readonly string[] | null;
  readonly wantErr: boolean;
}

interface ConsistencyCase {
  readonly size1: number;
  readonly size2: number;
  readonly root1: string;
  readonly root2: string;
  readonly proof: readonly string[] | null;
  readonly wantErr: boolean;
}

const filesBelow = (folder: string): string[] =>
  vectorFiles()
    .below(folder)
    .filter((name) => name.endsWith('.json'));

export async function merkleInclusion(folder: string): Promise<Outcome> {
  const tally = new Tally('merkle/inclusion');
  for (const name of filesBelow(folder)) {
    const test = readJson<InclusionCase>(`${folder}/${name}`);
    const path = (test.proof ?? []).map(base64);
    const leaf = base64(test.leafHash);
    const included = isIncluded(leaf, test.leafIdx, test.treeSize, path, base64(test.root));
    tally.check(name, included !== test.wantErr);
  }
  return tally.outcome();
}

export async function merkleConsistency(folder: string): Promise<Outcome> {
  const tally = new Tally('merkle/consistency');
  for (const name of filesBelow(folder)) {
    const test = readJson<ConsistencyCase>(`${folder}/${name}`);
    const older = { size: test.size1, root: base64(test.root1) };
    const newer = { size: test.size2, root: base64(test.root2) };
    const consistent = isConsistent(older, newer, (test.proof ?? []).map(base64));
    tally.check(name, consistent !== test.wantErr);
  }
  return tally.outcome();
}
