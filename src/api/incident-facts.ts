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

/** Whether this is an address of the network and nothing else: a number to call looks like one, too. */
export const isNetworkAddress = (text: string): boolean =>
  ipv4.test(text) || (text.includes(':') && URL.canParse(`http://[${text}]/`));

const ipv4 = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/;
