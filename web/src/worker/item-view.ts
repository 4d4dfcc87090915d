import {
  amendmentOf,
  bareMediaType,
  checkHealthCards,
  contentOf,
  harmlessText,
  isEnteredByPatient,
  type OpenedRecord,
  type RecordLine,
  textOfItem,
  valueForPeople,
} from '@salus/salus/sdk/browser';
import { unitShown } from '../boundary/units.ts';
import type { ChartLines } from './chart-lines.ts';
import { type ItemProofView, itemProof } from './item-proof.ts';
import { type ItemText, itemText } from './item-text.ts';
import { type PersonView, peopleOf } from './people.ts';
import type { Session } from './session.ts';
import { hospitalOf } from './site.ts';

/** One value in its parts, as people say it: a column each. */
export interface ResultView {
  /** Empty: the one value of the entry itself. */
  readonly name: string;
  readonly value: string;
  readonly unit: string;
  readonly flag: string;
  /** The source's own; empty: it gives none. */
  readonly range: string;
  readonly low: number | undefined;
  readonly high: number | undefined;
}

/** An entry that was opened, verified and put into words. */
export interface ItemView extends ItemText {
  readonly state: 'live';
  readonly handle: string;
  readonly recordClass: string;
  /** With what turns its meaning. */
  readonly title: string;
  /** As its head has it: what a change of the title begins with. */
  readonly name: string;
  readonly clinicalDate: string;
  readonly results: readonly ResultView[];
  readonly file: {
    readonly name: string;
    readonly mediaType: string;
    readonly bytes: number;
    /** `image`: the page shows it; `page`: PDF and the like, to save. */
    readonly kind: 'image' | 'pdf' | 'text' | 'data';
  };
  readonly author: PersonView;
  readonly enteredByPatient: boolean;
  readonly writtenMs: number;
  readonly amends: { readonly reason: string; readonly enteredInError: boolean } | undefined;
  readonly movedFrom: readonly { readonly from: string; readonly holds: boolean }[];
  /** Where a source or a label says that it is very private. */
  readonly isRestricted: boolean;
  readonly problems: readonly string[];
  /** As far as the list knows; `item.versions` looks for all. */
  readonly versions: number;
  /** By the owner: its other versions are found without opening what others wrote. */
  readonly isBrought: boolean;
  readonly isOlder: boolean;
  readonly isWithdrawn: boolean;
  readonly proof: ItemProofView & {
    /** Whose judgement its flags are. */
    readonly flagBy: 'source' | 'range' | undefined;
    readonly hospital: string;
  };
  /** Whose chart it is, as the chart itself says, for a print. */
  readonly patient: { readonly name: string; readonly born: string | undefined };
}

/** Pictures that a browser shows without anything in them running; an SVG is none of them. */
const pictures = new Set(['image/png', 'image/jpeg', 'image/gif', 'image/webp']);
export const isPicture = (mediaType: string): boolean => pictures.has(bareMediaType(mediaType));

export async function itemView(
  session: Session,
  lines: ChartLines,
  opened: OpenedRecord,
): Promise<ItemView> {
  const { head, bytes, path } = contentOf(opened);
  const line = lines.byId.get(head.recordId);
  const healthCards = await checkHealthCards({ ...head, bytes }, { nowMs: Date.now() });
  const shown = textOfItem({ ...head, bytes, healthCards });
  const personOf = await peopleOf(session, [head.author]);
  const hospital = await hospitalOf(session.account.organisation).catch(() => undefined);
  const results = shown.results.map((it) => ({
    ...it,
    name: harmlessText(it.name),
    value: harmlessText(valueForPeople(it.value)),
    unit: harmlessText(unitShown(it.unit)),
    range: harmlessText(
      it.unit === '' ? it.range : it.range.replaceAll(it.unit, unitShown(it.unit)),
    ),
    low: numberOf(it.low),
    high: numberOf(it.high),
  }));
  const flags = results.map((it) => it.flag).filter((it) => it !== '');
  return {
    state: 'live',
    handle: await session.handles.of(head.recordId),
    recordClass: head.recordClass,
    title: harmlessText(shown.title),
    name: harmlessText(head.name),
    clinicalDate: shown.headline.clinicalDate,
    results,
    ...itemText(shown),
    file: {
      name: fileNameFor(head),
      mediaType: bareMediaType(head.mediaType),
      bytes: bytes.length,
      kind: kindOf(bareMediaType(head.mediaType)),
    },
    author: personOf(head.author),
    enteredByPatient: isEnteredByPatient(head),
    writtenMs: head.writtenMs,
    amends: amendmentOf(opened.head.mediaType),
    movedFrom: path.map(({ from, notVerified }) => ({ from, holds: notVerified === undefined })),
    isRestricted: shown.headline.marks.includes('restricted') || head.recordClass === 'private',
    problems: opened.problems,
    versions: line?.versions ?? 1,
    isBrought: opened.consent === undefined,
    isOlder: line?.isOlder ?? false,
    isWithdrawn: line?.isWithdrawn ?? false,
    proof: {
      ...(await itemProof({ head, bytes }, opened)),
      flagBy: flags.length === 0 ? undefined : flags[0]?.startsWith('range:') ? 'range' : 'source',
      hospital: hospital?.title ?? session.account.organisationName,
    },
    patient: patientOf(session, lines.all),
  };
}

/** The person of the chart by its own Patient entry; of several the one whose name the wallet has. */
export function patientOf(session: Session, all: readonly RecordLine[]): ItemView['patient'] {
  const { name } = session.person;
  const patients = all.flatMap((it) =>
    it.headline?.type === 'Patient' && !it.isOlder && it.state === 'live' ? [it.headline] : [],
  );
  const words = name.toLocaleLowerCase().split(/\s+/u);
  const own =
    patients.find((it) => words.every((word) => it.name.toLocaleLowerCase().includes(word))) ??
    (patients.length === 1 ? patients[0] : undefined);
  const born = /\d{4}(-\d\d(-\d\d)?)?/u.exec(own?.value ?? '')?.[0];
  return { name: own?.name ?? name, born };
}

function kindOf(mediaType: string): ItemView['file']['kind'] {
  if (isPicture(mediaType)) return 'image';
  if (mediaType === 'application/pdf') return 'pdf';
  return mediaType.startsWith('text/') ? 'text' : 'data';
}

/** As it is saved: what a FHIR resource is called has no ending of its own. */
export function fileNameFor({
  name,
  mediaType,
}: {
  readonly name: string;
  readonly mediaType: string;
}): string {
  const isJson = /[/+]json$/u.test(bareMediaType(mediaType));
  return isJson && !/\.[a-z0-9]{2,6}$/iu.test(name) ? `${name}.json` : name;
}

const numberOf = (text: string | undefined): number | undefined => {
  const number = Number(text ?? Number.NaN);
  return Number.isFinite(number) ? number : undefined;
};
