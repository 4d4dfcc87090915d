/** One signature to check, as it travels between threads. */
export interface Question {
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
  /** 64 bytes. */
  readonly signature: Uint8Array;
  /** What the signature covers: a labelled message, shorter than 64 KiB. */
  readonly message: Uint8Array;
}

const fixedBytes = 32 + 64 + 2;

/** Layout: for each question public key 32, signature 64, length of the message 2 (big-endian), message. */
export function packQuestions(questions: readonly Question[]): Uint8Array<ArrayBuffer> {
  let length = 0;
  for (const { message } of questions) length += fixedBytes + message.length;
  const batch = new Uint8Array(length);
  let at = 0;
  for (const { publicKey, signature, message } of questions) {
    batch.set(publicKey, at);
    batch.set(signature, at + 32);
    batch[at + 96] = message.length >> 8;
    batch[at + 97] = message.length & 255;
    batch.set(message, at + fixedBytes);
    at += fixedBytes + message.length;
  }
  return batch;
}

/** The other side of `packQuestions`, in the thread. */
export function unpackQuestions(batch: Uint8Array): Question[] {
  const questions: Question[] = [];
  for (let at = 0; at < batch.length; ) {
    const end = at + fixedBytes + 256 * (batch[at + 96] ?? 0) + (batch[at + 97] ?? 0);
    questions.push({
      publicKey: batch.subarray(at, at + 32),
      signature: batch.subarray(at + 32, at + 96),
      message: batch.subarray(at + fixedBytes, end),
    });
    at = end;
  }
  return questions;
}
