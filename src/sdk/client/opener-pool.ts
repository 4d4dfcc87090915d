import { isCode } from '../../codes/index.ts';
import { CodedError, type ErrorDetails } from '../../primitives/errors.ts';
import { type ItemInside, type OpenedItem, openInside } from '../records/item-open.ts';
import {
  type Opened,
  packItems,
  type Sendable,
  type ToOpen,
  unpackOpened,
} from './opener-messages.ts';

/** Opens items: all of `openItem` but whether the author had the key. */
export interface Openers {
  open(item: ItemInside, body: Uint8Array): Promise<OpenedItem>;
}

/** This thread. */
export const openHere: Openers = { open: openInside };

/** A thread as a pool sees it. */
export interface OpenerThread {
  /** The buffer of the items moves to the thread. */
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

/** So many at once: a message costs something itself. */
const batchItems = 16;
/** A thread that has nothing to do gets few, so that the first of them are soon there. */
const firstItems = 4;
/** A thread has the next batch before it is done with one. */
const batchesEach = 2;
/** Who opens a record now and then needs no threads: they cost a tenth of a second to start. */
const itemsBefore = 100;

interface Asked extends Sendable {
  readonly resolve: (opened: OpenedItem) => void;
  readonly reject: (error: unknown) => void;
}

interface Thread {
  readonly thread: OpenerThread;
  readonly batches: (readonly Asked[])[];
  isReady: boolean;
}

/**
 * Opens items on several threads, which start once there are many; until one is ready, and when all are lost, items are
 * opened here. Keys go to threads of this process and nowhere else.
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
    const { key } = item;
    // The secret half of a pair is no bytes that travel.
    if (this.#seen <= itemsBefore || key.kind === 'write-pair' || key.half !== undefined)
      return openInside(item, body);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ item, body, key, resolve, reject });
      // What comes in the same turn travels together.
      if (this.#waiting.length === 1) queueMicrotask(() => this.#send());
    });
  }

  /** To threads as they have room; who asks for much at once bounds that himself. */
  #send(): void {
    this.#threads ??= Array.from({ length: this.#most }, () => this.#started());
    const ready = this.#threads.filter((it) => it.isReady);
    if (ready.length === 0) for (const asked of this.#waiting.splice(0)) openedHere(asked);
    while (this.#waiting.length > 0) {
      const free = ready
        .filter((it) => it.batches.length < batchesEach)
        .sort((a, b) => a.batches.length - b.batches.length)[0];
      if (free === undefined) return;
      const most = free.batches.length === 0 ? firstItems : batchItems;
      const share = Math.ceil(this.#waiting.length / ready.length);
      const batch = this.#waiting.splice(0, Math.min(most, share));
      free.batches.push(batch);
      free.thread.post(packItems(batch));
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

  #opened(one: Thread, opened: Opened): void {
    const batch = one.batches.shift() ?? [];
    const answers = unpackOpened(opened);
    for (const { resolve, reject } of batch) {
      const answer = answers.next().value;
      if (answer === undefined) reject(new CodedError('INTERNAL'));
      else if ('code' in answer) reject(refusal(answer));
      else resolve(answer);
    }
    this.#send();
    if (one.batches.length === 0) one.thread.idle();
  }

  /** What it had is opened elsewhere: it was sent a copy. */
  #lose(one: Thread): void {
    this.#threads = this.#threads?.filter((it) => it !== one);
    for (const asked of one.batches.splice(0).flat()) openedHere(asked);
    this.#send();
  }
}

function openedHere({ item, body, resolve, reject }: Asked): void {
  openInside(item, body).then(resolve, reject);
}

function refusal({ code, details }: { readonly code: string; readonly details: ErrorDetails }) {
  return new CodedError(isCode(code) ? code : 'INTERNAL', details);
}
