import { utf8ToText } from '../../../primitives/bytes.ts';
import { isCoded } from '../../../primitives/errors.ts';
import type { AccountId } from '../../../primitives/ids.ts';
import { openSigned } from './statement.ts';

/** Where a data server answers: a statement to everybody with this word, the URL as UTF-8. Source: vitals-servers.md, rule VS-3. */
export const noticeWord = 'address';

/** The public half of its recovery key: a statement to everybody with this word. Source: rule VS-28. */
export const recoveryWord = 'recovery';

/** Of X-Wing. */
export const recoveryKeyBytes = 1216;

/** Without a slash at its end. Undefined: it is not this server's notice, or names no place for HTTP. Rule VS-3. */
export async function addressIn(
  notice: Uint8Array,
  { server, signKey }: { readonly server: AccountId; readonly signKey: Uint8Array },
): Promise<string | undefined> {
  try {
    const { payload } = await openSigned(notice, async ({ from, word }) =>
      from === server && word === noticeWord ? signKey : undefined,
    );
    const address = utf8ToText(payload);
    if (!URL.canParse(address)) return undefined;
    const { protocol, href } = new URL(address);
    return /^https?:$/u.test(protocol) ? href.replace(/\/+$/, '') : undefined;
  } catch (error) {
    // No statement, or no text.
    if (isCoded(error) || error instanceof TypeError) return undefined;
    throw error;
  }
}
