import { whyNotLive } from '../../../../ledger/acts/consents.ts';
import type { CodedError } from '../../../../primitives/errors.ts';
import type { AccountId, RecordId } from '../../../../primitives/ids.ts';
import { maxLookAgeMs } from '../../api/sensor-read.ts';
import type { Looked } from './shown-look.ts';

/** What the decision rests on; a fact that is missing is a no. */
export interface HalfFacts extends Looked {
  readonly reader: AccountId;
  /** Whose record is asked for. */
  readonly account: AccountId;
  readonly recordId: RecordId;
  /** As the owner said when this server was given its share; undefined: it has none. */
  readonly kept: { readonly recordClass: string; readonly timeMs: number } | undefined;
}

/**
 * May a data server give this reader its share of the key of a doubly encrypted record? Undefined: yes. The hospital decided
 * before and logged the look; each server decides again, by its own view of the ledger. Source: docs/protocol/vitals-double.md,
 * DE-7; half-decision.test.ts is the table.
 */
export function decideHalf(facts: HalfFacts): CodedError['code'] | undefined {
  const { reader, account, recordId, look, consent, patient, body, kept, nowMs } = facts;
  if (look.request.reader !== reader) return 'NOT_SHARED';
  if (nowMs - look.timeMs >= maxLookAgeMs) return 'LOOK_OLD';
  if (consent === undefined) return 'CONSENT_UNKNOWN';
  if (body === undefined || body.account !== consent.account) return 'GRANT_BODY_WRONG';
  if (body.grantee !== reader || consent.account !== account) return 'NOT_SHARED';
  const ended = whyNotLive(consent, patient, nowMs);
  if (ended !== undefined) return ended;
  const isOfClass = kept === undefined || body.readClasses.some((it) => it === kept.recordClass);
  if (!isOfClass) return 'CLASS_NOT_GRANTED';
  if (!body.purposes.includes(look.request.purpose)) return 'PURPOSE_NOT_GRANTED';
  const isNamed = body.recordIds.length === 0 || body.recordIds.includes(recordId);
  const isOfBefore = kept !== undefined && kept.timeMs < body.fromMs;
  if (!isNamed || isOfBefore) return 'RECORD_NOT_GRANTED';
  const { what } = look.request;
  return what.kind === 'records' && what.recordIds.includes(recordId) ? undefined : 'LOOK_WRONG';
}
