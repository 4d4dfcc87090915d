import type { PersonFacts, RangeFacts } from './fhir-facts.ts';
import type { PersonView } from './people.ts';

/** Who an entry is of: the patient's own files, or somebody who signed it; unknown until it is opened. */
export type SourceView =
  | { readonly kind: 'patient' | 'unknown' }
  | { readonly kind: 'person'; readonly person: PersonView };

/** Why a part of a chart shows nothing: three silences that are never one another, and what did not open. */
export type Silence =
  | { readonly kind: 'not recorded' }
  | { readonly kind: 'none known'; readonly by: SourceView; readonly date: string }
  | { readonly kind: 'not shared' }
  /** There were some, and they are past. */
  | { readonly kind: 'none now' }
  | { readonly kind: 'unreadable' }
  /** Nothing of it was opened on this device, and nobody can be asked. */
  | { readonly kind: 'not here' };

/** An entry of a chart in one line, opened and verified. */
export interface EntryView {
  /** Of this device: `/chart/PATIENT/item/HANDLE`. */
  readonly handle: string;
  readonly recordClass: string;
  readonly type: string;
  readonly code: string;
  /** Without what turns its meaning: that is in `marks`. */
  readonly name: string;
  readonly value: string;
  readonly unit: string;
  readonly flag: string;
  /** `entered-in-error`, `refuted`, `not-done` ...: always said beside the name. */
  readonly marks: readonly string[];
  /** As spelled in the record; empty: it says none. */
  readonly date: string;
  /** Of the event; else of its anchor. */
  readonly dateMs: number;
  readonly source: SourceView;
  /** `active`, `resolved`, `stopped`, as the source codes it. */
  readonly status: string | undefined;
  /** It says that there is none, or that nobody asked; undefined: it says something. */
  readonly absence: 'none known' | 'not recorded' | undefined;
  readonly criticality: string | undefined;
  readonly categories: readonly string[];
  readonly reactions: readonly string[];
  readonly dosage: string | undefined;
  readonly isAsNeeded: boolean;
  readonly ranges: readonly RangeFacts[];
  /** The beginning of a text; empty of everything else. */
  readonly text: string;
  /** Its body was not opened, because it is large: its line is the word of who brought it. */
  readonly isUnopened: boolean;
  readonly isMine: boolean;
  readonly isAmended: boolean;
}

export interface TestView {
  readonly last: EntryView;
  /** Oldest first, this one counted. */
  readonly values: readonly EntryView[];
  /** At most twelve, in the unit of the last. */
  readonly trend: readonly { readonly ms: number; readonly value: number }[];
}

export type VitalName =
  | 'bloodPressure'
  | 'pulse'
  | 'oxygen'
  | 'temperature'
  | 'breaths'
  | 'weight'
  | 'bmi';

/** A part of a chart; undefined in its place: it is still being opened. */
export interface Part<T> {
  readonly entries: readonly T[];
  /** Undefined: there are entries. */
  readonly silence: Silence | undefined;
}

/** Who it is, as the hospital's card and the chart itself say. */
export interface BannerView {
  /** Of the card; empty: no card came. */
  readonly name: string;
  /** Undefined: no Patient entry is in what is shared. */
  readonly person: PersonFacts | undefined;
  /** The chart names somebody else than the card does. */
  readonly isNamedOtherwise: boolean;
}

/** What the patient lets this person do, over all that is live. */
export interface SharedView {
  readonly readClasses: readonly string[];
  /** Only these records, or only what was written since: not the whole of any kind. */
  readonly isPart: boolean;
  readonly writeClasses: readonly string[];
  readonly untilMs: number;
}

export interface ChartView {
  /** Of the patient, on this device. */
  readonly handle: string;
  /** Counts up with each change: what to ask `chart.follow` after. */
  readonly version: number;
  readonly isWhole: boolean;
  readonly done: number;
  readonly total: number;
  readonly lookedMs: number;
  /** How many looks it took; the patient sees each. */
  readonly looks: number;
  /** As it was opened on this device before (`lookedMs`: the oldest of it), perhaps not all; it is no look. */
  readonly isFromDevice: boolean;
  readonly banner: BannerView | undefined;
  readonly shared: SharedView;
  readonly allergies: Part<EntryView> | undefined;
  readonly problems: Part<EntryView> | undefined;
  readonly pastProblems: readonly EntryView[];
  readonly medicines: Part<EntryView> | undefined;
  readonly pastMedicines: readonly EntryView[];
  readonly vitals:
    | {
        readonly silence: Silence | undefined;
        readonly byName: Readonly<Partial<Record<VitalName, EntryView>>>;
      }
    | undefined;
  readonly tests: Part<TestView> | undefined;
  readonly documents: Part<EntryView> | undefined;
  readonly vaccines: Part<EntryView> | undefined;
  readonly familyHistory: Part<EntryView> | undefined;
  readonly implants: Part<EntryView> | undefined;
  /** Entered in error, refuted or taken back by their source: shown apart, and as nothing else. */
  readonly wrong: readonly EntryView[];
  /** Entries that are there and do not open. */
  readonly unreadable: number;
}
