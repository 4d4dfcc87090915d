import type { AccountId } from '../../../../primitives/ids.ts';
import type { MaskKeys } from '../../crypto/statistics/answer-masks.ts';
import type { StatSeal } from '../../ledger/acts/stat-seal.ts';
import type { LedgerRows } from '../data-server-base.ts';
import type { ShownKeys } from '../reading/shown-keys.ts';
import type { state } from '../statements.ts';
import type { PageStore } from '../stores/page-store.ts';
import type { QuestionStore } from '../stores/question-store.ts';
import type { QuestionPages } from './question-pages.ts';

/** What hides this server's parts, of one trio. */
export interface HidingKeys {
  readonly maskKeys: MaskKeys;
  /** That nobody else has, 32 bytes: the noise comes of it. */
  readonly noiseKey: Uint8Array;
}

/** What a desk of questions works with. */
export interface DeskParts {
  readonly account: AccountId;
  /** Rows as of a block that this server trusts; undefined: there is none yet. */
  readonly ledger: Pick<LedgerRows, 'chainId' | 'row' | 'together'>;
  /** By this server's account; returns when it is committed. Throws the refusal. */
  readonly send: (act: StatSeal) => Promise<void>;
  readonly pages: QuestionPages;
  readonly store: QuestionStore;
  /** What else is kept once and for ever: an answer in the form that was asked for second. */
  readonly keeps: Pick<PageStore, 'kept' | 'keepOnce'>;
  readonly shownKeys: Pick<ShownKeys, 'encryptionFor'>;
  /** What this server says, signed. */
  readonly say: (of: Parameters<typeof state>[1]) => Promise<Uint8Array>;
  /** Throws what it needs of the other two and cannot have. */
  readonly hidingKeys: (trio: string) => Promise<HidingKeys>;
  readonly now: () => number;
  /** Called between the steps of rule VQ-35: a test ends the process there. */
  readonly faultPoint?: (step: 'summed' | 'begun' | 'kept' | 'sent' | 'sealed') => void;
}
