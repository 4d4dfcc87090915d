import type { LedgerWing } from '../../../ledger/wing.ts';
import { govPropose } from './acts/gov-propose.ts';
import { govVote } from './acts/gov-vote.ts';
import { proposals } from './tables/proposals.ts';
import { proposalsOpen } from './tables/proposals-open.ts';

/** What the wing brings to the ledger. */
export const consortiumLedger = {
  name: 'consortium',
  acts: [govPropose, govVote],
  tables: [proposals, proposalsOpen],
} as const satisfies LedgerWing;
