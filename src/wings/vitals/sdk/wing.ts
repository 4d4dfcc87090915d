import type { Context } from '../../../sdk/client/context.ts';
import type { HalfKeeper } from '../../../sdk/records/double.ts';
import { entriesOf } from '../../../sdk/wallet/drawer.ts';
import type { SdkWing } from '../../../sdk/wing.ts';
import { keptQuestions, questionPending } from './asking/kept-questions.ts';
import { halvesDrawer } from './double/kept-halves.ts';
import { limitsDrawer } from './kept-limits.ts';
import { keptDeliveries, keptPaillierKeys } from './kept-paillier.ts';
import { registrationsDrawer } from './registrations.ts';

/** Its arithmetic comes when a doubly encrypted record is opened, and not before. */
const halfKeeper: HalfKeeper<Context> = {
  own: (content, account) =>
    new Map(
      entriesOf(content, halvesDrawer)
        .filter((it) => it.account === account)
        .flatMap(({ halves }) => halves.map(({ recordId, half }) => [recordId, half] as const)),
    ),
  ask: async (...asked) => (await import('./double/ask-halves.ts')).askHalf(...asked),
};

/** What the wing adds to a person's device. Apart from its actions: a browser has this before anybody asks for one. */
export const vitalsSdk: SdkWing = {
  name: 'vitals',
  drawers: [
    ...[keptQuestions, registrationsDrawer, limitsDrawer],
    ...[keptPaillierKeys, keptDeliveries, halvesDrawer],
  ],
  pendingKinds: [questionPending],
  messageKinds: [],
  halfKeeper,
};
