import type { ReceivedGrant, RecordLine } from '@salus/salus/sdk/browser';
import { sharedOf } from './chart-grants.ts';
import {
  allergiesIn,
  documentsIn,
  isPast,
  isWrong,
  medicinesIn,
  ofType,
  problemsIn,
  testsIn,
  vitalsIn,
} from './chart-lists.ts';
import type { BannerView, ChartView, EntryView, Part, Silence } from './chart-view.ts';
import type { PersonFacts } from './fhir-facts.ts';

/** What a body stands for in the order that it is opened in. */
export const ranks = { banner: 0, diagnosis: 1, medication: 2, vital: 3, lab: 4, rest: 5 } as const;

export function rankOfLine(line: RecordLine): number {
  const type = line.headline?.type ?? '';
  if (type === 'Patient' || type === 'AllergyIntolerance') return ranks.banner;
  // Of a line that does not open nobody knows whether it is an allergy.
  if (line.headline === undefined && line.recordClass === 'summary') return ranks.banner;
  const { recordClass } = line;
  return recordClass === 'diagnosis' ||
    recordClass === 'medication' ||
    recordClass === 'vital' ||
    recordClass === 'lab'
    ? ranks[recordClass]
    : ranks.rest;
}

/** What a chart is made of. */
export interface ChartSoFar {
  readonly entries: readonly EntryView[];
  /** Every body of a lower rank has come. */
  readonly settled: number;
  /** The ranks of entries that do not open. */
  readonly unreadable: readonly number[];
  readonly grants: readonly ReceivedGrant[];
  /** What was opened before on this device: of what is not here nobody knows. */
  readonly isFromDevice: boolean;
  readonly person: PersonFacts | undefined;
}
type Parts = Omit<
  ChartView,
  'handle' | 'version' | 'done' | 'total' | 'lookedMs' | 'looks' | 'isFromDevice'
>;

/** A chart in its parts, each as soon as all of it has come: nothing is called silent before that. */
export function chartParts(chart: ChartSoFar): Parts {
  const { entries, settled, unreadable, grants, person } = chart;
  const isWhole = settled > ranks.rest;
  const sound = entries.filter((it) => !isWrong(it));
  const part = <T>(rank: number, recordClass: string, all: Listed<T>): Part<T> | undefined => {
    if (settled <= rank) return undefined;
    const isSilent = all.now.length === 0;
    return {
      entries: all.now,
      silence: isSilent ? silenceOf(chart, rank, recordClass, all) : undefined,
    };
  };
  const allergies = listed(allergiesIn(sound));
  const problems = listed(problemsIn(sound), isPast);
  const medicines = listed(medicinesIn(sound), isPast);
  const vital = { now: [], past: [], absent: undefined };
  const plain = <T>(now: readonly T[]): Listed<T> => ({ now, past: [], absent: undefined });
  return {
    isWhole,
    banner: settled > ranks.banner ? bannerOf(grants, person) : undefined,
    shared: sharedOf(grants),
    allergies: part(ranks.banner, 'summary', allergies),
    problems: part(ranks.diagnosis, 'diagnosis', problems),
    pastProblems: problems.past,
    medicines: part(ranks.medication, 'medication', medicines),
    pastMedicines: medicines.past,
    vitals:
      settled > ranks.vital
        ? { byName: vitalsIn(sound), silence: silenceOf(chart, ranks.vital, 'vital', vital) }
        : undefined,
    tests: part(ranks.lab, 'lab', plain(testsIn(sound))),
    documents: part(ranks.rest, 'note', listed(documentsIn(sound))),
    vaccines: part(ranks.rest, 'summary', plain(ofType(sound, 'Immunization'))),
    familyHistory: part(ranks.rest, 'other', listed(ofType(sound, 'FamilyMemberHistory'))),
    implants: part(ranks.rest, 'other', listed(ofType(sound, 'DeviceUseStatement', 'Device'))),
    wrong: isWhole ? entries.filter(isWrong) : [],
    unreadable: unreadable.length,
  };
}

/** What is so now, what was, and the entry that says that there is none. */
interface Listed<T> {
  readonly now: readonly T[];
  readonly past: readonly T[];
  readonly absent: EntryView | undefined;
}

function listed(
  all: readonly EntryView[],
  isOver: (entry: EntryView) => boolean = () => false,
): Listed<EntryView> {
  const said = all.filter((it) => it.absence === undefined);
  return {
    now: said.filter((it) => !isOver(it)),
    past: said.filter(isOver),
    absent: all.find((it) => it.absence === 'none known'),
  };
}

function silenceOf(
  { grants, unreadable, isFromDevice }: ChartSoFar,
  rank: number,
  recordClass: string,
  { past, absent }: Listed<unknown>,
): Silence {
  const { readClasses, isPart } = sharedOf(grants);
  if (!readClasses.includes(recordClass)) return { kind: 'not shared' };
  if (unreadable.includes(rank)) return { kind: 'unreadable' };
  if (past.length > 0) return { kind: 'none now' };
  if (absent !== undefined) return { kind: 'none known', by: absent.source, date: absent.date };
  if (isFromDevice) return { kind: 'not here' };
  return { kind: isPart ? 'not shared' : 'not recorded' };
}

function bannerOf(grants: readonly ReceivedGrant[], person: PersonFacts | undefined): BannerView {
  const name = grants.find((it) => it.patientName !== '')?.patientName ?? '';
  const said = `${person?.given ?? ''} ${person?.family ?? ''}`.trim().toLocaleLowerCase();
  const words = name.toLocaleLowerCase().split(/\s+/u);
  const isNamedOtherwise = name !== '' && said !== '' && !words.every((it) => said.includes(it));
  return { name, person, isNamedOtherwise };
}
