import { utf8ToText } from '../../../primitives/bytes.ts';
import { vitalsNames } from '../names.ts';

/** Where a data server answers: a statement to everybody with this word, the URL as UTF-8. Source: vitals-servers.md, rule VS-3. */
export const noticeWord = 'address';

/** The public half of its recovery key: a statement to everybody with this word. Source: rule VS-28. */
export const recoveryWord = 'recovery';

/** Of X-Wing. */
export const recoveryKeyBytes = 1216;

/** What statements are signed under (rule VS-5). */
export const statementLabel = vitalsNames.labels.statement;

const mostLetters = 1_024;
/** A name or an address, a port, a path; no user, query or fragment, and nothing that a reader would write otherwise. */
const place =
  /^https?:\/\/(?:[a-z0-9._-]{1,253}|\[[0-9a-f:.]{2,45}\])(?::[1-9]\d{0,4})?(?:\/[\w.~%!$&'()*+,;=:@-]*)*$/i;

/**
 * Where a notice says that a data server answers, without a stroke at its end: routes are asked for below it. Undefined: it names
 * no place for HTTP, or more than a place. Source: vitals-servers.md, rule VS-3.
 */
export function serverAddressIn(payload: Uint8Array): string | undefined {
  const text = textIn(payload);
  const isPlace = text !== undefined && text.length <= mostLetters && place.test(text);
  return isPlace ? text.replace(/\/+$/, '') : undefined;
}

function textIn(payload: Uint8Array): string | undefined {
  try {
    return utf8ToText(payload);
  } catch {
    return undefined;
  }
}
