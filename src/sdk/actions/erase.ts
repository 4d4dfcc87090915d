import { encodeErase, maxEraseLeaves } from '../../api/erase.ts';
import { bytesOfText, textOfBytes } from '../../api/message-parts.ts';
import { erasePost } from '../../api/routes/erase-post.ts';
import { encodeSigned } from '../../api/signed.ts';
import { labels } from '../../crypto/labels.ts';
import { signLabelled } from '../../crypto/signature.ts';
import { bytesToHex } from '../../primitives/bytes.ts';
import { CodedError } from '../../primitives/errors.ts';
import type { RecordId } from '../../primitives/ids.ts';
import { checkTombstone } from '../client/check-rows.ts';
import type { Context, WorkOptions } from '../client/context.ts';
import { statingTime } from '../client/stated-time.ts';

/** What was erased, and who says so. */
export interface ErasedRecords {
  readonly recordIds: readonly RecordId[];
  /** The holders' signed words, in the same order; a receipt follows with the next batch (`looked`). */
  readonly tombstones: readonly Uint8Array[];
}

/**
 * Erases records: their holder deletes header and salt, after which the body is sealed under a key that
 * exists nowhere in Salus. What a reader copied stays, and the hash of the leaf stays. One that was erased before is
 * erased: an order whose answer was lost is given again.
 *
 * Throws RECORD_UNKNOWN, SIGNATURE_WRONG (a tombstone), GATEWAY_LIED (one is missing).
 * Source: docs/protocol/http.md, rule H-12.
 */
export async function eraseRecords(
  ctx: Context,
  recordIds: readonly RecordId[],
  { signal, onProgress }: WorkOptions = {},
): Promise<ErasedRecords> {
  const rows = await ctx.rows.refresh(signal);
  const wanted = recordIds.map((recordId) => {
    const row = rows.erasedOf(recordId) ?? rows.liveOf(recordId);
    if (row === undefined) throw new CodedError('RECORD_UNKNOWN', { recordId });
    return row;
  });
  const leaves = wanted.flatMap((row) => ('tombstone' in row ? [] : [row.leaf]));
  const { sign } = await ctx.keys(signal);
  const byLeaf = new Map<string, Uint8Array>(
    wanted.flatMap((row) =>
      'tombstone' in row ? [[bytesToHex(row.leaf), row.tombstone] as const] : [],
    ),
  );
  for (let at = 0; at < leaves.length; at += maxEraseLeaves) {
    const part = leaves.slice(at, at + maxEraseLeaves);
    const { erased } = await statingTime(ctx, signal, async (issuedMs) => {
      const bytes = encodeErase({
        chainId: ctx.account.chainId,
        account: ctx.account.account,
        accountKey: sign.publicKey,
        leaves: part,
        issuedMs,
      });
      const signature = await signLabelled(sign, labels.eraseSign, bytes);
      const erase = textOfBytes(encodeSigned({ bytes, signature }));
      return ctx.gateway.call(erasePost, { body: { erase }, signal });
    });
    for (const it of erased) {
      const tombstone = bytesOfText(it.tombstone);
      const { leaf } = await checkTombstone(ctx.ledger, ctx.account.account, tombstone, signal);
      byLeaf.set(bytesToHex(leaf), tombstone);
    }
    onProgress?.({ phase: 'anchoring', done: at + part.length, total: leaves.length });
  }
  const tombstones = wanted.map(({ leaf }) => {
    const tombstone = byLeaf.get(bytesToHex(leaf));
    if (tombstone === undefined) throw new CodedError('GATEWAY_LIED');
    return tombstone;
  });
  // Header and salt leave this device's memory too.
  await ctx.rows.refresh(signal);
  const gone = new Set<string>(recordIds);
  await ctx.kept.drop((it) => gone.has(it.recordId));
  await ctx.writeDown((content) => ({
    ...content,
    erased: [...new Set([...content.erased, ...recordIds])],
  }));
  return { recordIds, tombstones };
}
