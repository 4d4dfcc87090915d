import { vitalsNames } from '../names.ts';

/** Where a data server answers: a statement to everybody with this word, the URL as UTF-8. Source: vitals-servers.md, rule VS-3. */
export const noticeWord = 'address';

/** The public half of its recovery key: a statement to everybody with this word. Source: rule VS-28. */
export const recoveryWord = 'recovery';

/** Of X-Wing. */
export const recoveryKeyBytes = 1216;

/** What statements are signed under (rule VS-5). */
export const statementLabel = vitalsNames.labels.statement;
