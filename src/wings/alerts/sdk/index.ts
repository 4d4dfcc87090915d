export { type Cause, type ChosenCause, causes, chosenCauses } from '../api/causes.ts';
export { type ChannelName, type Choice, channels, languages } from '../api/choice.ts';
export type { AlertsStanding } from '../api/standing.ts';
export {
  type AlertSet,
  type AlertsInbox,
  type AlertsNow,
  type AlertTest,
  alertsInbox,
  alertsNow,
  confirmAlert,
  endAlert,
  type KeptAlert,
  setAlert,
  testAlert,
  type Wanted,
} from './choices.ts';
export { standingNow } from './standing.ts';
