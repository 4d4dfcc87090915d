import {
  encodeRefusal,
  encodeRefusalCount,
  type RefusalCount,
  refusalCountLeafContent,
  refusalLeafContent,
} from '../../../api/look.ts';
import type { Code } from '../../../codes/index.ts';
import { sha256 } from '../../../crypto/hash.ts';
import { labels } from '../../../crypto/labels.ts';
import { sealTo } from '../../../crypto/letter.ts';
import { randomBytes } from '../../../crypto/random.ts';
import {
  type AccountId,
  type ConsentId,
  idBytes,
  parseAccountId,
  parseConsentId,
} from '../../../primitives/ids.ts';
import type { GatewayBase } from '../../base.ts';
import type { Row } from '../../store.ts';
import type { Batches } from '../batches/batches.ts';
import type { Notice } from '../inbox/inbox.ts';

const hourMs = 60 * 60_000;

/** A read that was refused, and what the reader showed. */
export interface Refused {
  readonly reader: AccountId;
  readonly consent: ConsentId;
  readonly code: Code;
  readonly signedRequest: Uint8Array;
  /** He showed the grant's body: only then anybody is told, for a consent's id stands on the ledger for all to see. */
  readonly isRelated: boolean;
  /** The account to tell, if it is one of this hospital. */
  readonly patient: AccountId | undefined;
}

/**
 * Refused looks leave a trace as served ones do: a sealed notice for the patient and a leaf of the next batch, three
 * an hour of one reader under one grant and 100 of one reader in all. What he tries beyond, and whatever shows no
 * relation to a grant, is counted: one leaf an hour, and one notice where a grant was shown.
 * Source: docs/protocol/reading.md, rule R-10.
 */
export class Refusals {
  readonly #base: GatewayBase;
  readonly #batches: Batches;

  constructor(base: GatewayBase, batches: Batches) {
    this.#base = base;
    this.#batches = batches;
  }

  async record(refused: Refused): Promise<void> {
    const { reader, consent, code, signedRequest, patient } = refused;
    const refusedMs = this.#base.now();
    if (!this.#countIn(refused, refusedMs)) return;
    const requestHash = sha256(signedRequest);
    const refusal = { salt: randomBytes(32), reader, consent, code, refusedMs, requestHash };
    const plain = encodeRefusal(refusal);
    const notice = patient === undefined ? undefined : await this.#notice(patient, plain);
    this.#base.db.transaction('refusal', () => {
      this.#batches.add('refusal', refusalLeafContent(refusal), refusedMs, notice);
    });
  }

  /** Counted without a leaf or notice of its own, such as a look too many. */
  count({ reader, consent }: Pick<Refused, 'reader' | 'consent'>): void {
    const atMs = this.#base.now();
    this.#base.db.transaction('refusal', () => this.#addBeyond(reader, consent, atMs));
  }

  async #notice(account: AccountId, plain: Uint8Array): Promise<Notice> {
    const { kemKey } = await this.#base.view.identity(account);
    const context = [idBytes(account)];
    const sealed = await sealTo(kemKey, labels.inboxSeal, context, new Uint8Array(0), plain);
    return { account, kind: 'refusal', sealed };
  }

  /** Whether this refusal still gets a leaf of its own. */
  #countIn({ reader, consent, isRelated }: Refused, atMs: number): boolean {
    const { db, settings } = this.#base;
    const hour = hourOf(atMs);
    return db.transaction('refusal', () => {
      const leaves = db.get(
        'SELECT total(leaves) AS n FROM refused_reads WHERE reader = ? AND hour = ?',
        ...[reader, hour],
      );
      const isOwn = isRelated && (leaves?.uint('n') ?? 0) < settings.refusalLeavesPerHour;
      if (isOwn && this.#addOwn(reader, consent, atMs)) return true;
      this.#addBeyond(reader, isRelated ? consent : '', atMs);
      return false;
    });
  }

  #addOwn(reader: AccountId, consent: ConsentId, atMs: number): boolean {
    const { db, settings } = this.#base;
    this.#begin(reader, consent, atMs);
    const added = db.run(
      `UPDATE refused_reads SET leaves = leaves + 1
       WHERE reader = ? AND consent = ? AND hour = ? AND leaves < ?`,
      ...[reader, consent, hourOf(atMs), settings.refusalNoticesPerHour],
    );
    return added > 0;
  }

  #addBeyond(reader: AccountId, consent: ConsentId | '', atMs: number): void {
    this.#begin(reader, consent, atMs);
    this.#base.db.run(
      `UPDATE refused_reads SET beyond = beyond + 1, lastMs = ?, firstMs = iif(beyond = 0, ?, firstMs)
       WHERE reader = ? AND consent = ? AND hour = ?`,
      ...[atMs, atMs, reader, consent, hourOf(atMs)],
    );
  }

  #begin(reader: AccountId, consent: ConsentId | '', atMs: number): void {
    this.#base.db.run(
      'INSERT INTO refused_reads VALUES (?, ?, ?, 0, 0, ?, ?) ON CONFLICT DO NOTHING',
      ...[reader, consent, hourOf(atMs), atMs, atMs],
    );
  }

  /** Turns the counts of hours that have passed into leaves, and into notices for whose grant was shown. */
  async closeHours(): Promise<void> {
    const { db, now } = this.#base;
    const hour = hourOf(now());
    const rows = db.all('SELECT * FROM refused_reads WHERE hour < ?', hour);
    for (const row of rows) {
      const counted = countedIn(row);
      const patient = await this.#patientOf(counted.consent);
      const plain = encodeRefusalCount(counted);
      const isTold = patient !== undefined && counted.count > 0;
      const notice = isTold ? await this.#notice(patient, plain) : undefined;
      db.transaction('refusal', () => {
        const gone = db.run(
          'DELETE FROM refused_reads WHERE reader = ? AND consent = ? AND hour = ?',
          ...[counted.reader, counted.consent, row.uint('hour')],
        );
        // Another flush was faster.
        if (gone === 0 || counted.count === 0) return;
        this.#batches.add('refusal', refusalCountLeafContent(counted), counted.lastMs, notice);
      });
    }
  }

  /** Whose grant it is, if her rows are kept here. */
  async #patientOf(consent: ConsentId | ''): Promise<AccountId | undefined> {
    if (consent === '') return undefined;
    const { view, organisation } = this.#base;
    const row = await view.consent(consent);
    const account = row === undefined ? undefined : await view.account(row.account);
    return account?.organisation === organisation ? row?.account : undefined;
  }
}

const hourOf = (atMs: number): number => Math.floor(atMs / hourMs);

function countedIn(row: Row): Omit<RefusalCount, 'kind'> {
  const consent = row.text('consent');
  return {
    salt: randomBytes(32),
    reader: parseAccountId(row.text('reader')),
    consent: consent === '' ? '' : parseConsentId(consent),
    count: row.uint('beyond'),
    firstMs: row.uint('firstMs'),
    lastMs: row.uint('lastMs'),
  };
}
