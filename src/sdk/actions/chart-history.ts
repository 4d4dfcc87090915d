import { textOfBytes } from '../../api/message-parts.ts';
import { utf8 } from '../../primitives/bytes.ts';
import type { Context, WorkOptions } from '../client/context.ts';
import { listGrants } from '../grants/revoke.ts';
import { looked, noticeReceipts } from './looks.ts';
import { isSettled, type Noticed } from './noticed.ts';

/** Media type of what an account did and saw before it moved; JSON, for whoever reads it later. */
export const chartHistoryMediaType = 'application/vnd.salus.chart-history+json';

/** So many looks stand in one file: with their receipts a few MiB. */
const looksAFile = 1000;

/**
 * Grants that an account gave and looks at its records, each look with its receipt, which anybody checks offline: files
 * of JSON `{format, account, organisation, organisationName, writtenMs, grants, looks}`, the grants in the first.
 *
 * Throws what asking hospital and ledger throws. Source: docs/protocol/items.md, rule I-84.
 */
export async function chartHistory(
  ctx: Context,
  { signal, onProgress }: WorkOptions = {},
): Promise<readonly Uint8Array[]> {
  const { account, organisation, organisationName } = ctx.account;
  const grants = await listGrants(ctx, { signal });
  const { notices } = await looked(ctx, { signal });
  const looks: Record<string, unknown>[] = [];
  const receiptOf = noticeReceipts(ctx, signal);
  for (const it of notices) {
    const receipt = isSettled(it) ? await receiptOf(it.inboxId) : undefined;
    looks.push({ ...plain(it), ...(receipt !== undefined && { receipt: textOfBytes(receipt) }) });
    onProgress?.({ phase: 'fetching', done: looks.length, total: notices.length });
  }
  const about = { account, organisation, organisationName, writtenMs: ctx.now() };
  const files: Uint8Array[] = [];
  for (let at = 0; at === 0 || at < looks.length; at += looksAFile) {
    const part = { grants: at === 0 ? grants : [], looks: looks.slice(at, at + looksAFile) };
    files.push(utf8(`${JSON.stringify({ format: 'salus-chart-history/1', ...about, ...part })}\n`));
  }
  return files;
}

const plain = (notice: Noticed): Record<string, unknown> =>
  notice.kind === 'erased' ? { ...notice, leaf: textOfBytes(notice.leaf) } : { ...notice };
