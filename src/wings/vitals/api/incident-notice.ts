import { lastTimeMs } from '../../../api/incident-facts.ts';
import {
  accountId,
  bytes,
  hexId,
  list,
  type Of,
  oneOf,
  struct,
  text,
  uintTo,
} from '../../../primitives/shape.ts';

/** To a patient's hospital, from a data server: a statement with this word. Source: vitals-tampering.md, rule VT-12. */
export const incidentWord = 'incident';
export const mostPeopleOfNotice = 256;

const timeMs = uintTo(lastTimeMs);

/** Which server, which hours, what was done, from where: nothing of what was kept. */
export const incidentNotice = struct({
  /** The report on the ledger. */
  incident: bytes(32),
  /** The incident that this quarantine began with, of this server and on the ledger too: of one, each is told once. */
  began: hexId(32),
  /** What it calls itself, such as `harbour`; people are told of it by the ledger's name of who runs it. */
  server: text(64),
  fromMs: timeMs,
  untilMs: timeMs,
  done: oneOf(['quarantined', 'rebuilt', 'refused', 'reported'] as const),
  /** An address; '': none was told. */
  source: text(64),
  claimedMac: text(32),
  people: list(accountId, { least: 1, most: mostPeopleOfNotice }),
});
export type IncidentNotice = Of<typeof incidentNotice>;
