import { alertsSdk } from './alerts/sdk/wing.ts';
import { vitalsSdk } from './vitals/sdk/wing.ts';
/** What wings add to a person's device, one line a wing. `Person` alone reads it. */
export const sdkWings = [vitalsSdk, alertsSdk] as const;
