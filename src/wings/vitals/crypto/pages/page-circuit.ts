import { type Field, field64, modulo } from '../field.ts';
import { histogramBins } from '../histogram-edges.ts';
import type { Circuit, Gadget } from './flp.ts';
import {
  calls,
  digits,
  type PageSize,
  pageVitals,
  productRows,
  productWires,
  rangeDegree,
  ranged,
  rangeWires,
} from './page-layout.ts';

const range = 0;
const products = 1;
const field: Field = field64;

/** prod_{j=0..15} (d - j): zero for a base-16 digit and for nothing else. */
const rangeOf = (d: bigint): bigint => {
  let product = 1n;
  for (let j = 0n; j < 16n; j++) product = modulo(field, product * (d - j));
  return product;
};

/** sum_k r^(k+1) g(x_k). */
const rangeGadget: Gadget = {
  ...{ arity: rangeWires, degree: rangeDegree, calls },
  evaluate(inputs, [r = 0n]) {
    let [sum, weight] = [0n, 1n];
    for (const x of inputs) {
      weight = (weight * r) % field.p;
      sum += weight * rangeOf(x);
    }
    return sum % field.p;
  },
};

/** Of ten rows of five codes: sum over rows and u <= v of tau^(pair + 1) q_u q_v. */
const productGadget: Gadget = {
  ...{ arity: productWires, degree: 2, calls },
  evaluate(inputs, [, tau = 0n]) {
    let sum = 0n;
    for (let row = 0; row < productRows; row++) {
      let weight = 1n;
      for (let u = 0; u < pageVitals; u++) {
        for (let v = u; v < pageVitals; v++) {
          weight = (weight * tau) % field.p;
          const product =
            (inputs[row * pageVitals + u] ?? 0n) * (inputs[row * pageVitals + v] ?? 0n);
          sum += weight * (product % field.p);
        }
      }
    }
    return sum % field.p;
  },
};

/** Two digits, low first, as one number. */
const joined = (measurement: readonly bigint[], at: number): bigint =>
  ((measurement[at] ?? 0n) + 16n * (measurement[at + 1] ?? 0n)) % field.p;

const padded = (values: readonly bigint[], from: number, length: number): readonly bigint[] =>
  Array.from({ length }, (_, i) => values[from + i] ?? 0n);

/**
 * That a page of n rows of k vital signs is well formed; joint randomness r, tau. Thirteen outputs: of the seven calls
 * that find a digit that is none; of the sums of products; of each vital sign's counters, whose total is n.
 * Source: docs/protocol/vitals-pages.md, rule VP-11.
 */
export function pageCircuit({ n, k }: PageSize): Circuit {
  return {
    field,
    gadgets: [rangeGadget, productGadget],
    evaluate(measurement, { jointRand: [, tau = 0n], one }, call) {
      const found = measurement.slice(0, ranged);
      const codes = codesOf(measurement);
      const outputs: bigint[] = [];
      let sums = 0n;
      for (let i = 0; i < calls; i++) {
        outputs.push(call(range, padded(found, i * rangeWires, rangeWires)));
        sums += call(products, padded(codes, i * productWires, productWires));
      }
      let weight = 1n;
      for (const claimed of measurement.slice(ranged)) {
        weight = (weight * tau) % field.p;
        sums -= weight * claimed;
      }
      outputs.push(modulo(field, sums));
      for (let v = 0; v < pageVitals; v++) {
        const total = countersOf(measurement)
          .slice(v * histogramBins, (v + 1) * histogramBins)
          .reduce((a, b) => a + b, 0n);
        outputs.push(modulo(field, total - (v < k ? BigInt(n) * one : 0n)));
      }
      return outputs;
    },
  };
}

/** 64 x 5 statistics codes. */
export const codesOf = (measurement: readonly bigint[]): readonly bigint[] =>
  Array.from({ length: digits / 2 }, (_, i) => joined(measurement, 2 * i));

/** 5 x 32 counters. */
export const countersOf = (measurement: readonly bigint[]): readonly bigint[] =>
  Array.from({ length: pageVitals * histogramBins }, (_, i) => joined(measurement, digits + 2 * i));
