import { actNumbers, type Tx } from './acts.ts';
import { admit, type Spender } from './admission.ts';
import type { Genesis } from './genesis.ts';
import type { RefusalCode } from './refusals.ts';
import type { LedgerView } from './rules/outcome.ts';

/**
 * Whether a transaction may wait for a block, judged by the committed state: cheap, before any signature
 * is looked at, and without executing an act.
 *
 * Refuses: what `admit` refuses, LOG_WRONG. Source: docs/protocol/transactions.md, rule T-10.
 */
export function checkTx(
  view: LedgerView,
  genesis: Genesis,
  tx: Tx,
  nowMs: number,
): { readonly ok: true; readonly spender: Spender } | { ok: false; code: RefusalCode } {
  const admission = admit(view, genesis, tx, nowMs);
  if (!admission.ok) return admission;
  const log = genesis.logs.find(({ name }) => name === tx.body.log);
  const takesAll = tx.body.acts.every((act) => log?.acts.includes(actNumbers[act.kind]));
  return takesAll ? admission : { ok: false, code: 'LOG_WRONG' };
}
