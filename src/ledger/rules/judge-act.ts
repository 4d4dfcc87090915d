import { assertNever } from '../../primitives/errors.ts';
import type { Act } from '../acts.ts';
import { accessLog } from './access-log.ts';
import { batchAnchor } from './batch-anchor.ts';
import { consentGrant } from './consent-grant.ts';
import { consentRevoke } from './consent-revoke.ts';
import { dataAnchor } from './data-anchor.ts';
import { diagnosisAnchor } from './diagnosis-anchor.ts';
import { enrol } from './enrol.ts';
import { keySet } from './key-set.ts';
import { type ActContext, type LedgerView, type Outcome, refuse } from './outcome.ts';
import { revokeKey } from './revoke-key.ts';
import { actsOfRole, actsWhileFrozen } from './roles.ts';
import { rotateKey } from './rotate-key.ts';

/** One set of rules; which one holds at a height is part of the protocol. */
export type JudgeAct = (view: LedgerView, act: Act, context: ActContext) => Outcome;

/**
 * The rules of a height. An upgrade adds a set here and keeps the old ones: a replay must answer as before.
 * Source: docs/protocol/state.md, rule ST-9.
 */
export function rulesFor(_height: number): JudgeAct {
  return judgeAct;
}

/**
 * May the sender send such an act at all, and if so, what does the act's own rule say?
 *
 * Refuses: SENDER_UNKNOWN, ROLE_WRONG, ACCOUNT_FROZEN, and what the act's rule refuses.
 */
function judgeAct(view: LedgerView, act: Act, context: ActContext): Outcome {
  const sender = view.get('accounts', context.sender);
  if (sender === undefined) return refuse('SENDER_UNKNOWN');
  if (!actsOfRole[sender.role].includes(act.kind)) return refuse('ROLE_WRONG');
  // Writing under a grant stays possible: the write key is not the frozen account's own key.
  const isOwnKey = context.authority !== 'write-key';
  if (sender.frozen && isOwnKey && !actsWhileFrozen.includes(act.kind)) {
    return refuse('ACCOUNT_FROZEN');
  }
  return ruleOf(view, act, context);
}

function ruleOf(view: LedgerView, act: Act, context: ActContext): Outcome {
  switch (act.kind) {
    case 'Enrol':
      return enrol(view, act, context);
    case 'RotateKey':
      return rotateKey(view, act, context);
    case 'RevokeKey':
      return revokeKey(view, act, context);
    case 'KeySet':
      return keySet(view, act, context);
    case 'ConsentGrant':
      return consentGrant(view, act, context);
    case 'ConsentRevoke':
      return consentRevoke(view, act, context);
    case 'DataAnchor':
      return dataAnchor(view, act, context);
    case 'DiagnosisAnchor':
      return diagnosisAnchor(view, act, context);
    case 'AccessLog':
      return accessLog(view, act, context);
    case 'BatchAnchor':
      return batchAnchor(view, act, context);
    default:
      return assertNever(act);
  }
}
