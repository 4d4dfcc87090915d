import type { Code } from '../../src/codes/index.ts';
import type { Cbor } from '../../src/primitives/cbor.ts';
import { CodedError } from '../../src/primitives/errors.ts';

/** How inputs of a target are made from others: by their structure, and always also byte by byte. */
export type Shape = 'cbor' | 'json' | 'bytes';

/** One thing that takes bytes from strangers, and what must hold whatever they are. */
export interface Target {
  readonly name: string;
  readonly shape: Shape;
  /** Valid inputs to begin with: the same in every run. */
  readonly seeds: readonly Uint8Array[];
  /**
   * Gives the input to the product. May throw a `CodedError` (one of `allows`, if that is given, and never
   * INTERNAL); whatever else it throws is a find, also a failed assertion about what was accepted.
   */
  readonly run: (input: Uint8Array) => unknown;
  readonly allows?: readonly Code[];
  /** Values that mean something to the target: ids, keys, times, names of fields. */
  readonly words?: readonly Cbor[];
  /** Milliseconds that the thread may work on one input; 250 unless told. */
  readonly boundMs?: number;
  /** Growth of the heap and its buffers that one input may cause; 64 unless told. */
  readonly boundMiB?: number;
  /** Inputs between two looks at the coverage; 1 where one input changes what the next one meets. */
  readonly batch?: number;
  readonly close?: () => Promise<void>;
}

export interface TargetModule {
  readonly open: () => Promise<Target> | Target;
}

export const maxInputBytes = 65_536;
export const defaultBoundMs = 250;
export const defaultBoundMiB = 64;

/** What was wrong with an input; `sign` is the same for the same fault. */
export interface Failure {
  readonly sign: string;
  readonly text: string;
}

/** Runs one input; undefined when it was accepted or refused as it should be. */
export async function failureOf(target: Target, input: Uint8Array): Promise<Failure | undefined> {
  try {
    await target.run(input);
    return undefined;
  } catch (error) {
    return judge(target, error);
  }
}

function judge({ allows }: Target, error: unknown): Failure | undefined {
  if (error instanceof CodedError && error.code !== 'INTERNAL') {
    if (allows === undefined || allows.includes(error.code)) return undefined;
    return {
      sign: `code ${error.code}`,
      text: `not among the codes it states: ${describe(error)}`,
    };
  }
  return { sign: signOf(error), text: describe(error) };
}

/** Kind of error and the place in the product, or in the target's own assertion, that threw it. */
function signOf(error: unknown): string {
  if (!(error instanceof Error)) return `threw ${typeof error}`;
  const frames = (error.stack ?? '').split('\n').filter((line) => line.startsWith('    at '));
  const place = frames.find((line) => /\/(src|targets)\//.test(line)) ?? '';
  const [, at = ''] = /\/((?:src|targets)\/[^)]*)/.exec(place) ?? [];
  // A code's details differ from one find to the next.
  const [first = ''] = error instanceof CodedError ? [error.code] : error.message.split('\n');
  return `${error.name} ${at === '' ? first.replaceAll(/\d+/g, '#') : at}`;
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause instanceof Error ? `\ncaused by ${error.cause.stack}` : '';
  return `${error.stack ?? error.message}${cause}`;
}
