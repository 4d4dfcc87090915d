import { alertsSdk } from './alerts/sdk/index.ts';
/** What wings add to a person's device, one line a wing. `Person` alone reads it. */
export const sdkWings = [alertsSdk] as const;
