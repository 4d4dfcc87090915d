import { isCode } from '../../codes/index.ts';
import { CodedError, type ErrorDetails, isCoded } from '../../primitives/errors.ts';
import { type ItemInside, type OpenedItem, openInside } from '../records/item-open.ts';

/** Opens items: all of `openItem` but whether the author had the key. */
export interface Openers {
  open(item: ItemInside, body: Uint8Array): Promise<OpenedItem>;
}

/** This thread. */
export const openHere: Openers = { open: openInside };

/** What goes to a thread, and comes back in the same order. */
export type ToOpen = readonly (readonly [item: ItemInside, body: Uint8Array])[];
export type Opened = readonly (
  | OpenedItem
  | { readonly code: string; readonly details: ErrorDetails }
)[];

/** A thread as a pool sees it; `post` says whether the thread takes it. */
export interface OpenerThread {
  post(items: ToOpen): void;
  /** It may end with the program while it has nothing to do. */
  idle(): void;
}

/** Starts a thread that says once that it is ready, and then answers what it was sent; `lost`: it does no more. */
export type StartThread = (told: {
  readonly ready: () => void;
  readonly opened: (answers: Opened) => void;
  readonly lost: () => void;
}) => OpenerThread;

/** So many at once: a message costs as much as a third of an item. */
const batchItems = 16;
/** A thread has the next batch before it is done with one. */
const batchesEach = 2;
/** Who opens a record now and then needs no threads: they cost a tenth of a second to start. */
const itemsBefore = 100;

interface Asked {
  readonly item: ItemInside;
  readonly body: Uint8Array;
  readonly resolve: (opened: OpenedItem) => void;
  readonly reject: (error: unknown) => void;
}

interface Thread {
  readonly thread: OpenerThread;
  readonly batches: (readonly Asked[])[];
  isReady: boolean;
}

/**
 * Opens items on several threads, which start once there are many; what they have no place for is opened here, so that
 * nothing waits for a thread that starts, or was lost. Keys go to threads of this process and nowhere else.
 */
export class OpenerPool implements Openers {
  readonly #start: StartThread;
  readonly #most: number;
  #threads: Thread[] | undefined;
  #waiting: Asked[] = [];
  #seen = 0;

  constructor(start: StartThread, threads: number) {
    this.#start = start;
    this.#most = threads;
  }

  open(item: ItemInside, body: Uint8Array): Promise<OpenedItem> {
    this.#seen += 1;
    // The secret half of a pair is no bytes that travel.
    if (this.#seen <= itemsBefore || item.key.kind === 'write-pair') return openInside(item, body);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ item, body, resolve, reject });
      if (this.#waiting.length === 1) queueMicrotask(() => this.#send());
      else if (this.#waiting.length >= batchItems) this.#send();
    });
  }

  #send(): void {
    this.#threads ??= Array.from({ length: this.#most }, () => this.#started());
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, batchItems);
      const free = this.#threads
        .filter((it) => it.isReady && it.batches.length < batchesEach)
        .sort((a, b) => a.batches.length - b.batches.length)[0];
      if (free === undefined) {
        for (const { item, body, resolve, reject } of batch) {
          openInside(item, body).then(resolve, reject);
        }
        continue;
      }
      free.batches.push(batch);
      free.thread.post(batch.map(({ item, body }) => [item, body]));
    }
  }

  #started(): Thread {
    const one: Thread = {
      batches: [],
      isReady: false,
      thread: this.#start({
        ready: () => {
          one.isReady = true;
        },
        opened: (answers) => this.#opened(one, answers),
        lost: () => this.#lose(one),
      }),
    };
    return one;
  }

  #opened(one: Thread, answers: Opened): void {
    const batch = one.batches.shift() ?? [];
    for (const [at, { resolve, reject }] of batch.entries()) {
      const answer = answers[at];
      if (answer === undefined) reject(new CodedError('INTERNAL'));
      else if ('code' in answer) reject(refusal(answer));
      else resolve(answer);
    }
    if (one.batches.length === 0) one.thread.idle();
  }

  /** What it had is opened here: it was sent a copy. */
  #lose(one: Thread): void {
    this.#threads = this.#threads?.filter((it) => it !== one);
    for (const { item, body, resolve, reject } of one.batches.splice(0).flat()) {
      openInside(item, body).then(resolve, reject);
    }
  }
}

function refusal({ code, details }: { readonly code: string; readonly details: ErrorDetails }) {
  return new CodedError(isCode(code) ? code : 'INTERNAL', details);
}

/** What a thread does with what it was sent. */
export async function openAll(items: ToOpen): Promise<Opened> {
  const answers: Opened[number][] = [];
  for (const [item, body] of items) {
    try {
      answers.push(await openInside(item, body));
    } catch (error) {
      answers.push(
        isCoded(error)
          ? { code: error.code, details: error.details }
          : { code: 'INTERNAL', details: {} },
      );
    }
  }
  return answers;
}
