import {
  type AccountId,
  CodedError,
  contentOf,
  coveringGrants,
  isCoded,
  type KeptLine,
  keptLines,
  openKept,
  patientAmong,
  type ReceivedGrant,
  type RecordId,
  type RecordLine,
  readChart,
  type SharedRecord,
} from '@salus/salus/sdk/browser';
import { entryOf, lineEntry, type Opened } from './chart-entry.ts';
import { isForTreatment, sharedOf, treatingPurpose } from './chart-grants.ts';
import { chartParts, rankOfLine, ranks } from './chart-parts.ts';
import type { ChartView, EntryView, SourceView } from './chart-view.ts';
import { factsOf } from './fhir-facts.ts';
import { peopleOf } from './people.ts';
import type { Session } from './session.ts';

/** Bodies up to this size are opened with the chart; a larger one when it is read. */
const openedBytes = 256 * 1024;
/**
 * One patient's chart as it was looked at: read once, held while the wallet is open, opened in the order of what matters.
 * Who follows it gets it anew whenever a part of it is whole.
 */
export class Chart {
  readonly patient: AccountId;
  readonly #session: Session;
  readonly #grants: readonly ReceivedGrant[];
  readonly #stop = new AbortController();
  readonly #opened = new Map<RecordId, Opened>();
  readonly #handles = new Map<RecordId, string>();
  readonly #unreadable = new Map<RecordId, number>();
  #lookedMs = Date.now();
  #lines: readonly RecordLine[] = [];
  #wanted = 0;
  /** Every body of a lower rank has come. */
  #settled = -1;
  #looks = 0;
  #version = 0;
  #failure: { readonly error: unknown } | undefined;
  readonly #listeners = new Set<() => void>();

  /** What was opened on this device before, for no hospital could be asked: no look, and perhaps not all. */
  readonly isFromDevice: boolean;

  constructor(
    session: Session,
    patient: AccountId,
    {
      grants,
      isFromDevice,
    }: { readonly grants: readonly ReceivedGrant[]; readonly isFromDevice: boolean },
  ) {
    this.#session = session;
    this.patient = patient;
    this.#grants = grants.filter((it) => it.patient === patient && it.state === 'live');
    this.isFromDevice = isFromDevice;
    void (isFromDevice ? this.#readKept() : this.#read()).catch((error: unknown) => {
      this.#failure = { error };
      this.#tell();
    });
  }

  get hasFailed(): boolean {
    return this.#failure !== undefined;
  }

  /** As soon as there is more than `version`; throws what reading threw. */
  async after(version: number, signal: AbortSignal): Promise<ChartView> {
    while (this.#version <= version && !signal.aborted && this.#failure === undefined) {
      await this.#change(signal);
    }
    if (this.#failure !== undefined) throw this.#failure.error;
    return this.#view();
  }

  /** Undefined: not opened with the chart. */
  record(recordId: RecordId): SharedRecord | undefined {
    return this.#opened.get(recordId);
  }

  /** The version that took its place; undefined: it is the newest. */
  newerThan({ head: { recordId, author } }: SharedRecord): SharedRecord | undefined {
    return [...this.#opened.values()].find(
      ({ head }) => head.previous === recordId && head.author === author,
    );
  }

  lineOf(recordId: RecordId): RecordLine | undefined {
    return this.#lines.find((it) => it.recordId === recordId);
  }

  /** By which grant a record is read. */
  grantFor(recordId: RecordId): ReceivedGrant | undefined {
    const recordClass = this.lineOf(recordId)?.recordClass;
    return this.#grants.find(
      ({ terms }) =>
        terms.readClasses.some((it) => it === recordClass) &&
        (terms.recordIds.length === 0 || terms.recordIds.includes(recordId)),
    );
  }

  /** Whether what was given lets this kind be written. */
  writes(recordClass: string): boolean {
    return sharedOf(this.#grants).writeClasses.includes(recordClass);
  }

  stop(): void {
    this.#stop.abort();
  }

  async #read(): Promise<void> {
    const reading = this.#grants
      .filter((it) => it.terms.readClasses.length > 0 && isForTreatment(it))
      .toSorted((a, b) => b.terms.readClasses.length - a.terms.readClasses.length);
    const { person, as } = this.#session;
    const { signal } = this.#stop;
    const grants = coveringGrants(reading);
    for (const [at, grant] of grants.entries()) {
      const isLast = at === grants.length - 1;
      const read = await person.run(
        readChart,
        {
          consent: grant.consent,
          purpose: treatingPurpose(grant),
          orderOf: (line, bytes) => this.#rankOf(line, bytes),
          onLines: (lines) => this.#list(lines),
          onRecord: (record) => {
            if (this.#session.isOpenAs(person)) this.#take(record, isLast);
            else this.stop();
          },
          onMissing: ({ recordId }) => this.#unreadable.set(recordId, this.#rank(recordId)),
        },
        { ...as, signal },
      );
      this.#looks += read.accesses.length;
    }
    this.#settled = ranks.rest + 1;
    this.#tell();
  }

  /** Throws NOT_KEPT: nothing of this patient was opened here that may still be read. */
  async #readKept(): Promise<void> {
    const { person, as } = this.#session;
    const { signal } = this.#stop;
    const given = new Set(this.#grants.map((it) => it.consent));
    const kept = (await person.run(keptLines, undefined, as)).filter(
      (it) => it.consent !== undefined && given.has(it.consent),
    );
    if (kept.length === 0) throw new CodedError('NOT_KEPT');
    this.#lookedMs = Math.min(...kept.map((it) => it.openedMs));
    this.#list([...new Map(kept.map((it) => [it.recordId, keptLine(it)])).values()]);
    for (const { recordId } of this.#lines) {
      if (!this.#session.isOpenAs(person)) return;
      await person.run(openKept, { recordId }, { ...as, signal }).then(
        (record) => this.#take(record, false),
        (error: unknown) => {
          if (!isCoded(error)) throw error;
          this.#unreadable.set(recordId, this.#rank(recordId));
        },
      );
    }
    this.#settled = ranks.rest + 1;
    this.#tell();
  }

  #list(lines: readonly RecordLine[]): void {
    const known = new Set(this.#lines.map((it) => it.recordId));
    const more = lines.filter((it) => !known.has(it.recordId));
    this.#lines = [...this.#lines, ...more];
    for (const it of more) {
      const isUnreadable = it.state === 'live' && it.headline === undefined;
      if (isUnreadable) this.#unreadable.set(it.recordId, this.#rank(it.recordId));
    }
  }

  /** Undefined: it is not opened, or it came under another grant already. */
  #rankOf(line: RecordLine, paddedSize: number): number | undefined {
    if (line.headline === undefined || this.#opened.has(line.recordId)) return undefined;
    if (paddedSize > openedBytes || line.recordClass === 'insurance') return undefined;
    this.#wanted += 1;
    return rankOfLine(line);
  }

  #rank(recordId: RecordId): number {
    const line = this.lineOf(recordId);
    return line === undefined ? ranks.rest : rankOfLine(line);
  }

  #take(record: SharedRecord, isLast: boolean): void {
    const { bytes, head } = contentOf(record);
    const { recordId } = record.head;
    const facts = factsOf({ bytes, mediaType: head.mediaType });
    this.#opened.set(recordId, { ...record, facts });
    const rank = this.#rank(recordId);
    // They come in the order of their ranks: the first of a rank says that those before are whole.
    if (isLast && rank > this.#settled) {
      this.#settled = rank;
      this.#tell();
    }
  }

  #tell(): void {
    this.#version += 1;
    for (const listener of this.#listeners) listener();
  }

  #change(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        this.#listeners.delete(done);
        signal.removeEventListener('abort', done);
        resolve();
      };
      this.#listeners.add(done);
      signal.addEventListener('abort', done, { once: true });
    });
  }

  async #view(): Promise<ChartView> {
    // What comes while names are asked for counts in the next one.
    const version = this.#version;
    const settled = this.#settled;
    const entries = await this.#entries();
    const who = patientAmong([...this.#opened.values()]);
    return {
      handle: await this.#session.handles.of(this.patient),
      version,
      done: this.#opened.size,
      total: this.#wanted,
      lookedMs: this.#lookedMs,
      looks: Math.max(1, this.#looks),
      isFromDevice: this.isFromDevice,
      ...chartParts({
        entries,
        settled,
        unreadable: [...this.#unreadable.values()],
        grants: this.#grants,
        isFromDevice: this.isFromDevice,
        person: who === undefined ? undefined : this.#opened.get(who.recordId)?.facts?.person,
      }),
    };
  }

  /** What was opened, the newest version of each, and in one line what is too large to be opened with the rest. */
  async #entries(): Promise<readonly EntryView[]> {
    const opened = [...this.#opened.values()];
    const personOf = await peopleOf(
      this.#session,
      opened.flatMap((it) => {
        const { author } = contentOf(it).head;
        return author === this.patient ? [] : author;
      }),
    );
    const older = new Set(
      opened.flatMap(({ head: { previous, author } }) =>
        previous !== undefined && this.#opened.get(previous)?.head.author === author
          ? previous
          : [],
      ),
    );
    const sourceOf = (author: string): SourceView =>
      author === this.patient ? { kind: 'patient' } : { kind: 'person', person: personOf(author) };
    const entries: EntryView[] = [];
    for (const line of this.#lines) {
      if (line.state === 'erased' || line.headline === undefined || older.has(line.recordId)) {
        continue;
      }
      const handle = await this.#handleOf(line.recordId);
      const record = this.#opened.get(line.recordId);
      if (record !== undefined) entries.push(entryOf(record, { line, handle, sourceOf }));
      else if (this.#settled > ranks.rest && !this.#unreadable.has(line.recordId)) {
        entries.push(lineEntry(line, handle));
      }
    }
    return entries;
  }

  async #handleOf(recordId: RecordId): Promise<string> {
    const known = this.#handles.get(recordId);
    if (known !== undefined) return known;
    const handle = await this.#session.handles.of(recordId);
    this.#handles.set(recordId, handle);
    return handle;
  }
}

/** As lines of a look are; which versions there are this device does not know alone. */
function keptLine(line: KeptLine): RecordLine {
  const { recordId, recordClass, headline, height, timeMs, writtenUnder: consent } = line;
  const about = { recordId, recordClass, headline, height, timeMs, consent };
  return { ...about, state: 'live', versions: 1, isOlder: false, isWithdrawn: false };
}
