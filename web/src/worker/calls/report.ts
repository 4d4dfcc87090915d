import { type ReportLanguage, reporting } from '@salus/salus/sdk/browser';
import type { Call } from '../call.ts';
import { peopleOf } from '../people.ts';
import { bufferOf, type SavedFile } from '../proof-view.ts';

/** What was done with this person's record in a time, each line as a sentence. */
export interface ReportView {
  /** Newest first; 0: when is not known. */
  readonly lines: readonly {
    readonly atMs: number;
    readonly said: string;
    readonly kind: string;
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

const report: Call<ReportAsked, ReportView> = async (session, asked, { signal }) => {
  const { person, as } = session;
  const { fromMs, untilMs, language, unknown } = asked;
  const { reportFile, reportSentence } = await reporting();
  await person.catchUp({ ...as, signal }).catch(() => undefined);
  const signed = await person.accessReport({ fromMs, untilMs }, { ...as, signal });
  const { lines, withheld, missing } = signed.report;
  const personOf = await peopleOf(
    session,
    lines.flatMap(({ account }) => (account === '' ? [] : [account])),
  );
  const nameOf = (account: string) => personOf(account).name ?? unknown;
  return {
    lines: lines
      .map((it) => ({
        atMs: it.atMs,
        kind: it.kind,
        said: reportSentence(it, { language, nameOf }),
      }))
      .toReversed(),
    withheld: withheld.length,
    missing: missing.map(({ wing }) => wing),
    file: { fileName: 'access-report.json', bytes: bufferOf(reportFile(signed)) },
  };
};

export const reportCalls = { 'looked.report': report };
