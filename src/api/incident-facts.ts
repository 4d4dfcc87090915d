/** What was met of one incident at one server: facts of machines, nothing of a patient. */
export interface IncidentFacts {
  /** A word for the server or store, such as `harbour`. */
  readonly server: string;
  readonly fromMs: number;
  readonly untilMs: number;
  readonly done: 'quarantined' | 'rebuilt' | 'refused' | 'reported';
  /** The IP address that the write attempt came from, as the machine told; empty: it told none. */
  readonly source: string;
  /** As the local neighbour table has it for `source`: a claim of whoever sent it. Empty: not there. */
  readonly claimedMac: string;
}
