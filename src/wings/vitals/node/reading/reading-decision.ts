import type { GrantBody } from '../../../../api/grant-body.ts';
import type { ReadRequest } from '../../../../api/read-request.ts';
import { type GrantsEnded, whyNotLive } from '../../../../ledger/acts/consents.ts';
import type { Consent } from '../../../../ledger/tables/consents.ts';
import type { CodedError } from '../../../../primitives/errors.ts';
import type { AccountId } from '../../../../primitives/ids.ts';
import { dayRecordId, daysOf } from '../../api/chart-records.ts';
import { maxLookAgeMs, type SensorRead } from '../../api/sensor-read.ts';

/** A look as its receipt shows it. */
export interface ShownLook {
  readonly request: Pick<ReadRequest, 'reader' | 'consent' | 'purpose' | 'what'>;
  /** Of its block. */
  readonly timeMs: number;
}

/** What the decision rests on; everything was looked up before. A fact that is missing is a no. */
export interface ReadingFacts {
  readonly reader: AccountId;
  readonly asked: Pick<SensorRead, 'panel' | 'firstHour' | 'lastHour'>;
  readonly look: ShownLook;
  /** As the ledger has it now; undefined: it has none. */
  readonly consent: Consent | undefined;
  /** The row of the account that gave it. */
  readonly patient: GrantsEnded | undefined;
  /** Undefined: the body in the look is not the consent's. */
  readonly body: GrantBody | undefined;
  /** Whose the pseudonym is at this server. */
  readonly registered: AccountId | undefined;
  /** The later of the server's clock and its newest block. */
  readonly nowMs: number;
}

/**
 * May a data server show this reader its shares? Undefined: yes. The hospital decided before and logged the look; each
 * server decides again, by its own view of the ledger. Source: docs/protocol/vitals-reading.md, VR-12;
 * reading-decision.test.ts is the table.
 */
export function decideReading(facts: ReadingFacts): CodedError['code'] | undefined {
  const { reader, look, consent, patient, body, nowMs } = facts;
  if (look.request.reader !== reader) return 'NOT_SHARED';
  if (nowMs - look.timeMs >= maxLookAgeMs) return 'LOOK_OLD';
  if (consent === undefined) return 'CONSENT_UNKNOWN';
  if (body === undefined || body.account !== consent.account) return 'GRANT_BODY_WRONG';
  if (body.grantee !== reader) return 'NOT_SHARED';
  const ended = whyNotLive(consent, patient, nowMs);
  if (ended !== undefined) return ended;
  if (!body.readClasses.includes('iot')) return 'CLASS_NOT_GRANTED';
  if (!body.purposes.includes(look.request.purpose)) return 'PURPOSE_NOT_GRANTED';
  // Who was granted some records was granted no pages: a page is none.
  if (body.recordIds.length > 0) return 'RECORD_NOT_GRANTED';
  if (!isAtTheseDays(facts, consent.account)) return 'LOOK_WRONG';
  return facts.registered === consent.account ? undefined : 'PATIENT_UNKNOWN';
}

/** The patient reads in a look whose days were opened: a look at other records opens none. */
function isAtTheseDays({ look, asked }: ReadingFacts, patient: AccountId): boolean {
  const { what } = look.request;
  if (what.kind !== 'records') return false;
  const named = new Set<string>(what.recordIds);
  const { panel, firstHour, lastHour } = asked;
  return daysOf(firstHour, lastHour).every((day) =>
    named.has(dayRecordId(patient, { day, panel, number: 0 })),
  );
}
