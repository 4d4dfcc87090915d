import { labelledHash } from '../../../crypto/hash.ts';
import { bytesToHex, compareBytes } from '../../../primitives/bytes.ts';
import { CodedError } from '../../../primitives/errors.ts';
import { vitalsNames } from '../names.ts';

/** A page that a question is about, and whose it is. */
export interface SelectablePage {
  /** 16 bytes. */
  readonly page: Uint8Array;
  /** The pseudonym, hex. */
  readonly patient: string;
}

/**
 * The pages that count: of each patient those whose hash with the query is least, at most so many, by rising page id.
 * The same at all three servers, in whatever order they keep their pages. Throws COHORT_TOO_SMALL.
 * Source: docs/protocol/vitals-statistics.md, rules VQ-6 and VQ-7.
 */
export function countingPages<P extends SelectablePage>(
  pages: Iterable<P>,
  of: { readonly query: Uint8Array; readonly pagesPerPatient: number; readonly kMin: number },
): readonly P[] {
  const byPatient = byPatientOf(pages);
  // Says only what anybody who knows the public attributes could count.
  if (byPatient.size < of.kMin) throw new CodedError('COHORT_TOO_SMALL');
  return [...byPatient.values()]
    .flatMap((own) => firstOf(own, of))
    .sort((a, b) => compareBytes(a.page, b.page));
}

function byPatientOf<P extends SelectablePage>(pages: Iterable<P>): ReadonlyMap<string, P[]> {
  const byPatient = new Map<string, P[]>();
  for (const page of pages) {
    const own = byPatient.get(page.patient);
    if (own === undefined) byPatient.set(page.patient, [page]);
    else own.push(page);
  }
  return byPatient;
}

function firstOf<P extends SelectablePage>(
  pages: readonly P[],
  { query, pagesPerPatient }: { readonly query: Uint8Array; readonly pagesPerPatient: number },
): readonly P[] {
  if (pages.length <= pagesPerPatient) return pages;
  return pages
    .map((it) => ({
      it,
      place: labelledHash(vitalsNames.labels.contribution, query, it.page),
    }))
    .sort((a, b) => compareBytes(a.place, b.place))
    .slice(0, pagesPerPatient)
    .map(({ it }) => it);
}

/** What a question was about, patient by patient: `patientPages` makes it, before the cap. */
export type PatientPages = ReadonlyMap<string, string>;

/** Pseudonym to a hash over all of the patient's pages that fit, by rising id: what `overlaps` compares. */
export function patientPages(pages: Iterable<SelectablePage>): PatientPages {
  const byPatient = byPatientOf(pages);
  return new Map(
    [...byPatient].map(([patient, own]) => {
      const ids = own.map(({ page }) => page).sort(compareBytes);
      return [patient, bytesToHex(labelledHash(vitalsNames.labels.pagesAsked, ...ids))];
    }),
  );
}
