import { ed25519Edges, ristretto } from './curves.ts';
import { cborAppendix, dagCborFixtures, dagCborRefused } from './encoding.ts';
import { vectorFiles } from './files.ts';
import { hpkePostQuantum, hpkeRfc9180 } from './hpke.ts';
import { sealedItems } from './items.ts';
import { merkleConsistency, merkleInclusion } from './merkle.ts';
import { ownVectors } from './own.ts';
import type { Outcome } from './tally.ts';
import { wycheproof } from './wycheproof.ts';

/** Every set of vectors, by the file or folder it lies in below a vectors folder. */
const suites = async (): Promise<Readonly<Record<string, (path: string) => Promise<Outcome>>>> => ({
  ...wycheproof,
  'hpke/rfc9180.json': hpkeRfc9180,
  'hpke/hpke-pq.json': hpkePostQuantum,
  'cbor/appendix_a.json': cborAppendix,
  'dag-cbor/fixtures': dagCborFixtures,
  'dag-cbor/negative/decode/duplicate-keys.json': dagCborRefused,
  'merkle/inclusion': merkleInclusion,
  'merkle/consistency': merkleConsistency,
  'ed25519-speccheck/cases.json': ed25519Edges,
  'rfc9496/ristretto255.json': ristretto,
  'records/items.json': sealedItems,
  ...(await ownVectors()),
});

/** Names of all sets that lie in one of the folders. */
export async function* runVectors(folders: readonly string[]): AsyncGenerator<Outcome> {
  for (const [file, run] of Object.entries(await suites())) {
    for (const folder of folders) {
      const path = `${folder}/${file}`;
      if (vectorFiles().has(path)) yield await run(path);
    }
  }
}

export async function suiteNames(): Promise<readonly string[]> {
  return Object.keys(await suites());
}
