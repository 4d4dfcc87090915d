import { type Field, power } from '../field.ts';
import { extend, inner, lagrange } from './polynomials.ts';

/**
 * The fully linear proof of BBCGI19 (theorem 4.3) as VDAF has it since draft 15: polynomials travel by their values.
 * Generic in the circuit, so that the published vectors of Prio3 test it. Source: docs/protocol/vitals-pages.md, rule
 * VP-12; draft-irtf-cfrg-vdaf-20 section 7.3.
 */
export interface Gadget {
  readonly arity: number;
  readonly degree: number;
  readonly calls: number;
  evaluate(inputs: readonly bigint[], jointRand: readonly bigint[]): bigint;
}

/** What a circuit does: calls its gadgets in order, and is zero in every output for a valid measurement. */
export interface Circuit {
  readonly field: Field;
  readonly gadgets: readonly Gadget[];
  /** `one`: this party's share of the constant 1. `call(g, inputs)`: the output of the next call of gadget g. */
  evaluate(
    measurement: readonly bigint[],
    at: { readonly jointRand: readonly bigint[]; readonly one: bigint },
    call: (gadget: number, inputs: readonly bigint[]) => bigint,
  ): readonly bigint[];
}

const powerOfTwo = (least: number): number => 2 ** Math.ceil(Math.log2(least));

/** Nodes of a wire: its random point, a node a call, filled up to a power of two. */
const wireNodes = ({ calls }: Gadget): number => powerOfTwo(1 + calls);
/** Values of a gadget's polynomial that determine it. */
const valuesOf = (gadget: Gadget): number => gadget.degree * (wireNodes(gadget) - 1) + 1;

/** The inputs of every call, by gadget and wire: what a wire's polynomial is at its nodes but the first. */
type Wires = readonly (readonly bigint[][])[];

const blankWires = ({ gadgets }: Circuit, seeds: (gadget: number) => readonly bigint[]): Wires =>
  gadgets.map((gadget, g) =>
    Array.from({ length: gadget.arity }, (_, k) => {
      const wire = new Array<bigint>(wireNodes(gadget)).fill(0n);
      wire[0] = seeds(g)[k] ?? 0n;
      return wire;
    }),
  );

/** Runs the circuit and writes each call's inputs into the wires. */
function record(
  circuit: Circuit,
  wires: Wires,
  run: {
    readonly measurement: readonly bigint[];
    readonly jointRand: readonly bigint[];
    readonly one: bigint;
    readonly output: (gadget: number, call: number, inputs: readonly bigint[]) => bigint;
  },
): readonly bigint[] {
  const done = circuit.gadgets.map(() => 0);
  return circuit.evaluate(run.measurement, run, (g, inputs) => {
    const call = (done[g] ?? 0) + 1;
    done[g] = call;
    for (const [k, input] of inputs.entries()) {
      const wire = wires[g]?.[k];
      if (wire !== undefined) wire[call] = input;
    }
    return run.output(g, call, inputs);
  });
}

/** By gadget: its wire seeds, then the first values of its polynomial. */
export function prove(
  circuit: Circuit,
  input: {
    readonly measurement: readonly bigint[];
    readonly wireSeeds: readonly bigint[];
    readonly jointRand: readonly bigint[];
  },
): readonly bigint[] {
  const { field, gadgets } = circuit;
  const seeds = splitBy(
    input.wireSeeds,
    gadgets.map(({ arity }) => arity),
  );
  const wires = blankWires(circuit, (g) => seeds[g] ?? []);
  record(circuit, wires, {
    ...{ measurement: input.measurement, jointRand: input.jointRand, one: 1n },
    output: (g, _, inputs) => gadgets[g]?.evaluate(inputs, input.jointRand) ?? 0n,
  });
  return gadgets.flatMap((gadget, g) => {
    const values = valuesOf(gadget);
    const order = powerOfTwo(values);
    const longer = (wires[g] ?? []).map((wire) => extend(field, wire, order));
    const outputs = Array.from({ length: values }, (_, node) =>
      gadget.evaluate(
        longer.map((wire) => wire[node] ?? 0n),
        input.jointRand,
      ),
    );
    return [...(seeds[g] ?? []), ...outputs];
  });
}

/** What a server says of its shares: the circuit's output, and by gadget the wires and the polynomial at the point. */
export function query(
  circuit: Circuit,
  share: {
    readonly measurement: readonly bigint[];
    readonly proof: readonly bigint[];
    readonly jointRand: readonly bigint[];
    readonly one: bigint;
    /** What each output of the circuit counts. */
    readonly reduce: readonly bigint[];
    /** Where each gadget is asked: no root of unity of the order of its polynomial's nodes. */
    readonly points: readonly bigint[];
  },
): readonly bigint[] {
  const { field, gadgets } = circuit;
  const parts = splitBy(
    share.proof,
    gadgets.flatMap((gadget) => [gadget.arity, valuesOf(gadget)]),
  );
  const wires = blankWires(circuit, (g) => parts[2 * g] ?? []);
  const values = (g: number) => parts[2 * g + 1] ?? [];
  const outputs = record(circuit, wires, {
    ...{ measurement: share.measurement, jointRand: share.jointRand, one: share.one },
    output: (g, call) => values(g)[call * stepOf(gadgets[g])] ?? 0n,
  });
  const tests = gadgets.flatMap((gadget, g) => {
    const z = share.points[g] ?? 0n;
    const order = wireNodes(gadget);
    const ofWire = lagrange(field, { order, nodes: order, z });
    const nodes = valuesOf(gadget);
    const ofGadget = lagrange(field, { order: powerOfTwo(nodes), nodes, z });
    return [
      ...(wires[g] ?? []).map((wire) => inner(field, wire, ofWire)),
      inner(field, values(g), ofGadget),
    ];
  });
  return [inner(field, outputs, share.reduce), ...tests];
}

/** Nodes of the polynomial from one call to the next. */
const stepOf = (gadget: Gadget | undefined): number =>
  gadget === undefined ? 1 : powerOfTwo(valuesOf(gadget)) / wireNodes(gadget);

/** Whether the sum of all verifier shares accepts. */
export function decide(
  { gadgets }: Circuit,
  verifier: readonly bigint[],
  jointRand: readonly bigint[],
): boolean {
  const [[v = 0n] = [], ...parts] = splitBy(verifier, [
    1,
    ...gadgets.flatMap(({ arity }) => [arity, 1]),
  ]);
  if (v !== 0n) return false;
  return gadgets.every(
    (gadget, g) => gadget.evaluate(parts[2 * g] ?? [], jointRand) === parts[2 * g + 1]?.[0],
  );
}

/** Whether a point would open an input, or be a node. */
export const isRootOfUnity = (field: Field, z: bigint, order: number): boolean =>
  power(field, z, BigInt(order)) === 1n;

function splitBy(
  whole: readonly bigint[],
  lengths: readonly number[],
): readonly (readonly bigint[])[] {
  let at = 0;
  return lengths.map((length) => {
    at += length;
    return whole.slice(at - length, at);
  });
}
