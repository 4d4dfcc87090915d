import type { SigningKey } from '../crypto/signature.ts';
import type { LedgerEngine } from '../engines/engine.ts';
import type { AccountId } from '../primitives/ids.ts';
import type { BlobStore } from '../storage/blob-store.ts';
import type { ActSender } from './act-sender.ts';
import type { Causes } from './causes.ts';
import type { CommittedState } from './committed-state.ts';
import type { Logger } from './logging.ts';
import type { PartFigures } from './part-metrics.ts';
import type { StoreReports } from './parts/findings/finding.ts';
import type { GatewaySettings } from './settings.ts';
import type { Store } from './store.ts';

/** The part of `fetch` that peers need, so that tests can join two gateways without a network. */
export type PeerFetch = (url: string, init: RequestInit & { duplex?: 'half' }) => Promise<Response>;

/** What one hospital's gateway gives each of its parts to stand on. */
export interface GatewayBase {
  /** A short word for metrics and logs, such as `north`. */
  readonly hospital: string;
  readonly organisation: AccountId;
  readonly key: SigningKey;
  readonly chainId: string;
  readonly engine: LedgerEngine;
  readonly view: CommittedState;
  /** Sends acts in the organisation's own name. */
  readonly sender: ActSender;
  /** The gateway's file: a part reads and writes its own tables there, and no other's. */
  readonly db: Store;
  readonly blobs: BlobStore;
  /** What the scrub of this hospital's stores found; undefined: nobody looks. */
  readonly reports: StoreReports | undefined;
  /** A folder of the hospital's own, for what has to lie outside that file; undefined: there is none. */
  readonly folder: string | undefined;
  /** Where a part says what happened to somebody, for who tells people of it. */
  readonly causes: Causes;
  readonly fetch: PeerFetch;
  /** Where peers answer, when it is not what the ledger says of them. */
  readonly peerUrls: ReadonlyMap<AccountId, string>;
  readonly now: () => number;
  readonly log: Logger;
  readonly settings: GatewaySettings;
  /** A part's own settings: its defaults, and what the operator set under the part's name. */
  readonly settingsOver: <Key extends string>(
    defaults: Readonly<Record<Key, number>>,
  ) => Readonly<Record<Key, number>>;
  /** What the part's wing shares with its own processes of this hospital, and with nobody else; undefined: nothing. */
  readonly wingKey: Uint8Array | undefined;
  /** The figures that this part declares. */
  readonly figures: PartFigures;
  /** Resolves when everything that is on the ledger now is indexed. Throws LEDGER_STALLED. */
  readonly caughtUp: () => Promise<void>;
}
