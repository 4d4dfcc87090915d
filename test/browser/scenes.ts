import type { Code } from '../../src/codes/index.ts';
import type { Outcome } from '../vectors/tally.ts';

/**
 * What a page can be asked to play, on its own thread or in a worker: what goes in and out is JSON, so that
 * both sides and the test agree on it. People are called by the name of their wallet.
 */
export interface Scenes {
  /** The sets of vectors, all of them, with this engine's cryptography. */
  readonly vectors: () => Promise<readonly Outcome[]>;
  /** What the browser keeps for this origin. */
  readonly kept: () => Promise<{
    readonly texts: readonly string[];
    readonly databases: readonly string[];
    readonly caches: readonly string[];
    /** Local and session storage, cookies: how much is in each. */
    readonly others: readonly number[];
    readonly address: string;
  }>;
  /** A new wallet in IndexedDB, enrolled. */
  readonly enrol: (who: {
    readonly wallet: string;
    readonly gatewayUrl: string;
    readonly role: 'patient' | 'clinician';
    readonly invitation: string;
  }) => Promise<{ readonly account: string; readonly code: string }>;
  /** The wallet that IndexedDB holds; `refused` when it does not open. */
  readonly open: (who: {
    readonly wallet: string;
    readonly passphrase: string;
  }) => Promise<{ readonly account?: string; readonly refused?: Code; readonly wallets: string[] }>;
  /** Fetches a file, adds it, exports it, checks its receipt. */
  readonly importFile: (file: { readonly wallet: string; readonly url: string }) => Promise<{
    readonly items: number;
    readonly bytes: number;
    readonly exportEquals: boolean;
    readonly heightOfReceipt: number;
    readonly height: number;
  }>;
  /** Whether a file that was imported before comes out as it lies at `url`. */
  readonly exportAgain: (file: {
    readonly wallet: string;
    readonly url: string;
  }) => Promise<boolean>;
  /** Grants classes to a doctor, who fetches the letter and reads. */
  readonly grantAndRead: (grant: {
    readonly patient: string;
    readonly doctor: string;
    readonly classes: readonly ('lab' | 'diagnosis')[];
  }) => Promise<{
    readonly consent: string;
    readonly state: string;
    readonly patientName: string;
    readonly read: number;
    readonly owned: number;
    readonly equal: boolean;
    readonly classes: readonly string[];
  }>;
  /** Revokes, and tells what the doctor is then refused with. */
  readonly revoke: (grant: {
    readonly patient: string;
    readonly doctor: string;
    readonly consent: string;
  }) => Promise<{ readonly refused: Code | undefined; readonly state: string }>;
  readonly looked: (who: { readonly wallet: string }) => Promise<{
    readonly kinds: readonly string[];
    readonly readers: readonly string[];
    readonly withheld: number;
    readonly receiptsChecked: number;
  }>;
  /** A receipt as it is, with one bit changed, and against another ledger's trust root. */
  readonly checkReceipts: (who: { readonly wallet: string }) => Promise<{
    readonly vouchedBy: string;
    readonly changed: Code | undefined;
    readonly otherLedger: Code | undefined;
  }>;
  /** A file that is sealed and sent as it is read. */
  readonly largeFile: (file: {
    readonly wallet: string;
    readonly bytes: number;
  }) => Promise<boolean>;
  /** Hears of a block of its own over server-sent events. */
  readonly hearBlock: (who: { readonly wallet: string }) => Promise<boolean>;
  /** Rules of an item store that IndexedDB breaks, with what was found. */
  readonly itemStoreRules: () => Promise<readonly string[]>;
  /** What this browser kept for somebody opens with every request refused: how many, and whether the first is what was opened. */
  readonly offline: (who: { readonly wallet: string }) => Promise<{
    readonly kept: number;
    readonly opened: number;
    readonly online: Code | undefined;
  }>;
  readonly cardOf: (who: { readonly wallet: string }) => Promise<string>;
  readonly addCard: (card: { readonly wallet: string; readonly card: string }) => Promise<void>;
  readonly cardsOf: (who: { readonly wallet: string }) => Promise<readonly string[]>;
  /** Adds one to a number that lies in a wallet's place, so many times, each under the wallet's lock. */
  readonly countUp: (counter: {
    readonly wallet: string;
    readonly times: number;
  }) => Promise<number>;
  /** What a page of this policy must not be able to do. */
  readonly evaluate: () => Promise<'ran' | 'refused'>;
  /** What this engine's WebCrypto has. */
  readonly engine: () => Promise<Readonly<Record<string, boolean>>>;
}
