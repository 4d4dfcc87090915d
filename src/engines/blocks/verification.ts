import type { VerifyVote } from '../../ledger/chain/light-client.ts';
import type { TrustRoot } from '../../ledger/chain/trust-root.ts';
import type { HandedTo } from '../../ledger/charter.ts';
import type { Application } from '../application.ts';

export interface VerifyOptions {
  /** A ledger's folder, or a copy of it; it is only read. */
  readonly directory: string;
  /** A new application on this chain's genesis, in an empty folder that is removed afterwards. */
  readonly openApplication: (directory: string) => Application | Promise<Application>;
  readonly verifyVote: VerifyVote;
  /** Where one operator handed the ledger over: after which block, and to whom. */
  readonly handedTo?: HandedTo | undefined;
  /** Without it the ledger is only shown to agree with itself: whoever holds the key can write another. */
  readonly trustRoot?: TrustRoot;
  readonly signal?: AbortSignal;
  /** Called after each block that held. */
  readonly onBlock?: (height: number, last: number) => void;
}

/** `what` broke first: header, chain, votes, signature, data, state, result, index, missing, storage, trust-root. */
export type LedgerVerdict =
  | {
      readonly ok: true;
      readonly height: number;
      readonly headerHash: string;
      /**
       * The first block that is here, where earlier ones are still being fetched: then nothing was executed, and states are
       * those that the headers name. Missing: everything was executed, from the genesis on.
       */
      readonly from?: number;
    }
  | { readonly ok: false; readonly height: number; readonly what: string };
