import { CodedError } from '../../primitives/errors.ts';

/** What is asked: a strict signature (S-1), a vote (B-3), a proof that somebody knows a point's scalar (S-7). */
export const checks = ['signature', 'vote', 'point-proof'] as const;

/** One thing to check, as it travels between threads. */
export interface Question {
  readonly check: (typeof checks)[number];
  /** 32 bytes: a public key, or the point. */
  readonly key: Uint8Array;
  /** 64 bytes: a signature, or the proof. */
  readonly proof: Uint8Array;
  /** What the signature covers, or the proof's context; shorter than 64 KiB. */
  readonly message: Uint8Array;
}

const fixedBytes = 1 + 32 + 64 + 2;

/** A longer message does not travel: its length would not fit. */
export const maxMessageBytes = 65_535;

/** Layout: for each question check 1, key 32, proof 64, length of the message 2 (big-endian), message. */
export function packQuestions(questions: readonly Question[]): Uint8Array<ArrayBuffer> {
  let length = 0;
  for (const { message } of questions) length += fixedBytes + message.length;
  const batch = new Uint8Array(length);
  let at = 0;
  for (const { check, key, proof, message } of questions) {
    batch[at] = checks.indexOf(check);
    batch.set(key, at + 1);
    batch.set(proof, at + 33);
    batch[at + 97] = message.length >> 8;
    batch[at + 98] = message.length & 255;
    batch.set(message, at + fixedBytes);
    at += fixedBytes + message.length;
  }
  return batch;
}

/** The other side of `packQuestions`, in the thread. */
export function unpackQuestions(batch: Uint8Array): Question[] {
  const questions: Question[] = [];
  for (let at = 0; at < batch.length; ) {
    const end = at + fixedBytes + 256 * (batch[at + 97] ?? 0) + (batch[at + 98] ?? 0);
    const check = checks[batch[at] ?? checks.length];
    if (check === undefined) throw new CodedError('INTERNAL', { what: 'question' });
    questions.push({
      check,
      key: batch.subarray(at + 1, at + 33),
      proof: batch.subarray(at + 33, at + 97),
      message: batch.subarray(at + fixedBytes, end),
    });
    at = end;
  }
  return questions;
}
