import { useCallback, useEffect, useRef, useState } from 'react';
import { CallError, link } from '../../boundary/link.ts';
import type { InputOf } from '../../boundary/messages.ts';
import { queries } from '../../boundary/use-call.ts';
import type { OpenDraft } from '../../worker/calls/writing.ts';
import type { DraftText } from '../../worker/drafts.ts';

interface Asked {
  readonly patient: string;
  readonly draft: string | undefined;
  readonly amends: string | undefined;
  /** Of what is amended the text is in the chart: it is waited for. */
  readonly isReady: boolean;
}

export interface WrittenDraft {
  /** Undefined: being opened. */
  readonly opened: OpenDraft | undefined;
  readonly text: DraftText | undefined;
  readonly change: (part: Partial<DraftText>) => void;
  /** When all that is on the page lay on the device; undefined: something is not kept yet. */
  readonly keptMs: number | undefined;
  readonly error: CallError | undefined;
  /** Comes back when everything that was typed is on the device, with where. Throws CallError. */
  readonly keepNow: () => Promise<string>;
  readonly reopen: () => void;
}

/**
 * A draft under somebody's hands. Every change goes to the worker at once, which seals and keeps it. The text is nowhere
 * else than here and, sealed, on the device.
 */
export function useDraft({ patient, draft, amends, isReady }: Asked): WrittenDraft {
  const [opened, setOpened] = useState<OpenDraft>();
  const [text, setText] = useState<DraftText>();
  const [keptMs, setKeptMs] = useState<number>();
  const [error, setError] = useState<CallError>();
  const keeper = useRef<Keeper>(undefined);

  const open = useCallback(
    (signal?: AbortSignal) => {
      link
        .call('drafts.open', { patient, draft, amends }, { signal })
        .then((found) => {
          if (signal?.aborted === true) return;
          keeper.current = new Keeper(patient, found, setKeptMs, setError);
          setOpened(found);
          setText(found.text);
          setKeptMs(found.keptMs);
          setError(undefined);
        })
        .catch((failure: unknown) => {
          if (signal?.aborted !== true && failure instanceof CallError) setError(failure);
        });
    },
    [patient, draft, amends],
  );
  useEffect(() => {
    if (!isReady) return;
    const stop = new AbortController();
    open(stop.signal);
    return () => stop.abort();
  }, [open, isReady]);

  const change = useCallback((part: Partial<DraftText>) => {
    setText((before) => (before === undefined ? before : { ...before, ...part }));
    keeper.current?.change(part);
  }, []);
  const keepNow = useCallback(async () => {
    const { current } = keeper;
    if (current === undefined) throw new CallError({ code: 'INTERNAL', details: {} });
    return current.settled();
  }, []);
  return { opened, text, change, keptMs, error, keepNow, reopen: () => open() };
}

/** Sends every change on at once: what was typed before the tab closes, or the wallet is locked, is on its way. */
class Keeper {
  readonly #about: Omit<InputOf<'drafts.keep'>, 'text'>;
  readonly #onKept: (ms: number | undefined) => void;
  readonly #onError: (error: CallError | undefined) => void;
  #text: DraftText;
  #place: string;
  #isKept: boolean;
  #turn = 0;
  #last: Promise<string> | undefined;

  constructor(
    patient: string,
    { place, text, patientName, amends, keptMs }: OpenDraft,
    onKept: (ms: number | undefined) => void,
    onError: (error: CallError | undefined) => void,
  ) {
    const writer = crypto.randomUUID();
    this.#about = { patient, patientName, amends, place, writer, openedMs: keptMs };
    this.#text = text;
    this.#place = place;
    this.#isKept = keptMs !== undefined;
    this.#onKept = onKept;
    this.#onError = onError;
  }

  change(part: Partial<DraftText>): void {
    this.#text = { ...this.#text, ...part };
    // Who asks for it hears of a fault; the next change tries again.
    this.#keep().catch(() => undefined);
  }

  /** Where everything lies that was typed. What could not be kept is tried again. */
  async settled(): Promise<string> {
    if (this.#isKept && this.#last === undefined) return this.#place;
    return (this.#last ?? this.#keep()).catch(() => this.#keep());
  }

  #keep(): Promise<string> {
    this.#turn += 1;
    const turn = this.#turn;
    this.#onKept(undefined);
    // What lists drafts asks anew when it is shown next; while this is written nobody is asked at every letter.
    for (const name of ['drafts.list', 'patients'] as const) {
      void queries.invalidateQueries({ queryKey: [name], refetchType: 'none' });
    }
    this.#last = link
      .call('drafts.keep', { ...this.#about, text: this.#text })
      .then(({ place, keptMs }) => {
        if (turn === this.#turn) {
          this.#onKept(keptMs);
          this.#onError(undefined);
        }
        return place;
      })
      .catch((failure: unknown) => {
        if (failure instanceof CallError) this.#onError(failure);
        throw failure;
      });
    return this.#last;
  }
}
