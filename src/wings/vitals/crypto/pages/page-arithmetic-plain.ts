import { CodedError } from '../../../../primitives/errors.ts';
import { bytesToElements, elementsToBytes, field64, modulo, sampleElements } from '../field.ts';
import { decide, isRootOfUnity, prove, query } from './flp.ts';
import type { PageArithmetic } from './page-arithmetic.ts';
import { codesOf, countersOf, pageCircuit } from './page-circuit.ts';
import {
  measurementLength,
  type PageSize,
  pageProofs,
  pageVitals,
  polynomialNodes,
  productWires,
  ranged,
  rangeValues,
  rangeWires,
  usedRuns,
  valuesPerProof,
  verifierLength,
  wiresPerProof,
} from './page-layout.ts';

const field = field64;
const proofLength = wiresPerProof + valuesPerProof;
const outputs = 13;

/** In BigInt, by the generic proof: a page takes a second. The oracle of the kernel, and what runs without WebAssembly. */
export const plainArithmetic: PageArithmetic = {
  sample(stream, count) {
    const elements = sampleElements(field, stream, count);
    return elements === undefined ? undefined : elementsToBytes(field, elements);
  },

  isCanonical: (elements) => bytesToElements(field, elements) !== undefined,

  isNode(element) {
    const [z = 0n] = elementsOf(element);
    return isRootOfUnity(field, z, polynomialNodes);
  },

  subtract(a, b, c) {
    const [y, z] = [elementsOf(b), elementsOf(c)];
    const difference = elementsOf(a).map((x, i) => modulo(field, x - (y[i] ?? 0n) - (z[i] ?? 0n)));
    return elementsToBytes(field, difference);
  },

  sum(vectors) {
    const [first = [], ...rest] = vectors.map(elementsOf);
    const sums = first.map((x, i) => rest.reduce((sum, it) => sum + (it[i] ?? 0n), x) % field.p);
    return elementsToBytes(field, sums);
  },

  clearUnused(share, size) {
    const used = new Set(
      usedRuns(size).flatMap(({ from, length }) => Array.from({ length }, (_, i) => from + i)),
    );
    const cleared = elementsOf(share).map((x, i) =>
      i < measurementLength && !used.has(i) ? 0n : x,
    );
    return elementsToBytes(field, cleared);
  },

  prove(whole, jointRand) {
    const elements = elementsOf(whole);
    const measurement = elements.slice(0, measurementLength);
    const proofs = eachProof(elements, elementsOf(jointRand), (proof, [r, tau]) =>
      prove(pageCircuit(anySize), {
        ...{ measurement, wireSeeds: wireSeedsOf(proof), jointRand: [r, tau] },
      }),
    );
    return elementsToBytes(field, [...measurement, ...proofs.flatMap(ownOrder)]);
  },

  query(share, { n, k, jointRand, queryRand, isFirst }) {
    const elements = elementsOf(share);
    const measurement = elements.slice(0, measurementLength);
    const asked = elementsOf(queryRand);
    const verifiers = eachProof(elements, elementsOf(jointRand), (proof, [r, tau], j) => {
      const [rho = 0n, z = 0n] = asked.slice(2 * j);
      return query(pageCircuit({ n, k }), {
        ...{ measurement, proof: gadgetOrder(proof), jointRand: [r, tau] },
        ...{ one: isFirst ? 1n : 0n, reduce: powersOf(rho), points: [z, z] },
      });
    });
    return elementsToBytes(field, verifiers.flat());
  },

  judge: () => undefined,

  decide(verifiers, jointRand) {
    const parts = verifiers.map((it) => bytesToElements(field, it));
    const sum: bigint[] = new Array(pageProofs * verifierLength).fill(0n);
    for (const part of parts) {
      if (part?.length !== sum.length) return false;
      for (const [i, x] of part.entries()) sum[i] = ((sum[i] ?? 0n) + x) % field.p;
    }
    const rand = elementsOf(jointRand);
    return Array.from({ length: pageProofs }, (_, j) => j).every((j) =>
      decide(
        pageCircuit(anySize),
        sum.slice(j * verifierLength, (j + 1) * verifierLength),
        rand.slice(2 * j, 2 * j + 2),
      ),
    );
  },

  truncate(share) {
    const measurement = elementsOf(share).slice(0, measurementLength);
    const codes = codesOf(measurement);
    const sums = Array.from({ length: pageVitals }, (_, v) =>
      codes.filter((_code, i) => i % pageVitals === v).reduce((a, b) => a + b, 0n),
    );
    const roll = [...sums.map((sum) => sum % field.p), ...measurement.slice(ranged)];
    return elementsToBytes(field, [...roll, ...countersOf(measurement)]);
  },

  keep(stream, size) {
    const measurement = plainArithmetic.sample(stream, measurementLength);
    return measurement && plainArithmetic.truncate(plainArithmetic.clearUnused(measurement, size));
  },
};

/** The gadgets' polynomials do not depend on how large a page is. */
const anySize: PageSize = { n: 0, k: 0 };

function elementsOf(bytes: Uint8Array): readonly bigint[] {
  const elements = bytesToElements(field, bytes);
  if (elements === undefined) throw new CodedError('ELEMENT_NOT_CANONICAL');
  return elements;
}

function eachProof<Result>(
  share: readonly bigint[],
  jointRand: readonly bigint[],
  run: (proof: readonly bigint[], rand: readonly [bigint, bigint], j: number) => Result,
): readonly Result[] {
  return Array.from({ length: pageProofs }, (_, j) => {
    const from = measurementLength + j * proofLength;
    const [r = 0n, tau = 0n] = jointRand.slice(2 * j);
    return run(share.slice(from, from + proofLength), [r, tau], j);
  });
}

const powersOf = (rho: bigint): readonly bigint[] => {
  const powers = [1n];
  while (powers.length < outputs) powers.push(((powers.at(-1) ?? 1n) * rho) % field.p);
  return powers;
};

const wireSeedsOf = (proof: readonly bigint[]): readonly bigint[] => proof.slice(0, wiresPerProof);

// In a share all wire seeds of a proof come first, for they are nobody's to send; VDAF has them gadget by gadget.
function gadgetOrder(proof: readonly bigint[]): readonly bigint[] {
  const values = proof.slice(wiresPerProof);
  return [
    ...proof.slice(0, rangeWires),
    ...values.slice(0, rangeValues),
    ...proof.slice(rangeWires, wiresPerProof),
    ...values.slice(rangeValues),
  ];
}
function ownOrder(proof: readonly bigint[]): readonly bigint[] {
  const second = rangeWires + rangeValues;
  return [
    ...proof.slice(0, rangeWires),
    ...proof.slice(second, second + productWires),
    ...proof.slice(rangeWires, second),
    ...proof.slice(second + productWires),
  ];
}
