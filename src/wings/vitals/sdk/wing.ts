import type { PendingKind } from '../../../sdk/client/pending.ts';
import type { SdkWing } from '../../../sdk/wing.ts';

/** Where a wallet keeps what the wing must not lose; how an entry reads stands beside what uses it. */
export const vitalsDrawers = {
  limits: 'vitals/limits',
  questions: 'vitals/questions',
  registrations: 'vitals/registrations',
} as const;

/** That it was paid, the ledger says: the drawer is brought up to it when the question is gone on with. */
export const questionPending: PendingKind = {
  kind: 'stat-query',
  afterCommit: (content) => content,
  afterRefusal: (content) => content,
};

/** What the wing adds to a person's device. Apart from its actions: a browser has this before anybody asks for one. */
export const vitalsSdk: SdkWing = {
  name: 'vitals',
  drawers: Object.values(vitalsDrawers).map((wing) => ({ wing })),
  pendingKinds: [questionPending],
  messageKinds: [],
  report: async () => (await import('./report-lines.ts')).reportLines,
};
