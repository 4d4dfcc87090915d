import {
  asServerName,
  type IncidentFacts,
  isNetworkAddress,
  lastTimeMs,
} from '../../../api/incident-facts.ts';
import { CodedError, isCoded } from '../../../primitives/errors.ts';
import {
  checked,
  decodeAs,
  encodeAs,
  oneOf,
  type Shape,
  struct,
  text,
  uintTo,
} from '../../../primitives/shape.ts';

const matching = (pattern: RegExp): Shape<string> =>
  checked(text(64), (value, field) => {
    if (!pattern.test(value)) throw new CodedError('CBOR_SHAPE', { field });
  });
/** Of a name with a dot a mail program makes a link. */
const name = checked(text(256), (value, field) => {
  if (value === '' || asServerName(value) !== value) throw new CodedError('CBOR_SHAPE', { field });
});
const address = checked(text(45), (value, field) => {
  if (value !== '' && !isNetworkAddress(value)) throw new CodedError('CBOR_SHAPE', { field });
});
const timeMs = uintTo(lastTimeMs);

/** What a letter about an incident says (docs/protocol/alerts.md, AL-14): nothing that could begin a line of its own. */
export const incidentFacts = struct({
  server: name,
  fromMs: timeMs,
  untilMs: timeMs,
  done: oneOf(['quarantined', 'rebuilt', 'refused', 'reported'] as const),
  source: address,
  claimedMac: matching(/^(?:[0-9a-f]{2}(?::[0-9a-f]{2}){5})?$/),
});

export const noFacts = new Uint8Array(0);

/** Facts that are none are left out, so that whoever met them is told of the incident all the same. */
export function factsBytes(facts: IncidentFacts): Uint8Array {
  const bytes = encodeAs(incidentFacts, facts);
  return factsIn(bytes) === undefined ? noFacts : bytes;
}

/** Undefined: there are none. */
export function factsIn(bytes: Uint8Array): IncidentFacts | undefined {
  try {
    return bytes.length === 0 ? undefined : decodeAs(incidentFacts, bytes);
  } catch (error) {
    if (isCoded(error)) return undefined;
    throw error;
  }
}
