import type { SdkWing } from '../../../sdk/wing.ts';
import { keptAlerts } from './choices.ts';

export {
  type AlertsNow,
  alertsNow,
  endAlert,
  type KeptAlert,
  setAlert,
  testAlert,
  type Wanted,
} from './choices.ts';

/** What the wing adds to a person's device. */
export const alertsSdk: SdkWing = {
  name: 'alerts',
  drawers: [keptAlerts],
  pendingKinds: [],
  messageKinds: [],
};
