/** What a phone's export has of one kind: heart rates, steps, workouts. */
export interface HealthDataKind {
  /** As the phone names it, without its prefix: `HeartRate`. */
  readonly kind: string;
  readonly count: number;
  /** Days, `YYYY-MM-DD`; empty where none has one. */
  readonly first: string;
  readonly last: string;
  /** The one with the last date, as it is written: `61 count/min`. */
  readonly newest: string;
}

interface Counted {
  count: number;
  first: string;
  last: string;
  lastAt: string;
  newest: string;
}

const maxKinds = 1_000;
const headBytes = 256 * 1024;
/** A tag that is longer says nothing that is counted. */
const maxTagLength = 64 * 1024;
const tag = /<(\/?)([A-Za-z_][\w.-]*)((?:\s+[\w:.-]+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*(\/?)>/y;
const attribute = /\s([\w:.-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g;
/** Which attribute names the kind of what is counted. */
const countedTags: Readonly<Record<string, string>> = {
  Record: 'type',
  Workout: 'workoutActivityType',
};
const prefixes =
  /^HK(?:QuantityTypeIdentifier|CategoryTypeIdentifier|DataType|WorkoutActivityType)/;

/**
 * Counts what an export of Apple Health (`export.xml`, often a gigabyte) has, as its text comes: nothing of it is held but
 * one tag. Other XML counts as nothing. It reads no document type, no entity and no link.
 *
 * Source: docs/protocol/items.md, rule I-10c.
 */
export class HealthDataCounter {
  readonly #decoder = new TextDecoder();
  readonly #kinds = new Map<string, Counted>();
  #held = '';
  #isHealthData = false;
  #taken = 0;
  #isInCorrelation = false;

  /** Whether what came so far may be such an export: its first element is the one. */
  get isHealthData(): boolean {
    return this.#isHealthData;
  }

  /** It is something else: what comes is not looked at any more. */
  get isOther(): boolean {
    return !this.#isHealthData && this.#taken > headBytes;
  }

  take(piece: Uint8Array): void {
    this.#taken += piece.length;
    // The first element stands at the beginning: other XML is passed over.
    if (this.isOther) return;
    this.#held += this.#decoder.decode(piece, { stream: true });
    const done = this.#read();
    this.#held = this.#held.slice(done);
  }

  /** Most of them first. */
  kinds(): readonly HealthDataKind[] {
    return [...this.#kinds]
      .map(([kind, { count, first, last, newest }]) => ({ kind, count, first, last, newest }))
      .toSorted((a, b) => b.count - a.count || (a.kind < b.kind ? -1 : 1));
  }

  /** How much of the text is done with. */
  #read(): number {
    const text = this.#held;
    let at = 0;
    for (;;) {
      const next = text.indexOf('<', at);
      if (next < 0) return text.length;
      if (text.startsWith('<!--', next)) {
        const end = text.indexOf('-->', next + 4);
        // Of a comment without end only its mark is kept.
        if (end < 0) return this.#keep(text, next);
        at = end + 3;
        continue;
      }
      tag.lastIndex = next;
      const found = tag.exec(text);
      if (found !== null) {
        this.#element(found);
        at = tag.lastIndex;
        continue;
      }
      // No tag yet, or none at all: a document type, an instruction, damage.
      const isWhole = text.indexOf('<', next + 1) >= 0 || text.length - next > maxTagLength;
      if (!isWhole) return next;
      at = next + 1;
    }
  }

  #keep(text: string, from: number): number {
    if (text.length - from <= maxTagLength) return from;
    this.#held = `<!--${text.slice(-2)}`;
    return 0;
  }

  #element([, isEnd, name = '', said = '', isAlone]: RegExpExecArray): void {
    if (name === 'HealthData') this.#isHealthData = true;
    // What belongs together stands alone too: it is counted once.
    if (name === 'Correlation') this.#isInCorrelation = isEnd === '' && isAlone === '';
    const naming = Object.hasOwn(countedTags, name) ? countedTags[name] : undefined;
    if (!this.#isHealthData || isEnd !== '' || this.#isInCorrelation || naming === undefined)
      return;
    const values = new Map<string, string>();
    for (const [, key = '', double, single] of said.matchAll(attribute)) {
      values.set(key, double ?? single ?? '');
    }
    const type = (values.get(naming) ?? name).slice(0, 120).replace(prefixes, '');
    this.#count(name === 'Workout' ? `Workout ${type}` : type, values);
  }

  #count(kind: string, values: ReadonlyMap<string, string>): void {
    const isKnown = this.#kinds.has(kind) || this.#kinds.size < maxKinds;
    const name = isKnown ? kind : 'of other kinds';
    const known = this.#kinds.get(name) ?? {
      count: 0,
      first: '',
      last: '',
      lastAt: '',
      newest: '',
    };
    const began = (values.get('startDate') ?? '').slice(0, 40);
    const day = /^\d{4}-\d\d-\d\d/.exec(began)?.[0] ?? '';
    known.count += 1;
    if (day !== '' && (known.first === '' || day < known.first)) known.first = day;
    if (day !== '' && began >= known.lastAt) {
      known.lastAt = began;
      known.last = day;
      const value = values.get('value') ?? values.get('duration') ?? '';
      const unit = values.get('unit') ?? values.get('durationUnit') ?? '';
      known.newest = `${value} ${unit}`.trim().slice(0, 80);
    }
    this.#kinds.set(name, known);
  }
}
