import { CodedError, isCoded } from '../primitives/errors.ts';
import { parseRecordId, type RecordId } from '../primitives/ids.ts';
import type { AsAccount, ReadOptions, ReceivedGrant, WalletAccount } from '../sdk/index.ts';
import { type Acting, work } from './acting.ts';
import type { CommandContext } from './commands/command.ts';
import { findRecord, pickId } from './finding.ts';
import { listedAt } from './last-list.ts';
import { covers, linesUnder } from './received.ts';
import { recordByName } from './record-by-name.ts';

/** One's own, by the number of the last list, by id or its beginning, by name. Throws RECORD_UNKNOWN, AMBIGUOUS. */
export async function findOwnRecord(
  context: CommandContext,
  acting: Acting,
  text: string,
): Promise<{ readonly recordId: RecordId; readonly account: WalletAccount }> {
  try {
    return await findRecord(context, acting, listedAt(acting, text) ?? text);
  } catch (error) {
    if (!isCoded(error, 'RECORD_UNKNOWN') || /^[0-9a-f]{6,}$/.test(text)) throw error;
  }
  for (const account of acting.accounts) {
    const lines = await acting.person.recordLines(work(context, account));
    const recordId = recordByName(lines, text);
    if (recordId !== undefined) return { recordId, account };
  }
  throw new CodedError('RECORD_UNKNOWN');
}

/**
 * The same of what a patient shared, and the grants that open it: what does not stand in the text is found by a look at
 * the lines, and so is which of several grants covers the record, because another one would be refused.
 * Throws RECORD_UNKNOWN, AMBIGUOUS, and what a look throws.
 */
export async function findSharedRecord(
  acting: Acting,
  grants: readonly ReceivedGrant[],
  text: string,
  options: AsAccount & ReadOptions,
): Promise<{ readonly recordId: RecordId; readonly grants: readonly ReceivedGrant[] }> {
  const isWhole = /^[0-9a-f]{32}$/.test(text);
  const known = listedAt(acting, text) ?? (isWhole ? parseRecordId(text) : undefined);
  if (known !== undefined && grants.length === 1) return { recordId: known, grants };
  const { lines } = await linesUnder(acting.person, grants, options);
  const ids = lines.map((it) => it.recordId);
  const recordId = known ?? pickId(ids, text) ?? recordByName(lines, text);
  if (recordId === undefined) throw new CodedError('RECORD_UNKNOWN');
  const line = lines.find((it) => it.recordId === recordId);
  const opening = grants.filter((it) => line !== undefined && covers(it, line));
  return { recordId, grants: opening.length > 0 ? opening : grants };
}
