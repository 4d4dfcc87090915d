import type { SdkWing } from '../../../sdk/wing.ts';
import { keptQuestions, questionPending } from './asking/kept-questions.ts';
import { limitsDrawer } from './kept-limits.ts';
import { keptDeliveries, keptPaillierKeys } from './kept-paillier.ts';
import { registrationsDrawer } from './registrations.ts';

/** What the wing adds to a person's device. Apart from its actions: a browser has this before anybody asks for one. */
export const vitalsSdk: SdkWing = {
  name: 'vitals',
  drawers: [
    ...[keptQuestions, registrationsDrawer, limitsDrawer],
    ...[keptPaillierKeys, keptDeliveries],
  ],
  pendingKinds: [questionPending],
  messageKinds: [],
};
