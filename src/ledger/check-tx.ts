import { admit, type Spender } from './admission.ts';
import { type Charter, logTakes } from './charter.ts';
import { actNumber } from './protocol.ts';
import type { RefusalCode } from './refusals.ts';
import type { LedgerView } from './table.ts';
import type { Tx } from './tx.ts';

/**
 * Whether a transaction may wait for a block, judged by the committed state: cheap, before any signature
 * is looked at, and without executing an act.
 *
 * Refuses: what `admit` refuses, LOG_WRONG. Source: docs/protocol/transactions.md, rule T-10.
 */
export function checkTx(
  view: LedgerView,
  charter: Charter,
  tx: Tx,
  nowMs: number,
): { readonly ok: true; readonly spender: Spender } | { ok: false; code: RefusalCode } {
  const admission = admit(view, charter, tx, nowMs);
  if (!admission.ok) return admission;
  const { log, acts } = tx.body;
  const takesAll = acts.every(({ kind }) => logTakes(charter, log, actNumber(kind)));
  return takesAll ? admission : { ok: false, code: 'LOG_WRONG' };
}
