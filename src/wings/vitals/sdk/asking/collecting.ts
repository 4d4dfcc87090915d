import { sha256 } from '../../../../crypto/hash.ts';
import type { KemKey } from '../../../../crypto/kem.ts';
import { bytesToHex, equalBytes, hexToBytes } from '../../../../primitives/bytes.ts';
import { CodedError, isCoded } from '../../../../primitives/errors.ts';
import { answerContext, decodeStatAnswer, type StatAnswer } from '../../api/stat-answer.ts';
import { openShares } from '../../crypto/statistics/answer-masks.ts';
import { openAnswer } from '../../crypto/statistics/answer-seal.ts';
import type { ServerLine } from './server-lines.ts';

/** What a server that is behind says, or one that cannot be reached: it is asked again. */
const passing = ['QUERY_UNKNOWN', 'BATCH_UNKNOWN', 'RATE_LIMITED', 'GATEWAY_UNREACHABLE'] as const;

export interface Patience {
  readonly tries: number;
  /** Waits before the n-th try again. */
  readonly pause: (n: number) => Promise<void>;
}

/** What a server says. Throws what it refuses, and after so many tries what it said last. */
export async function patiently<Said>(
  ask: () => Promise<Said>,
  { tries, pause }: Patience,
): Promise<Said> {
  for (let n = 1; ; n++) {
    try {
      return await ask();
    } catch (error) {
      const isPassing = passing.some((code) => isCoded(error, code));
      if (!isPassing || n >= tries) throw error;
      await pause(n);
    }
  }
}

/** Before anything is paid. Throws ANSWERS_DIFFER, and what a server refuses. Returns the number of patients, rounded down. */
export async function checkedByAll(
  lines: readonly ServerLine[],
  signed: Uint8Array,
  patience: Patience,
): Promise<number> {
  const said = await Promise.all(
    lines.map((line) => patiently(() => line.check(signed), patience)),
  );
  const [first] = said;
  const isSame = said.every(
    ({ selection }) => first !== undefined && equalBytes(selection, first.selection),
  );
  if (first === undefined || !isSame) throw new CodedError('ANSWERS_DIFFER');
  return first.patients;
}

/**
 * What each server gives of a question, in their order. Bytes that came before are asked for once more unless their hash stands on
 * the ledger: a server that lost its disk before it sealed them makes the same numbers again, and seals what it gives then. Where it
 * gives nothing, those of before stay; `failed`: why a server of which there is nothing gave nothing. Rule VQ-39.
 */
export async function collectAnswers(
  before: readonly Uint8Array[],
  of: {
    readonly ask: (at: number) => Promise<Uint8Array>;
    /** SHA-256 of what a server sealed, as the ledger has it now; undefined: nothing yet. */
    readonly sealed: (at: number) => Promise<Uint8Array | undefined>;
  },
): Promise<{ readonly answers: readonly Uint8Array[]; readonly failed: readonly unknown[] }> {
  const given = await Promise.allSettled(
    before.map(async (bytes, at) => {
      if (bytes.length === 0) return of.ask(at);
      const seal = await of.sealed(at);
      if (seal !== undefined && equalBytes(seal, sha256(bytes))) return bytes;
      return of.ask(at).catch(() => bytes);
    }),
  );
  return {
    // What one gave is kept also where another one failed.
    answers: given.map((it, at) =>
      it.status === 'fulfilled' ? it.value : (before[at] ?? new Uint8Array(0)),
    ),
    failed: given.flatMap((it) => (it.status === 'rejected' ? [it.reason] : [])),
  };
}

export interface Opened {
  /** A number a coordinate. */
  readonly values: readonly bigint[];
  /** SHA-256 of each answer, in the order of the servers. */
  readonly hashes: readonly Uint8Array[];
}

/**
 * Three answers to one question, opened and added. `keys`: newest first. Throws ANSWERS_DIFFER (other pages, another
 * question, or not of three places), CANNOT_OPEN.
 */
export async function openAnswers(
  answers: readonly Uint8Array[],
  query: string,
  keys: readonly KemKey[],
): Promise<Opened> {
  const read = answers.map(decodeStatAnswer);
  const [first] = read;
  const fits = read.every(
    (it, at) =>
      it.query === query &&
      it.place === at + 1 &&
      first !== undefined &&
      equalBytes(it.selection, first.selection),
  );
  if (read.length !== 3 || !fits) throw new CodedError('ANSWERS_DIFFER', { query });
  const shares = await Promise.all(read.map((it) => openOne(it, keys)));
  return { values: openShares(shares), hashes: answers.map((it) => sha256(it)) };
}

async function openOne(answer: StatAnswer, keys: readonly KemKey[]): Promise<readonly bigint[]> {
  const query = hexToBytes(answer.query) ?? new Uint8Array(0);
  const of = { query, context: answerContext(answer) };
  for (const key of keys) {
    try {
      return await openAnswer(key, of, answer);
    } catch (error) {
      // Sealed to a key of before: the next is tried.
      if (!isCoded(error, 'CANNOT_OPEN')) throw error;
    }
  }
  throw new CodedError('CANNOT_OPEN', { query: bytesToHex(query) });
}
