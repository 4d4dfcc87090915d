import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { isConsistent, isIncluded } from '../../src/ledger/merkle.ts';
import { type Outcome, readJson, Tally } from './tally.ts';

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

const bytes = (base64: string): Uint8Array => new Uint8Array(Buffer.from(base64, 'base64'));

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.json'))
    .sort();
}

export async function merkleInclusion(folder: string): Promise<Outcome> {
  const tally = new Tally('merkle/inclusion');
  for (const name of filesBelow(folder)) {
    const test = readJson<InclusionCase>(join(folder, name));
    const path = (test.proof ?? []).map(bytes);
    const leaf = bytes(test.leafHash);
    const included = isIncluded(leaf, test.leafIdx, test.treeSize, path, bytes(test.root));
    tally.check(name, included !== test.wantErr);
  }
  return tally.outcome();
}

export async function merkleConsistency(folder: string): Promise<Outcome> {
  const tally = new Tally('merkle/consistency');
  for (const name of filesBelow(folder)) {
    const test = readJson<ConsistencyCase>(join(folder, name));
    const older = { size: test.size1, root: bytes(test.root1) };
    const newer = { size: test.size2, root: bytes(test.root2) };
    const consistent = isConsistent(older, newer, (test.proof ?? []).map(bytes));
    tally.check(name, consistent !== test.wantErr);
  }
  return tally.outcome();
}
