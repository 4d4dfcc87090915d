/** An incident as its server keeps it. */
export interface KeptIncident {
  readonly number: number;
  /** Hex: SHA-256 of `signed`. */
  readonly name: string;
  readonly signed: Uint8Array;
  /** Acts 48 and 46 stand on the ledger. */
  readonly isOnLedger: boolean;
}

/** What this server does not answer of, in one trio; batch 0: what is in none. */
export interface KeptQuarantine {
  readonly trio: string;
  readonly first: number;
  readonly last: number;
  /** The incident that began it: whoever is told of it is told once. */
  readonly began: string;
}

/** Somebody who is to be told. */
export interface ToTell {
  readonly account: string;
  readonly began: string;
  /** The report that says what. */
  readonly incident: string;
}

export interface NewIncident {
  readonly name: string;
  readonly signed: Uint8Array;
  /** As they are from now on. */
  readonly quarantines: readonly KeptQuarantine[];
  /** Accounts; who was told of the same beginning is not told again. */
  readonly people: readonly Omit<ToTell, 'incident'>[];
}

/** Where a background round is. */
export interface KeptRound {
  /** CBOR; empty: none runs. */
  readonly place: Uint8Array;
  readonly beganMs: number;
  /** When the last round ended that found nothing; 0: never. */
  readonly wholeMs: number;
}

/**
 * What a data server found of what it keeps: beside its stores and apart from them, so that it is not lost with what it is about.
 * What has returned is on disk. Source: docs/protocol/vitals-tampering.md, rules VT-9 and VT-10.
 */
export interface IncidentStore {
  /** In one step: report, quarantine and who is to be told. */
  keep(incident: NewIncident): Promise<void>;
  incidents(): Promise<readonly KeptIncident[]>;
  /** Those that are not on the ledger yet, the oldest first. */
  owed(): Promise<readonly KeptIncident[]>;
  onLedger(name: string): Promise<void>;
  quarantines(): Promise<readonly KeptQuarantine[]>;
  /** It is rebuilt, and the report says so; in one step. */
  lift(trio: string, report: Pick<NewIncident, 'name' | 'signed'>): Promise<void>;
  /** In the order of what it began with and accounts, after that one if there is one. */
  toTell(most: number, after?: Omit<ToTell, 'incident'>): Promise<readonly ToTell[]>;
  /** In one step. */
  told(all: readonly Omit<ToTell, 'incident'>[]): Promise<void>;
  round(): Promise<KeptRound>;
  keepRound(round: KeptRound): Promise<void>;
  close(): Promise<void>;
}
