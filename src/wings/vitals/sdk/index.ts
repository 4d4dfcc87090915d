export { type ReleasedNumber, releasedBy, vitalsAsked as vitalsIn } from '../api/question.ts';
export type { IncidentAnswer } from '../api/routes/incidents-get.ts';
export { basePanel, isPadded, paddedPanel, panelOf, panels, vitalsOf } from '../crypto/panels.ts';
export { type Answered, anovaOf, ttestOf } from './asking/answered.ts';
export {
  type Asked,
  askQuestion,
  continueQuestion,
  deliverAgain,
  predictNoise,
} from './asking/ask.ts';
export { type Comparison, comparisonsOf, requireDisjoint } from './asking/comparisons.ts';
export {
  type Delivery,
  deliveries,
  type EncryptedParts,
  encryptedParts,
} from './asking/delivery.ts';
export { answersCsv, answersJson } from './asking/export.ts';
export { forgetQuestions } from './asking/forgetting.ts';
export { listQuestions, questionsOn } from './asking/listed-questions.ts';
export { cohortText, methodText } from './asking/method-sheet.ts';
export { vitalPanel } from './asking/panel-words.ts';
export { leftOf, listStudies, type Study } from './asking/studies.ts';
export { type CheckedIncident, checkIncident } from './check-incident.ts';
export { type Curve, curvesOf } from './curves.ts';
export { giveHalves, handHalvesAgain } from './double/keep-halves.ts';
export { incidentsNow } from './incidents-now.ts';
export { type Limits, listLimits, type OwnRanges, ownRanges, setLimits } from './limits.ts';
export type { VitalsFound } from './reading/ask-servers.ts';
export { type OwnDevice, ownDevices } from './reading/device-notes.ts';
export { writeHubDays } from './reading/hub-days.ts';
export { readOwnVitals } from './reading/own-vitals.ts';
export { readVitals, type VitalsAsked, type VitalsRead } from './reading/read-vitals.ts';
export {
  changeStudies,
  endSensor,
  heldRegistration,
  type RegistrationHeld,
  registerSensor,
  resendRegistration,
} from './registering.ts';
export {
  isLowBattery,
  type SensorStanding,
  type SensorWarning,
  sensorWarnings,
  standingsOf,
} from './sensor/sensor-standing.ts';
export type { Figure } from './statistics/answer.ts';

export { type Crossing, type Range, type Ranges, trendOf } from './thresholds.ts';
