import { homeCalls } from './home.ts';
import { joinCalls } from './join.ts';
import { keysCalls } from './keys.ts';
import { sharingCalls } from './sharing.ts';
import { walletCalls } from './wallet.ts';

/** Everything that a page can have done; one file for each part of the app. */
export const calls = {
  ...walletCalls,
  ...homeCalls,
  ...joinCalls,
  ...keysCalls,
  ...sharingCalls,
} as const;
export type Calls = typeof calls;
