import { type ReportLanguage, reporting } from '@salus/salus/sdk/browser';
import type { Call } from '../call.ts';
import { peopleOf } from '../people.ts';
import { bufferOf, type SavedFile } from '../proof-view.ts';

/** What was done with this person's record in a time, each line as a sentence. */
export interface ReportView {
  /** Of which time it is: until before that moment. */
  readonly fromMs: number;
  readonly untilMs: number;
  /** Newest first; 0: when is not known. */
  readonly lines: readonly {
    readonly atMs: number;
    readonly said: string;
    readonly kind: string;
    /** Of an incident: hash of its report, and the block that has it (0: none). */
    readonly report?: { readonly hash: string; readonly height: number };
  }[];
  /** Grants of which the ledger counts more looks than are listed. */
  readonly withheld: number;
  /** Parts of the app that could not be asked now. */
  readonly missing: readonly string[];
  /** As it was signed. */
  readonly file: SavedFile;
}

export interface ReportAsked {
  readonly fromMs: number;
  readonly untilMs: number;
  readonly language: ReportLanguage;
  /** What somebody is called who has no name here. */
  readonly unknown: string;
}

/** A time is never without its zone; Arabic pages use Latin digits, as `app/dates.ts` has it. */
function momentIn(language: ReportLanguage): (ms: number) => string {
  const locale = { en: 'en-GB', es: 'es', ar: 'ar-u-nu-latn' }[language];
  const day = { day: 'numeric', month: 'short', year: 'numeric' } as const;
  const clock = {
    hour: '2-digit',
    minute: '2-digit',
    hour12: false,
    timeZoneName: 'short',
  } as const;
  const format = new Intl.DateTimeFormat(locale, { ...day, ...clock });
  return (ms) => format.format(ms);
}

const report: Call<ReportAsked, ReportView> = async (session, asked, { signal }) => {
  const { person, as } = session;
  const { fromMs, untilMs, language, unknown } = asked;
  const { reportFile, reportPlace, reportSentence } = await reporting();
  await person.catchUp({ ...as, signal }).catch(() => undefined);
  // A day that is not over ends now, by whichever clock is right.
  const period = { fromMs, untilMs: untilMs > Date.now() ? undefined : untilMs };
  const signed = await person.accessReport(period, { ...as, signal });
  const { lines, withheld, missing } = signed.report;
  const personOf = await peopleOf(
    session,
    lines.flatMap(({ account }) => (account === '' ? [] : [account])),
  );
  const when = momentIn(language);
  const nameOf = (account: string) => personOf(account).name ?? unknown;
  return {
    fromMs: signed.report.fromMs,
    untilMs: signed.report.untilMs,
    lines: lines
      .map((it) => ({
        atMs: it.atMs,
        kind: it.kind,
        said: reportSentence(it, { language, nameOf, when }),
        ...(it.kind === 'incident' && {
          report: { hash: reportPlace(it), height: it.height ?? 0 },
        }),
      }))
      .toReversed(),
    withheld: withheld.length,
    missing: missing.map(({ wing }) => wing),
    file: { fileName: 'access-report.json', bytes: bufferOf(reportFile(signed)) },
  };
};

export const reportCalls = { 'looked.report': report };
