import {
  measurementLength,
  pageProofs,
  type Run,
  shareLength,
  valuesPerProof,
  wiresPerProof,
} from './page-layout.ts';

/** Where the parts of a whole share stand: measurement, then of each proof the wires' points and the values. */
const proofAt = (j: number): number => measurementLength + j * (wiresPerProof + valuesPerProof);

export const elementsIn = (bytes: Uint8Array, { from, length }: Run): Uint8Array =>
  bytes.subarray(8 * from, 8 * (from + length));

export const measurementIn = (share: Uint8Array): Uint8Array =>
  elementsIn(share, { from: 0, length: measurementLength });

/** The values of all proofs, one after the other: 3 x 128 elements. */
export function valuesIn(share: Uint8Array): Uint8Array {
  const values = new Uint8Array(8 * pageProofs * valuesPerProof);
  for (let j = 0; j < pageProofs; j++) {
    const run = { from: proofAt(j) + wiresPerProof, length: valuesPerProof };
    values.set(elementsIn(share, run), 8 * j * valuesPerProof);
  }
  return values;
}

/** A whole share of its parts; a part that is left out is zero. `used`: the runs of the measurement, one after the other. */
export function wholeShare(of: {
  readonly measurement?: { readonly used: Uint8Array; readonly runs: readonly Run[] };
  readonly wires?: Uint8Array;
  readonly values?: Uint8Array;
}): Uint8Array {
  const share = new Uint8Array(8 * shareLength);
  let at = 0;
  for (const run of of.measurement?.runs ?? []) {
    const part = of.measurement?.used.subarray(at, at + 8 * run.length);
    if (part !== undefined) share.set(part, 8 * run.from);
    at += 8 * run.length;
  }
  for (let j = 0; j < pageProofs; j++) {
    const wires =
      of.wires && elementsIn(of.wires, { from: j * wiresPerProof, length: wiresPerProof });
    const values =
      of.values && elementsIn(of.values, { from: j * valuesPerProof, length: valuesPerProof });
    if (wires !== undefined) share.set(wires, 8 * proofAt(j));
    if (values !== undefined) share.set(values, 8 * (proofAt(j) + wiresPerProof));
  }
  return share;
}
