import type { RecordId, TxId } from '../../primitives/ids.ts';
import type { ReportPeriod, SignedReport } from '../actions/access-report.ts';
import type { Looked } from '../actions/looks.ts';
import type { Noticed } from '../actions/noticed.ts';
import type { Access } from '../actions/shared-pages.ts';
import type { LiveItem } from '../client/check-rows.ts';
import { later } from '../later.ts';
import type { AsAccount } from './acting.ts';
import { ReceivedGrants } from './received-grants.ts';

/** Who looked at a person's records, and receipts: bytes that anybody checks offline with `checkReceipt`. */
export abstract class LooksAndReceipts extends ReceivedGrants {
  /**
   * Who looked at this person's records, who was refused, and what was erased, each checked once; a notice that
   * does not verify is `doubtful`, and `withheld` names grants of which the ledger counts more looks than are shown.
   */
  looked(options: AsAccount = {}): Promise<Looked> {
    return this.act(options, async (ctx) => (await later.looks()).looked(ctx, options));
  }

  /**
   * Everything that was done with this account's record in a time, as it is known now, signed. What a wing could not be
   * asked is in `missing`.
   */
  accessReport(period: ReportPeriod, options: AsAccount = {}): Promise<SignedReport> {
    const parts = this.reporting;
    return this.act(options, async (ctx) =>
      (await later.accessReport()).accessReport(ctx, { ...period, parts }, options),
    );
  }

  /** The receipt of a notice that `looked` gave. Throws NOT_FOUND: it is not anchored yet, or left the inbox. */
  receiptOfNotice(notice: Noticed, options: AsAccount = {}): Promise<Uint8Array> {
    return this.act(options, async (ctx) =>
      (await later.looks()).receiptOfNotice(ctx, notice, options),
    );
  }

  /** Of a transaction. Throws TX_UNKNOWN. */
  receiptOf(txId: TxId, options: AsAccount = {}): Promise<Uint8Array> {
    return this.act(options, async (ctx) =>
      (await later.fetchReceipt()).receiptOfTx(ctx, txId, options),
    );
  }

  /** Of one own record by its id, or of a record that was read, by its row. Throws RECORD_UNKNOWN. */
  receiptOfRecord(record: RecordId | LiveItem, options: AsAccount = {}): Promise<Uint8Array> {
    return this.act(options, async (ctx) =>
      (await later.fetchReceipt()).receiptOfRecord(ctx, record, options),
    );
  }

  /**
   * A receipt with the cards of those whom it names and the hospitals' names, each proven: for somebody who knows
   * nobody in it (`checkReceiptFile`). Whoever gets it learns those names.
   */
  bundleOf(receipt: Uint8Array, options: AsAccount = {}): Promise<Uint8Array> {
    return this.act(options, async (ctx) =>
      (await later.makeBundle()).bundleOf(ctx, receipt, options),
    );
  }

  /** Of one's own look, opened by the signed request. */
  receiptOfAccess(access: Access, options: AsAccount = {}): Promise<Uint8Array> {
    return this.act(options, async (ctx) =>
      (await later.readShared()).receiptOfAccess(ctx, access, options),
    );
  }
}
