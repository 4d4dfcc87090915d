import {
  encodeRefusal,
  type RefusedRead,
  refusalCountLeafContent,
  refusalLeafContent,
} from '../../../api/look.ts';
import { labels } from '../../../crypto/labels.ts';
import { sealTo } from '../../../crypto/letter.ts';
import { randomBytes } from '../../../crypto/random.ts';
import { type AccountId, idBytes, parseAccountId } from '../../../primitives/ids.ts';
import type { GatewayBase } from '../../base.ts';
import type { Batches } from '../batches/batches.ts';
import type { Notice } from '../inbox/inbox.ts';

const hourMs = 60 * 60_000;

/**
 * Refused looks leave a trace as served ones do: a sealed notice for the patient and a leaf of the next batch.
 * One caller makes at most 100 leaves an hour; what he tries beyond is counted in one leaf.
 * Source: docs/protocol/reading.md, rule R-10.
 */
export class Refusals {
  readonly #base: GatewayBase;
  readonly #batches: Batches;

  constructor(base: GatewayBase, batches: Batches) {
    this.#base = base;
    this.#batches = batches;
  }

  /** `patient`: the account to tell, if it is one of this hospital. */
  async record(
    refused: Pick<RefusedRead, 'reader' | 'consent' | 'code' | 'signedRequest'>,
    patient: AccountId | undefined,
  ): Promise<void> {
    const refusedMs = this.#base.now();
    if (!this.#countIn(refused.reader, refusedMs)) return;
    const refusal = { ...refused, salt: randomBytes(32), refusedMs };
    const notice = patient === undefined ? undefined : await this.#notice(patient, refusal);
    this.#base.db.transaction('refusal', () => {
      this.#batches.add('refusal', refusalLeafContent(refusal), refusedMs, notice);
    });
  }

  async #notice(account: AccountId, refusal: Omit<RefusedRead, 'kind'>): Promise<Notice> {
    const { kemKey } = await this.#base.view.identity(account);
    const [aad, plain] = [new Uint8Array(0), encodeRefusal(refusal)];
    const sealed = await sealTo(kemKey, labels.inboxSeal, [idBytes(account)], aad, plain);
    return { account, kind: 'refusal', sealed };
  }

  /** Whether this refusal still gets a leaf of its own. */
  #countIn(reader: AccountId, atMs: number): boolean {
    const hour = Math.floor(atMs / hourMs);
    return this.#base.db.transaction('refusal', () => {
      this.#base.db.run(
        `INSERT INTO refused_callers VALUES (?, ?, 0, 0, ?, ?) ON CONFLICT DO NOTHING`,
        ...[reader, hour, atMs, atMs],
      );
      const own = this.#base.db.run(
        'UPDATE refused_callers SET leaves = leaves + 1 WHERE reader = ? AND hour = ? AND leaves < ?',
        ...[reader, hour, this.#base.settings.refusalLeavesPerHour],
      );
      if (own > 0) return true;
      this.#base.db.run(
        `UPDATE refused_callers SET beyond = beyond + 1, lastMs = ?, firstMs = iif(beyond = 0, ?, firstMs)
         WHERE reader = ? AND hour = ?`,
        ...[atMs, atMs, reader, hour],
      );
      return false;
    });
  }

  /** Turns the counts of hours that have passed into leaves. */
  closeHours(): void {
    const hour = Math.floor(this.#base.now() / hourMs);
    this.#base.db.transaction('refusal', () => {
      const rows = this.#base.db.all(
        'SELECT * FROM refused_callers WHERE hour < ? AND beyond > 0',
        hour,
      );
      for (const row of rows) {
        const counted = {
          salt: randomBytes(32),
          reader: parseAccountId(row.text('reader')),
          count: row.uint('beyond'),
          firstMs: row.uint('firstMs'),
          lastMs: row.uint('lastMs'),
        };
        this.#batches.add('refusal', refusalCountLeafContent(counted), counted.lastMs);
      }
      this.#base.db.run('DELETE FROM refused_callers WHERE hour < ?', hour);
    });
  }
}
