import { Session } from 'node:inspector';

interface ScriptCoverage {
  readonly scriptId: string;
  readonly url: string;
  readonly functions: readonly {
    readonly ranges: readonly {
      readonly startOffset: number;
      readonly endOffset: number;
      readonly count: number;
    }[];
  }[];
}

/**
 * Which blocks of the product have run, by V8's own precise coverage: no instrumented copy of the sources and
 * no dependency. Begin before the product is imported, or V8 knows whole functions only.
 */
export class Coverage {
  readonly #session = new Session();
  /** Per script, 1 for every character that has run at least once. */
  #seen = new Map<string, Uint8Array>();
  #before = this.#seen;

  constructor() {
    this.#session.connect();
    this.#post('Profiler.enable');
    this.#post('Profiler.startPreciseCoverage', { callCount: false, detailed: true });
  }

  /** Takes what ran since the last call; true when a block was among it that had never run before. */
  grew(): boolean {
    let grew = false;
    this.#before = new Map(this.#seen);
    for (const script of this.#take()) {
      // Of other people's code only the CBOR decoder, which strangers' bytes reach.
      if (!/\/src\/|node_modules\/cborg/.test(script.url)) continue;
      const ran = ranIn(script);
      const known = this.#seen.get(script.scriptId);
      const seen = new Uint8Array(Math.max(ran.length, known?.length ?? 0));
      if (known !== undefined) seen.set(known);
      for (let at = 0; at < ran.length; at++) {
        if (ran[at] !== 1 || seen[at] === 1) continue;
        seen[at] = 1;
        grew = true;
      }
      this.#seen.set(script.scriptId, seen);
    }
    return grew;
  }

  /** Takes back what the last `grew` learnt. */
  forget(): void {
    this.#seen = this.#before;
  }

  close(): void {
    this.#session.disconnect();
  }

  #take(): readonly ScriptCoverage[] {
    const answer = this.#post('Profiler.takePreciseCoverage');
    return (answer as { readonly result: readonly ScriptCoverage[] }).result;
  }

  /** The inspector of one's own thread answers before `post` returns. */
  #post(method: string, parameters: object = {}): unknown {
    let answer: unknown;
    this.#session.post(method, parameters, (error, result) => {
      if (error !== null) throw error;
      answer = result;
    });
    return answer;
  }
}

/** Outer ranges come before the inner ones that correct them. */
function ranIn({ functions }: ScriptCoverage): Uint8Array {
  let length = 0;
  for (const { ranges } of functions) length = Math.max(length, ranges[0]?.endOffset ?? 0);
  const ran = new Uint8Array(length);
  for (const { ranges } of functions) {
    for (const { startOffset, endOffset, count } of ranges) {
      ran.fill(count > 0 ? 1 : 0, startOffset, endOffset);
    }
  }
  return ran;
}
