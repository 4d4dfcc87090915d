import type { Gateway } from '../../../gateway/gateway.ts';
import { CodedError } from '../../../primitives/errors.ts';
import { type HospitalFacts, serviceFacts } from '../api/service-keys.ts';
import type { AlertsStanding } from '../api/standing.ts';

/** The alert service beside this gateway; undefined: there is none. Throws HOME_INVALID: its keys cannot be read. */
export async function serviceOf({ options }: Gateway): Promise<HospitalFacts | undefined> {
  const told = await options.machineOf?.('alerts');
  const own = told === undefined ? undefined : serviceFacts.parse(told)[options.hospital];
  if (own !== undefined && 'fault' in own) throw new CodedError(own.fault);
  return own;
}

/** How its letters go; undefined: none was made yet. Throws as `serviceOf`, ROW_CORRUPT, STORE_BUSY, RELAY_INVALID. */
export async function standingOf(gateway: Gateway): Promise<AlertsStanding | undefined> {
  const standing = (await serviceOf(gateway))?.standing;
  if (standing !== undefined && 'fault' in standing) throw new CodedError(standing.fault);
  return standing;
}
