/** How a report is said, shown and kept: loaded when somebody has one (`reporting` of the SDK). */
export { readReportFile, reportedMs, reportFile, reportKey } from './access-report.ts';
export { reportPage, reportPlace, reportSentence } from './report-page.ts';
