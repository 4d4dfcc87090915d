import { CodedError, type ErrorDetails, isCoded } from '../../primitives/errors.ts';
import { type ItemInside, type OpenedItem, openInside } from '../records/item-open.ts';

/**
 * Items as they go to a thread and come back. The bytes of all of them lie in one buffer, which moves from thread to
 * thread: to copy each for itself costs as much as its key derivation.
 */
export interface ToOpen {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly items: readonly PackedItem[];
}

/** What comes back, in the same order. */
export interface Opened {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly answers: readonly (PackedOpened | Refused)[];
}

type Bytes = 'header' | 'leafContent' | 'salt' | 'leaf';
interface PackedItem {
  readonly about: Omit<ItemInside, Bytes | 'key'>;
  readonly keyKind: 'segment' | 'opening-secret';
  /** Of header, leaf content, salt, leaf, key and body, which follow one another. */
  readonly lengths: readonly number[];
}

interface PackedOpened {
  readonly head: Omit<OpenedItem['head'], 'authorKey' | 'headlineHash'>;
  readonly rest: Omit<OpenedItem, 'head' | 'bytes'>;
  /** Of the author's key, the headline's hash and the bytes. */
  readonly lengths: readonly number[];
}

interface Refused {
  readonly code: string;
  readonly details: ErrorDetails;
}

/** An item whose key is bytes: the secret half of a pair is none that travel. */
export interface Sendable {
  readonly item: ItemInside;
  readonly body: Uint8Array;
  readonly key: Exclude<ItemInside['key'], { readonly kind: 'write-pair' }>;
}

/** Copies: who sends them can still open them himself. */
export function packItems(batch: readonly Sendable[]): ToOpen {
  const packing = new Packing();
  const items = batch.map(({ item, body, key }): PackedItem => {
    const { header, leafContent, salt, leaf, key: _, ...about } = item;
    const secret = key.kind === 'segment' ? key.sek : key.secret;
    const lengths = packing.add(header, leafContent, salt, leaf, secret, body);
    return { about, keyKind: key.kind, lengths };
  });
  return { bytes: packing.bytes(), items };
}

function* unpackItems({ bytes, items }: ToOpen): Generator<readonly [ItemInside, Uint8Array]> {
  const parts = new Parts(bytes);
  for (const { about, keyKind, lengths } of items) {
    const [header, leafContent, salt, leaf, secret, body] = parts.next(lengths, 6);
    const key = keyKind === 'segment' ? { kind: keyKind, sek: secret } : { kind: keyKind, secret };
    yield [{ ...about, header, leafContent, salt, leaf, key }, body];
  }
}

/** What a thread does with what it was sent. */
export async function openAll(sent: ToOpen): Promise<Opened> {
  const packing = new Packing();
  const answers: (PackedOpened | Refused)[] = [];
  for (const [item, body] of unpackItems(sent)) {
    try {
      const { head, bytes, ...rest } = await openInside(item, body);
      const { authorKey, headlineHash, ...said } = head;
      answers.push({ head: said, rest, lengths: packing.add(authorKey, headlineHash, bytes) });
    } catch (error) {
      answers.push(
        isCoded(error)
          ? { code: error.code, details: error.details }
          : { code: 'INTERNAL', details: {} },
      );
    }
  }
  return { bytes: packing.bytes(), answers };
}

/** Each as it was opened, or why it was not. */
export function* unpackOpened({ bytes, answers }: Opened): Generator<OpenedItem | Refused> {
  const parts = new Parts(bytes);
  for (const answer of answers) {
    if ('code' in answer) {
      yield answer;
      continue;
    }
    const [authorKey, headlineHash, content] = parts.next(answer.lengths, 3);
    yield { ...answer.rest, head: { ...answer.head, authorKey, headlineHash }, bytes: content };
  }
}

/** Gathers bytes into one buffer. */
class Packing {
  readonly #parts: Uint8Array[] = [];
  #length = 0;

  add(...parts: readonly Uint8Array[]): readonly number[] {
    this.#parts.push(...parts);
    for (const { length } of parts) this.#length += length;
    return parts.map(({ length }) => length);
  }

  bytes(): Uint8Array<ArrayBuffer> {
    const all = new Uint8Array(this.#length);
    let at = 0;
    for (const part of this.#parts) {
      all.set(part, at);
      at += part.length;
    }
    return all;
  }
}

type Views<N extends 3 | 6> = N extends 3
  ? readonly [Uint8Array, Uint8Array, Uint8Array]
  : readonly [Uint8Array, Uint8Array, Uint8Array, Uint8Array, Uint8Array, Uint8Array];

/** The parts again, as views. Throws INTERNAL: a thread of this program said something else. */
class Parts {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  next<N extends 3 | 6>(lengths: readonly number[], count: N): Views<N> {
    if (lengths.length !== count) throw new CodedError('INTERNAL', { parts: lengths.length });
    const views = lengths.map((length) => {
      const from = this.#at;
      this.#at += length;
      return this.#bytes.subarray(from, this.#at);
    });
    return views as unknown as Views<N>;
  }
}
