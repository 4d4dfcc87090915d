import type { SdkWing } from '../../../sdk/wing.ts';
import { registrationsDrawer } from './registering.ts';

export { panelOf, vitalsOf } from '../crypto/panels.ts';
export { readVitals, type VitalsAsked, type VitalsRead } from './reading/read-vitals.ts';
export {
  changeStudies,
  endSensor,
  heldRegistration,
  type RegistrationHeld,
  registerSensor,
  resendRegistration,
} from './registering.ts';

/** What the wing adds to a person's device. */
export const vitalsSdk: SdkWing = {
  name: 'vitals',
  drawers: [registrationsDrawer],
  pendingKinds: [],
  messageKinds: [],
};
