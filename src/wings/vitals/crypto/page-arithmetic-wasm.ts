import { base64urlToBytes } from '../../../primitives/bytes.ts';
import { CodedError } from '../../../primitives/errors.ts';
import type { PageArithmetic } from './page-arithmetic.ts';
import { plainArithmetic } from './page-arithmetic-plain.ts';
import { pageKernel } from './page-kernel-wasm.ts';
import {
  keptLength,
  measurementLength,
  pageProofs,
  shareLength,
  verifierLength,
} from './page-layout.ts';

/** What page-kernel.as exports; places in memory are byte offsets. */
interface Kernel {
  readonly memory: { readonly buffer: ArrayBuffer };
  readonly stream: Place;
  readonly share: Place;
  readonly other: Place;
  readonly third: Place;
  readonly jointRand: Place;
  readonly queryRand: Place;
  readonly verifier: Place;
  readonly peer: Place;
  readonly kept: Place;
  prepareTables(): void;
  sample(words: number, to: number, need: number): number;
  isNode(): number;
  canonical(at: number, count: number): number;
  subtract(count: number): void;
  addOther(count: number): void;
  clearUnused(at: number, n: number, k: number): void;
  prove(): void;
  query(n: number, k: number, first: number): void;
  addPeer(): number;
  decide(): number;
  truncate(): void;
}
interface Place {
  readonly value: number;
}
/** What a vector's place in memory holds. */
const placeBytes = 2048 * 8;

/** Of WebAssembly what is used here: no library declares it for browsers and Node alike. */
declare const WebAssembly: {
  instantiate(
    bytes: Uint8Array,
    imports: object,
  ): Promise<{ readonly instance: { readonly exports: unknown } }>;
};

let opened: Promise<PageArithmetic> | undefined;

/** The arithmetic of this process: the kernel, or plain where an engine or a policy has no WebAssembly. */
export function pageArithmetic(): Promise<PageArithmetic> {
  opened ??= openKernel().catch(() => plainArithmetic);
  return opened;
}

/** A kernel with memory of its own. Throws what WebAssembly throws. */
export async function openKernel(): Promise<PageArithmetic> {
  const { instance } = await WebAssembly.instantiate(kernelBytes(), { env: { abort: stop } });
  // The bytes are ours: a test builds them from the source that exports this.
  const kernel = instance.exports as Kernel;
  kernel.prepareTables();
  return arithmeticOf(kernel);
}

function kernelBytes(): Uint8Array {
  const bytes = base64urlToBytes(pageKernel);
  if (bytes === undefined) throw new CodedError('INTERNAL');
  return bytes;
}

function stop(): never {
  throw new CodedError('INTERNAL', { in: 'page kernel' });
}

/** Each call copies in, runs to its end and copies out: nothing of one page is left for another to be mixed with. */
function arithmeticOf(kernel: Kernel): PageArithmetic {
  // Memory never grows, so the view stays whole.
  const memory = new Uint8Array(kernel.memory.buffer);
  const put = ({ value }: Place, bytes: Uint8Array, most = placeBytes): void => {
    if (bytes.length > most || bytes.length % 8 !== 0) throw new CodedError('INTERNAL');
    memory.set(bytes, value);
  };
  const take = ({ value }: Place, elements: number): Uint8Array =>
    memory.slice(value, value + 8 * elements);
  const putShare = (bytes: Uint8Array): void => {
    if (bytes.length !== 8 * shareLength) throw new CodedError('INTERNAL');
    put(kernel.share, bytes);
  };
  const putRand = (place: Place, bytes: Uint8Array): void => {
    put(place, bytes, 8 * 2 * pageProofs);
  };
  return {
    sample(stream, count) {
      put(kernel.stream, stream);
      const found = kernel.sample(stream.length / 8, kernel.share.value, count);
      return found < count ? undefined : take(kernel.share, count);
    },
    isCanonical(elements) {
      if (elements.length % 8 !== 0) return false;
      put(kernel.share, elements);
      return kernel.canonical(kernel.share.value, elements.length / 8) === 1;
    },
    isNode(element) {
      put(kernel.stream, element);
      return kernel.isNode() === 1;
    },
    subtract(a, b, c) {
      put(kernel.share, a);
      put(kernel.other, b);
      put(kernel.third, c);
      kernel.subtract(a.length / 8);
      return take(kernel.share, a.length / 8);
    },
    sum(vectors) {
      const length = vectors[0]?.length ?? 0;
      put(kernel.share, new Uint8Array(length));
      for (const vector of vectors) {
        if (vector.length !== length) throw new CodedError('INTERNAL');
        put(kernel.other, vector);
        kernel.addOther(length / 8);
      }
      return take(kernel.share, length / 8);
    },
    clearUnused(share, { n, k }) {
      putShare(share);
      kernel.clearUnused(kernel.share.value, n, k);
      return take(kernel.share, shareLength);
    },
    prove(whole, jointRand) {
      putShare(whole);
      putRand(kernel.jointRand, jointRand);
      kernel.prove();
      return take(kernel.share, shareLength);
    },
    query(share, { n, k, jointRand, queryRand, isFirst }) {
      putShare(share);
      putRand(kernel.jointRand, jointRand);
      putRand(kernel.queryRand, queryRand);
      kernel.query(n, k, isFirst ? 1 : 0);
      return take(kernel.verifier, pageProofs * verifierLength);
    },
    prepare(share, { n, k, jointRand, queryRand, isFirst }) {
      if ('elements' in share) putShare(share.elements);
      else {
        put(kernel.stream, share.stream);
        const found = kernel.sample(share.stream.length / 8, kernel.share.value, shareLength);
        if (found < shareLength) return undefined;
      }
      putRand(kernel.jointRand, jointRand);
      putRand(kernel.queryRand, queryRand);
      kernel.clearUnused(kernel.share.value, n, k);
      kernel.query(n, k, isFirst ? 1 : 0);
      kernel.truncate();
      const verifier = take(kernel.verifier, pageProofs * verifierLength);
      return { verifier, kept: take(kernel.kept, keptLength) };
    },
    decide(verifiers, jointRand) {
      const bytes = 8 * pageProofs * verifierLength;
      memory.fill(0, kernel.verifier.value, kernel.verifier.value + bytes);
      for (const verifier of verifiers) {
        if (verifier.length !== bytes) return false;
        put(kernel.peer, verifier);
        if (kernel.addPeer() === 0) return false;
      }
      putRand(kernel.jointRand, jointRand);
      return kernel.decide() === 1;
    },
    truncate(share) {
      putShare(share);
      kernel.truncate();
      return take(kernel.kept, keptLength);
    },
    keep(stream, { n, k }) {
      put(kernel.stream, stream);
      const found = kernel.sample(stream.length / 8, kernel.share.value, measurementLength);
      if (found < measurementLength) return undefined;
      kernel.clearUnused(kernel.share.value, n, k);
      kernel.truncate();
      return take(kernel.kept, keptLength);
    },
  };
}
