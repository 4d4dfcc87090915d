import { decodeSigned } from '../../../api/signed.ts';
import { sha256 } from '../../../crypto/hash.ts';
import { suite } from '../../../ledger/object-types.ts';
import { bytesToHex } from '../../../primitives/bytes.ts';
import {
  accountId,
  decodeAs,
  hexId,
  list,
  type Of,
  oneOf,
  optionalBytes,
  struct,
  text,
  typed,
  uint,
} from '../../../primitives/shape.ts';
import { incidentKind } from '../ledger/incidents.ts';
import { vitalsObjects } from './object-types.ts';

/** Places that a report names one by one; of more it says how many there are. */
export const mostPlaces = 256;

/** What is not what it was. No value, no name and no account of a patient stands in it. */
const place = struct({
  table: text(64),
  /** As the store names it; of a row that a person could be found by, its number or 8 bytes of a MAC of its key. */
  row: text(128),
  /** '': the row itself is gone, or nobody can say which part of it. */
  column: text(64),
  /** By what it was found: `ledger root`, `signature`, `row MAC`, `recount`, ... */
  bound: text(64),
});
export type IncidentPlace = Of<typeof place>;

/** Who wrote or tried to, as far as the machine tells; '': it does not. */
const attempt = struct({
  atMs: uint,
  /** `http`, `file`, `database`. */
  way: text(32),
  /** A user of the machine or of the database, a process. */
  who: text(128),
  /** An address of the network. */
  from: text(128),
  /** Of that address in this machine's own table of neighbours: claimed, anybody can say one. */
  claimedMac: text(32),
  what: text(256),
});
export type WriteAttempt = Of<typeof attempt>;

/** Batches of a trio; 0: what is in none. */
const affected = struct({ trio: hexId(32), firstBatch: uint, lastBatch: uint });

/** What was done, and when. */
const deed = struct({ what: text(64), atMs: uint });

/**
 * What happened to what somebody keeps for others, as he found it: he signs it and keeps it, and the ledger has its hash (act 48).
 * Source: docs/protocol/vitals-tampering.md, rule VT-2.
 */
export const incidentReport = typed(suite, vitalsObjects.incidentReport, {
  chainId: text(64),
  /** Who signs. */
  by: accountId,
  kind: incidentKind,
  /** `data-server`, `gateway`, `blobs`, `ledger`, `copies`, ... */
  store: text(32),
  foundBy: oneOf(['scrub', 'read', 'watch', 'start', 'peer']),
  foundMs: uint,
  /** When all of it was looked at last and was whole; 0: never. */
  wholeMs: uint,
  places: list(place, { most: mostPlaces }),
  /** Further ones. */
  more: uint,
  batches: list(affected, { most: 64 }),
  /** Hours since 1970 that are concerned; both 0: none in particular. */
  firstHour: uint,
  lastHour: uint,
  /** Patients concerned. */
  people: uint,
  attempts: list(attempt, { most: 64 }),
  /** What this machine does not tell, in words. */
  untold: list(text(256), { most: 16 }),
  done: list(deed, { most: 16 }),
  /** Hash of the report that this one goes on from; empty: none. */
  follows: optionalBytes(32),
});
export type IncidentReport = Of<typeof incidentReport>;

/** What a report says, its signature not looked at. Throws CBOR_*. */
export const readReport = (signed: Uint8Array): IncidentReport =>
  decodeAs(incidentReport, decodeSigned(signed).bytes);

/** The name of a report in commands and on the ledger. */
export const reportName = (signed: Uint8Array): string => bytesToHex(sha256(signed));
