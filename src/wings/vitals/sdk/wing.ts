import type { Context } from '../../../sdk/client/context.ts';
import type { PendingKind } from '../../../sdk/client/pending.ts';
import type { HalfKeeper } from '../../../sdk/records/double.ts';
import { entriesOf } from '../../../sdk/wallet/drawer.ts';
import type { SdkWing } from '../../../sdk/wing.ts';
import { halvesDrawer } from './double/kept-halves.ts';
import { vitalsDrawers } from './drawers.ts';

/** That it was paid, the ledger says: the drawer is brought up to it when the question is gone on with. */
export const questionPending: PendingKind = {
  kind: 'stat-query',
  afterCommit: (content) => content,
  afterRefusal: (content) => content,
};

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
  drawers: [...Object.values(vitalsDrawers).map((wing) => ({ wing })), halvesDrawer],
  pendingKinds: [questionPending],
  messageKinds: [],
  reports: {
    statistics: async () => (await import('./statistic-lines.ts')).statisticLines,
    incidents: async () => (await import('./incident-lines.ts')).incidentLines,
  },
  halfKeeper,
};
