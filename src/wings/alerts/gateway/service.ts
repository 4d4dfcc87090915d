import type { Gateway } from '../../../gateway/gateway.ts';
import { type ServiceFacts, serviceFacts } from '../api/service-keys.ts';

/** The alert service beside this gateway; undefined: there is none. */
export async function serviceOf({ options }: Gateway): Promise<ServiceFacts[string] | undefined> {
  const told = await options.machineOf?.('alerts');
  return told === undefined ? undefined : serviceFacts.parse(told)[options.hospital];
}
