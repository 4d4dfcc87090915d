import { isPoint, pointFromScalarSeed } from '../../src/crypto/group.ts';
import { verifySignature, verifyVote } from '../../src/crypto/signature.ts';
import { hex, isHex, type Outcome, readJson, Tally, unlessRefused } from './tally.ts';

interface EdgeCase {
  readonly message: string;
  readonly pub_key: string;
  readonly signature: string;
}

/** Of the twelve we accept the fourth alone (rule S-1). */
const strictAccepts = [3];
/** ZIP-215 has the cofactored equation and takes non-canonical points as they are written. */
const voteAccepts = [0, 1, 2, 3, 4, 5, 9, 10, 11];

export async function ed25519Edges(path: string): Promise<Outcome> {
  const tally = new Tally('ed25519-speccheck/cases.json');
  for (const [index, test] of readJson<readonly EdgeCase[]>(path).entries()) {
    const input = [hex(test.pub_key), hex(test.message), hex(test.signature)] as const;
    const strict = await verifySignature(...input);
    tally.check(`${index} strict`, strict === strictAccepts.includes(index));
    tally.check(`${index} vote`, (await verifyVote(...input)) === voteAccepts.includes(index));
  }
  return tally.outcome();
}

interface RistrettoFile {
  readonly multiplesOfTheGenerator: readonly string[];
  readonly invalidEncodings: readonly string[];
}

/** RFC 9496 appendix A.1 and A.2; the identity, multiple 0, is refused as key and as point. */
export async function ristretto(path: string): Promise<Outcome> {
  const tally = new Tally('rfc9496/ristretto255.json');
  const file = readJson<RistrettoFile>(path);
  for (const [multiple, encoded] of file.multiplesOfTheGenerator.entries()) {
    const seed = new Uint8Array(64);
    seed[0] = multiple;
    const point = await unlessRefused('KEY_WEAK', () => pointFromScalarSeed(seed));
    const accepted = await isPoint(hex(encoded));
    tally.check(
      `multiple ${multiple}`,
      multiple === 0 ? point === undefined && !accepted : isHex(point, encoded) && accepted,
    );
  }
  for (const encoded of file.invalidEncodings) {
    tally.check(`invalid ${encoded}`, !(await isPoint(hex(encoded))));
  }
  return tally.outcome();
}
