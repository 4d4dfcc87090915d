export {
  type AlertsNow,
  alertsNow,
  endAlert,
  type KeptAlert,
  setAlert,
  testAlert,
  type Wanted,
} from './choices.ts';
