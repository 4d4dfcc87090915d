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
export const isNetworkAddress = (text: string): boolean => ipv4.test(text) || isIpv6(text);

const ipv4 = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/;

/** Eight groups of RFC 4291, the last two perhaps written as IPv4, some perhaps left out once; no zone. */
function isIpv6(text: string): boolean {
  const halves = text.split('::');
  const groups = halves.flatMap((half) => (half === '' ? [] : half.split(':')));
  const last = text.split(':').at(-1) ?? '';
  const isMixed = last.includes('.') && ipv4.test(last);
  const plain = isMixed ? groups.slice(0, -1) : groups;
  const count = plain.length + (isMixed ? 2 : 0);
  const isLong = halves.length === 2 ? count <= 7 : halves.length === 1 && count === 8;
  return isLong && plain.every((it) => /^[0-9a-f]{1,4}$/i.test(it));
}
