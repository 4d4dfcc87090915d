/** What was met of one incident at one server: facts of machines, nothing of a patient. */
export interface IncidentFacts {
  /** The name of who runs the server or store, as `asServerName` has it. */
  readonly server: string;
  readonly fromMs: number;
  readonly untilMs: number;
  readonly done: 'quarantined' | 'rebuilt' | 'refused' | 'reported';
  /** The IP address that the write attempt came from, as the machine told; empty: it told none. */
  readonly source: string;
  /** As the local neighbour table has it for `source`: a claim of whoever sent it. Empty: not there. */
  readonly claimedMac: string;
}

/** The last day of the year 9999: what a calendar can say. */
export const lastTimeMs = 253_402_300_799_999;

const other = /[^\p{L}\p{M}\p{Nd} '’_-]+/gu;

/**
 * A name in the letters of its language and no sign by which a mail program makes a link of it, or a line ends: letters, marks and
 * digits of any script, blanks, `'`, `’`, `_` and `-`, 64 at most. Empty: nothing of it is left.
 */
export const asServerName = (name: string): string =>
  [...name.normalize('NFC').replaceAll(other, ' ').replaceAll(/ +/g, ' ')]
    .slice(0, 64)
    .join('')
    .replace(/^[^\p{L}\p{Nd}]+/u, '')
    .trim();

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
