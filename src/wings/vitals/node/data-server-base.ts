import type { KemKey } from '../../../crypto/kem.ts';
import type { SigningKey, verifyLabelled } from '../../../crypto/signature.ts';
import type { ReceiptVerdict } from '../../../ledger/chain/receipt.ts';
import type { StateTable } from '../../../ledger/table.ts';
import type { AccountId } from '../../../primitives/ids.ts';
import type { WriteAttempt } from '../api/incident-report.ts';
import type { PageArithmetic } from '../crypto/pages/page-arithmetic.ts';
import type { ModularArithmetic } from '../crypto/paillier/modular-arithmetic.ts';
import type { Incident } from '../ledger/acts/incident.ts';
import type { ServerQuarantine } from '../ledger/acts/server-quarantine.ts';
import type { ServerRebuilt } from '../ledger/acts/server-rebuilt.ts';
import type { StatBatch } from '../ledger/acts/stat-batch.ts';
import type { StatSeal } from '../ledger/acts/stat-seal.ts';
import type { ScrubClock } from './incidents/foreign-writes.ts';
import type { CallerWitness } from './incidents/refused-writes.ts';
import type { EnvelopeOpener } from './pages/envelope-opener.ts';
import type { IncidentStore } from './stores/incident-store.ts';
import type { PageStore } from './stores/page-store.ts';
import type { QuestionStore } from './stores/question-store.ts';

/** The ledger as this server believes it: every row proven to a signed header (rule VS-2). */
export interface LedgerRows {
  readonly chainId: string;
  /** Undefined: proven to be absent. A row that may change is of the last ten minutes. Throws what verification throws. */
  row<Row>(table: StateTable<Row>, id: string): Promise<Row | undefined>;
  /** Several in one question; none of an older block than one before it. Missing: each is asked for by itself. Throws as `row`. */
  together?(wanted: readonly RowWanted[]): Promise<SeenRows>;
  /** What somebody shows of this ledger. Throws RECEIPT_INVALID, TRUST_ROOT_WRONG. */
  receipt(bytes: Uint8Array): Promise<ReceiptVerdict>;
}

export interface RowWanted {
  readonly table: StateTable<unknown>;
  readonly id: string;
}

/** Rows that were asked for together. */
export interface SeenRows {
  /** Undefined: proven to be absent. */
  get<Row>(table: StateTable<Row>, id: string): Row | undefined;
  /** No block is known that came since and may have changed one (rule VS-2a). False: perhaps there is one. */
  isNewest(): boolean;
}

/** The way to the other servers of a trio. */
export interface PeerLine {
  /** Hands a signed statement over and gives the answer's bytes. Throws GATEWAY_UNREACHABLE, and what the other refuses. */
  ask(server: AccountId, signedStatement: Uint8Array): Promise<Uint8Array>;
}

export interface DataServerSettings {
  /** So old may a page's hour be (rule VS-8). */
  readonly freshHours: number;
  /** So long a page waits for the other servers (rule VS-13a). */
  readonly waitHours: number;
  /** Times its longest rest that a sensor may rest before its patient is told; 0: she never is (rule VR-35). */
  readonly silentAfter: number;
  /** Pages of one sensor in a day. */
  readonly pagesPerDay: number;
}
export const defaultDataServerSettings: DataServerSettings = {
  ...{ freshHours: 48, waitHours: 24, pagesPerDay: 4_096 },
  silentAfter: 3,
};

/** What one data server stands on. */
export interface DataServerBase {
  readonly account: AccountId;
  readonly sign: SigningKey;
  readonly kem: KemKey;
  /** 32 bytes, from which everything follows that is this server's own. */
  readonly rootSecret: Uint8Array;
  readonly store: PageStore;
  readonly questions: QuestionStore;
  readonly incidents: IncidentStore;
  /** Who wrote to the stores or tried to, as far as this machine tells (rule VT-16). */
  readonly witnesses?: () => readonly WriteAttempt[];
  /** The hardware address that this machine's neighbours claim for an address; '': none. */
  readonly claimedMacOf?: (address: string) => string;
  /** Who is at the other end of a connection, as far as this machine tells (rule VT-18). */
  readonly callers?: CallerWitness;
  /** Also where its hospital keeps reports (VT-3). */
  readonly keepReport?: (name: string, signed: Uint8Array) => void;
  /** The public half of the recovery key, as this server has published it; missing: it has published none. Rule VS-28. */
  readonly recoveryPublicKey?: Uint8Array;
  /** Whether each of these servers has published one, as far as this one can find out. Rule VS-32a. */
  readonly havePublished?: (servers: readonly AccountId[]) => Promise<boolean>;
  /** The recovery key, where it is at hand. */
  readonly recoveryKey?: () => Promise<KemKey | undefined>;
  /** Opens envelopes with that key on another thread, which begins now; missing: on this one. */
  readonly openerAside?: () => EnvelopeOpener;
  readonly ledger: LedgerRows;
  /** Trios of the ledger that this server is in, as far as it has looked; a store that is gone names none. */
  readonly listedTrios?: () => readonly string[];
  readonly peers: PeerLine;
  readonly arithmetic: PageArithmetic;
  /** As `verifyLabelled`, on other threads; missing: on this process's own. */
  readonly verify?: typeof verifyLabelled;
  /** Of Paillier's numbers. */
  readonly modular: ModularArithmetic;
  readonly settings: DataServerSettings;
  readonly now: () => number;
  /** By which scrubs after others' writes are paid for; missing: of this process. */
  readonly scrubClock?: ScrubClock;
  /** Puts an act on the ledger under this server's account, and waits for its block. Throws the refusal. */
  readonly send: (
    act: StatBatch | StatSeal | Incident | ServerQuarantine | ServerRebuilt,
  ) => Promise<void>;
  /** Crash tests stop a server at a step. */
  readonly faultPoint?: (step: string) => void;
}
