import { admit, type Spender } from './admission.ts';
import { type Charter, logTakes } from './charter.ts';
import { maySend } from './judge-act.ts';
import { actNumber, moduleOf } from './protocol.ts';
import type { RefusalCode } from './refusals.ts';
import type { LedgerView } from './table.ts';
import type { Tx } from './tx.ts';

/**
 * Whether a transaction may wait for a block, judged by the committed state: cheap, before any signature
 * is looked at, and without executing an act.
 *
 * Refuses: what `admit` refuses, LOG_WRONG, ROLE_WRONG (of an act of which something is checked outside). Source:
 * docs/protocol/transactions.md, rule T-10.
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
  if (!takesAll) return { ok: false, code: 'LOG_WRONG' };
  const { role } = admission.spender.account;
  // An act that brings hundreds of signatures costs what its sender may not ask for.
  const mayAsk = acts.map(moduleOf).every((act) => act.outside === undefined || maySend(act, role));
  return mayAsk ? admission : { ok: false, code: 'ROLE_WRONG' };
}
