import { base64urlToBytes } from '../../../../primitives/bytes.ts';
import { CodedError } from '../../../../primitives/errors.ts';
import { combColumns, combDigits, combEntries, combTables, combTeeth } from './comb.ts';
import { bitLength, inverse } from './integers.ts';
import { modexpKernel } from './modexp-kernel-wasm.ts';
import type { FixedPowers, ModularArithmetic, Powers } from './modular-arithmetic.ts';
import { plainArithmetic } from './plain-arithmetic.ts';

/** What modexp-kernel.as exports; places in memory are byte offsets. */
interface Kernel {
  readonly memory: { readonly buffer: ArrayBuffer };
  alloc(bytes: number): number;
  setup(limbs: number, inverse: number): number;
  mul(out: number, a: number, b: number): void;
  power(out: number, powers: number, digits: number, count: number): void;
  prepareComb(
    table: number,
    spaced: number,
    base: number,
    one: number,
    tables: number,
    columns: number,
  ): void;
  comb(
    out: number,
    table: number,
    digits: number,
    one: number,
    tables: number,
    columns: number,
  ): void;
}

interface CompiledModule {
  readonly compiled: true;
}
/** Of WebAssembly what is used here: no library declares it for browsers and Node alike. */
declare const WebAssembly: {
  compile(bytes: Uint8Array): Promise<CompiledModule>;
  readonly Instance: new (module: CompiledModule, imports: object) => { readonly exports: unknown };
};

let opened: Promise<ModularArithmetic> | undefined;

/** The arithmetic of this process: the kernel, or plain where an engine or a policy has no WebAssembly. */
export async function modularArithmetic(): Promise<ModularArithmetic> {
  opened ??= openModexpKernel().catch(() => plainArithmetic);
  return await opened;
}

/** Throws what WebAssembly throws. */
export async function openModexpKernel(): Promise<ModularArithmetic> {
  const bytes = base64urlToBytes(modexpKernel);
  if (bytes === undefined) throw new CodedError('INTERNAL');
  const module = await WebAssembly.compile(bytes);
  const instance = (): Kernel =>
    // The bytes are ours: a test builds them from the source that exports this.
    new WebAssembly.Instance(module, { env: { abort: stop } }).exports as Kernel;
  return {
    name: 'kernel',
    powers: (modulus) => powersBy(new Montgomery(instance(), modulus)),
    fixedPowers: (base, modulus) =>
      fixedPowersBy(() => new Montgomery(instance(), modulus), base % modulus),
  };
}

function stop(): never {
  throw new CodedError('INTERNAL', { in: 'modexp kernel' });
}

const limbBits = 28;
/** A limb is 7 hex digits, which is how numbers come out of BigInt in one piece. */
const limbDigits = limbBits / 4;
const mostLimbs = 252;

/** One instance for one modulus: numbers, times 2^(28 limbs), at places in its memory. */
class Montgomery {
  readonly kernel: Kernel;
  readonly modulus: bigint;
  readonly bytes: number;
  /** 1, and 1 as it is multiplied with. */
  readonly #plainOne: number;
  readonly one: number;
  readonly #square: number;
  readonly #limbs: number;

  constructor(kernel: Kernel, modulus: bigint) {
    const limbs = (Math.ceil((bitLength(modulus) + 2) / limbBits) + 3) & ~3;
    const radix = 1n << BigInt(limbBits);
    const back = inverse(radix - (modulus % radix), radix);
    if (limbs > mostLimbs || back === undefined) throw new CodedError('INTERNAL', { limbs });
    this.kernel = kernel;
    this.modulus = modulus;
    this.bytes = 4 * limbs;
    this.#limbs = limbs;
    const place = kernel.setup(limbs, Number(back));
    this.write(place, modulus);
    const whole = 1n << BigInt(limbBits * limbs);
    this.#plainOne = this.put(1n);
    this.one = this.put(whole % modulus);
    this.#square = this.put((whole * whole) % modulus);
  }

  room(numbers: number): number {
    return this.kernel.alloc(numbers * this.bytes);
  }

  put(value: bigint): number {
    const place = this.room(1);
    this.write(place, value);
    return place;
  }

  write(place: number, value: bigint): void {
    const view = new Uint32Array(this.kernel.memory.buffer, place, this.#limbs);
    const hex = value.toString(16).padStart(limbDigits * this.#limbs, '0');
    for (let limb = 0; limb < this.#limbs; limb++) {
      const end = hex.length - limbDigits * limb;
      view[limb] = Number.parseInt(hex.slice(end - limbDigits, end), 16);
    }
  }

  writeBytes(place: number, bytes: Uint8Array): void {
    new Uint8Array(this.kernel.memory.buffer, place, bytes.length).set(bytes);
  }

  /** The number as it is multiplied with. */
  enter(place: number, value: bigint): void {
    this.write(place, value);
    this.kernel.mul(place, place, this.#square);
  }

  /** What `place` holds, which it does not hold afterwards. */
  leave(place: number): bigint {
    this.kernel.mul(place, place, this.#plainOne);
    const view = new Uint32Array(this.kernel.memory.buffer, place, this.#limbs);
    let hex = '0x';
    for (let limb = this.#limbs - 1; limb >= 0; limb--)
      hex += (view[limb] ?? 0).toString(16).padStart(limbDigits, '0');
    view.fill(0);
    return BigInt(hex) % this.modulus;
  }
}

const digitsOfWindow = 16;

function powersBy(montgomery: Montgomery): Powers {
  const { kernel, bytes } = montgomery;
  const powers = montgomery.room(digitsOfWindow);
  const out = montgomery.room(1);
  let [digits, room] = [0, 0];
  return {
    hidesExponents: false,
    power(base, exponent) {
      const hex = exponent.toString(16);
      if (hex.length > room) {
        room = 2 * hex.length;
        digits = kernel.alloc(room);
      }
      montgomery.enter(powers, 1n);
      montgomery.enter(powers + bytes, base % montgomery.modulus);
      for (let i = 2; i < digitsOfWindow; i++)
        kernel.mul(powers + i * bytes, powers + (i - 1) * bytes, powers + bytes);
      const nibbles = Uint8Array.from(hex, (digit) => Number.parseInt(digit, 16));
      montgomery.writeBytes(digits, nibbles);
      kernel.power(out, powers, digits, nibbles.length);
      // What is secret does not stay in memory that nobody clears.
      montgomery.writeBytes(digits, nibbles.fill(0));
      return montgomery.leave(out);
    },
  };
}

function fixedPowersBy(open: () => Montgomery, base: bigint): FixedPowers {
  let ready: ((exponent: bigint) => bigint) | undefined;
  return {
    power(exponent) {
      ready ??= combBy(open(), base);
      return ready(exponent);
    },
  };
}

function combBy(montgomery: Montgomery, base: bigint): (exponent: bigint) => bigint {
  const { kernel, one } = montgomery;
  const table = montgomery.room(combTables * combEntries);
  const spaced = montgomery.room(combTables * combTeeth);
  const out = montgomery.room(1);
  const digits = kernel.alloc(combTables * combColumns);
  montgomery.enter(out, base);
  kernel.prepareComb(table, spaced, out, one, combTables, combColumns);
  return (exponent) => {
    const order = combDigits(exponent);
    montgomery.writeBytes(digits, order);
    kernel.comb(out, table, digits, one, combTables, combColumns);
    montgomery.writeBytes(digits, order.fill(0));
    return montgomery.leave(out);
  };
}
