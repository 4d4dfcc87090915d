import { labelHead, sha256 } from '../../../../crypto/hash.ts';
import { base64urlToBytes } from '../../../../primitives/bytes.ts';
import { CodedError } from '../../../../primitives/errors.ts';
import { vitalsNames } from '../../names.ts';
import type { PageArithmetic } from './page-arithmetic.ts';
import { plainArithmetic } from './page-arithmetic-plain.ts';
import { pageKernel } from './page-kernel-wasm.ts';
import {
  keptLength,
  measurementLength,
  pageProofs,
  shareLength,
  verifierLength,
  wiresPerProof,
} from './page-layout.ts';

/** What page-kernel.as exports; places in memory are byte offsets. */
interface Kernel {
  readonly memory: { readonly buffer: ArrayBuffer };
  readonly share: Place;
  readonly other: Place;
  readonly third: Place;
  readonly jointRand: Place;
  readonly queryRand: Place;
  readonly verifier: Place;
  readonly peer: Place;
  readonly kept: Place;
  readonly heads: Place;
  readonly secret: Place;
  readonly verifyKey: Place;
  readonly binder: Place;
  readonly parts: Place;
  prepareTables(): void;
  sample(at: number, words: number, need: number): number;
  assemble(n: number, k: number): void;
  isNode(): number;
  canonical(at: number, count: number): number;
  subtract(count: number): void;
  addOther(count: number): void;
  clearUnused(at: number, n: number, k: number): void;
  prove(): void;
  query(n: number, k: number, first: number): void;
  judge(server: number, n: number, k: number): number;
  addPeer(): number;
  decide(): number;
  truncate(): void;
}
interface Place {
  readonly value: number;
}
/** In the order in which the kernel has them, each in so many bytes, of which the last says how long it is. */
const headBytes = 32;
const { labels } = vitalsNames;
const headLabels = [
  ...[labels.pageSalt, labels.pageJointPart, labels.pageClinical, labels.pageJointSeed],
  ...[labels.pageJointRand, labels.pageQuery, labels.pageKept],
] as const;
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
export async function pageArithmetic(): Promise<PageArithmetic> {
  opened ??= openKernel().catch(() => plainArithmetic);
  return opened;
}

/** A kernel with memory of its own. Throws what WebAssembly throws. */
export async function openKernel(): Promise<PageArithmetic> {
  const { instance } = await WebAssembly.instantiate(kernelBytes(), { env: { abort: stop } });
  // The bytes are ours: a test builds them from the source that exports this.
  const kernel = instance.exports as Kernel;
  kernel.prepareTables();
  const memory = new Uint8Array(kernel.memory.buffer);
  for (const [i, label] of headLabels.entries()) {
    const head = labelHead(label);
    memory.set(head, kernel.heads.value + headBytes * i);
    memory[kernel.heads.value + headBytes * (i + 1) - 1] = head.length;
  }
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
  const sampled = (place: Place, stream: Uint8Array, count: number): boolean => {
    put(place, stream);
    return kernel.sample(place.value, stream.length / 8, count) === count;
  };
  const putExactly = (at: number, bytes: Uint8Array, length: number): void => {
    if (bytes.length !== length) throw new CodedError('INTERNAL');
    memory.set(bytes, at);
  };
  const putRand = (place: Place, bytes: Uint8Array): void => {
    put(place, bytes, 8 * 2 * pageProofs);
  };
  return {
    sample(stream, count) {
      return sampled(kernel.share, stream, count) ? take(kernel.share, count) : undefined;
    },
    isCanonical(elements) {
      if (elements.length % 8 !== 0) return false;
      put(kernel.share, elements);
      return kernel.canonical(kernel.share.value, elements.length / 8) === 1;
    },
    isNode(element) {
      put(kernel.share, element);
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
    judge({ server, n, k, share, secret, binder, verifyKey, parts, clinical }) {
      if ('stream' in share) {
        if (!sampled(kernel.share, share.stream, shareLength)) return undefined;
      } else {
        if (!sampled(kernel.third, share.wires, pageProofs * wiresPerProof)) return undefined;
        put(kernel.other, share.sent);
        kernel.assemble(n, k);
      }
      putExactly(kernel.secret.value, secret, 32);
      putExactly(kernel.binder.value, binder, 35);
      putExactly(kernel.verifyKey.value, verifyKey, 32);
      parts.forEach((part, i) => {
        putExactly(kernel.parts.value + 32 * i, part, 32);
      });
      const keptFrom = kernel.kept.value;
      const clinicalFrom = keptFrom + 8 * keptLength;
      const saltFrom = clinicalFrom + 2 * n * k;
      if (clinical !== undefined) putExactly(clinicalFrom, clinical, 2 * n * k);
      const hashedFrom = kernel.judge(server, n, k);
      if (hashedFrom === 0) return undefined;
      const hash = sha256(memory.subarray(hashedFrom, saltFrom + 32));
      const kept = memory.slice(keptFrom, saltFrom + 32);
      const partFrom = kernel.parts.value + 32 * (server - 1);
      return {
        part: memory.slice(partFrom, partFrom + 32),
        jointRand: take(kernel.jointRand, 2 * pageProofs),
        verifier: take(kernel.verifier, pageProofs * verifierLength),
        elements: kept.subarray(0, clinicalFrom - keptFrom),
        clinical: kept.subarray(clinicalFrom - keptFrom, saltFrom - keptFrom),
        salt: kept.subarray(saltFrom - keptFrom),
        hash,
      };
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
      if (!sampled(kernel.share, stream, measurementLength)) return undefined;
      kernel.clearUnused(kernel.share.value, n, k);
      kernel.truncate();
      return take(kernel.kept, keptLength);
    },
  };
}
