import { addCalls } from './add.ts';
import { checkCalls } from './check.ts';
import { clinicianCalls } from './clinician.ts';
import { codeCalls } from './code.ts';
import { deskCalls } from './desk.ts';
import { explorerCalls } from './explorer.ts';
import { exportCalls } from './export.ts';
import { homeCalls } from './home.ts';
import { itemCalls } from './item.ts';
import { joinCalls } from './join.ts';
import { keysCalls } from './keys.ts';
import { leavingCalls } from './leaving.ts';
import { lookedCalls } from './looked.ts';
import { movingCalls } from './moving.ts';
import { networkCalls } from './network.ts';
import { recordCalls } from './record.ts';
import { shareCalls } from './share.ts';
import { sharingCalls } from './sharing.ts';
import { trendCalls } from './trend.ts';
import { walletCalls } from './wallet.ts';
import { writingCalls } from './writing.ts';

/** Everything that a page can have done; one file for each part of the app. */
export const calls = {
  ...walletCalls,
  ...checkCalls,
  ...deskCalls,
  ...explorerCalls,
  ...homeCalls,
  ...joinCalls,
  ...keysCalls,
  ...movingCalls,
  ...networkCalls,
  ...sharingCalls,
  ...itemCalls,
  ...recordCalls,
  ...trendCalls,
  ...addCalls,
  ...codeCalls,
  ...exportCalls,
  ...clinicianCalls,
  ...leavingCalls,
  ...lookedCalls,
  ...shareCalls,
  ...writingCalls,
} as const;
export type Calls = typeof calls;
