import { type Cbor, encodeCbor } from '../primitives/cbor.ts';
import { admit, burn } from './admission.ts';
import { type Charter, logTakes } from './charter.ts';
import type { VerifiedTx } from './incoming.ts';
import { judgeAct } from './judge-act.ts';
import type { ActContext, Block } from './outcome.ts';
import { Overlay } from './overlay.ts';
import { actNumber } from './protocol.ts';
import { type RefusalCode, refusalNumber } from './refusals.ts';
import type { Tx } from './tx.ts';

export interface TxOutcome {
  /** 0 accepted, otherwise the number of the refusal. */
  readonly code: number;
  /** Accepted: one byte string per act. Refused: `[index of the act]`, or `[]` before any act was judged. */
  readonly data: Uint8Array;
}

/**
 * Executes one transaction over the writes of those before it. Its acts succeed or fail together; a refusal
 * by a rule still burns the nonce, a refusal at the door changes nothing.
 *
 * Refuses: what `admit` refuses, SIGNATURE_WRONG, LOG_WRONG, and what the rules refuse.
 * Source: docs/protocol/transactions.md, rules T-5 to T-9.
 */
export function applyTx(
  state: Overlay,
  charter: Charter,
  incoming: VerifiedTx,
  block: Block,
): TxOutcome {
  // T-6: the door; what is refused here burns no number, for nobody is shown to have sent it.
  if (!('tx' in incoming)) return refused(incoming.code);
  const { tx, verdict } = incoming;
  const admission = admit(state, charter, tx, block.timeMs);
  if (!admission.ok) return refused(admission.code);
  // T-6: last, for it costs most; the verdict was worked out beside the rules (T-5).
  if (!verdict.isSigned) return refused('SIGNATURE_WRONG');

  const { spender } = admission;
  // T-9: from here on the number is used up, whatever the rules say.
  const burnt = burn(state, tx, spender);
  if (burnt !== undefined) state.write(burnt);
  const acts = new Overlay(state);
  const known = contextOf(tx, spender.authority, block, charter);
  const answers: Uint8Array[] = [];
  for (const [index, act] of tx.body.acts.entries()) {
    // T-9, ST-9: what the log takes at this height.
    if (!logTakes(charter, tx.body.log, actNumber(act.kind))) return refused('LOG_WRONG', index);
    const outcome = judgeAct(acts, act, {
      ...known,
      isProven: verdict.proven.has(index),
    });
    // T-9: all or none; what earlier acts wrote goes with the overlay.
    if (!outcome.ok) return refused(outcome.code, index);
    for (const write of outcome.writes) acts.write(write);
    answers.push(outcome.data);
  }
  for (const write of acts.writes()) state.write(write);
  return { code: 0, data: encodeCbor(answers) };
}

function contextOf(
  tx: Tx,
  authority: ActContext['authority'],
  block: Block,
  charter: Charter,
): Omit<ActContext, 'isProven'> {
  const { log, sender } = tx.body;
  return { block, charter, log, sender, authority };
}

function refused(code: RefusalCode, actIndex?: number): TxOutcome {
  const data: Cbor = actIndex === undefined ? [] : [actIndex];
  return { code: refusalNumber(code), data: encodeCbor(data) };
}
