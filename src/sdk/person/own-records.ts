import type { AccountId, RecordId } from '../../primitives/ids.ts';
import type { AddedFile } from '../actions/add-file.ts';
import type { ErasedRecords } from '../actions/erase.ts';
import type { FileInput } from '../actions/file-source.ts';
import type { ExportedFile, GivenBack } from '../actions/give-back.ts';
import type { MovedRecords } from '../actions/move-records.ts';
import type { WrittenByOther } from '../actions/new-in-chart.ts';
import type * as own from '../actions/own-records.ts';
import type { RecordLine } from '../actions/record-lines.ts';
import type { AddFileOptions } from '../actions/seal-import.ts';
import { later } from '../later.ts';
import type { AsAccount } from './acting.ts';
import { Letters } from './letters.ts';

/** A person's own chart: what is put into it, read, given back, erased and moved. */
export abstract class OwnRecords extends Letters {
  /**
   * Imports a file: cut into items, sealed here, stored, anchored. Returns what was added; a file that was imported
   * before adds nothing. Throws FILE_EMPTY, FILE_TOO_LARGE, FILE_UNREADABLE; of FHIR files JSON_INVALID,
   * JSON_DUPLICATE_KEY, BUNDLE_TOO_LARGE, BUNDLE_TOO_DEEP, BUNDLE_TOO_MANY, BUNDLE_DUPLICATE_ID, RESOURCE_TYPE,
   * RESOURCE_INVALID; and EPOCH_NONE, KEY_NOT_HERE, QUOTA_EXCEEDED.
   */
  addFile(file: FileInput, options: AsAccount & AddFileOptions = {}): Promise<AddedFile> {
    return this.act(options, async (ctx) => (await later.addFile()).addFile(ctx, file, options));
  }

  /** What there is, oldest first, anchored above the height `since`: nothing is opened, nothing is logged. */
  listRecords(
    options: AsAccount & { readonly since?: number } = {},
  ): Promise<readonly own.ListedRecord[]> {
    return this.act(options, async (ctx) => (await later.ownRecords()).listRecords(ctx, options));
  }

  /** What others wrote into this chart since this device last told it; with `isTold` it is told now. */
  newInChart(
    options: AsAccount & { readonly isTold?: boolean } = {},
  ): Promise<readonly WrittenByOther[]> {
    return this.act(options, async (ctx) => (await later.newInChart()).newInChart(ctx, options));
  }

  /**
   * The same in one line each, imports' bookkeeping left out: name, date, value, marks. No body is fetched but once of each
   * that somebody else wrote or that was moved here: what it amends stands inside.
   */
  recordLines(options: AsAccount = {}): Promise<readonly RecordLine[]> {
    return this.act(options, async (ctx) => (await later.recordLines()).ownLines(ctx, options));
  }

  /** What the hospital leaves out of the listing, as far as that can be known; empty: nothing is missing. */
  missingRecords(options: AsAccount = {}): Promise<readonly own.MissingRecords[]> {
    return this.act(options, async (ctx) =>
      (await later.ownRecords()).missingRecords(ctx, options),
    );
  }

  /** One record, opened. Throws RECORD_UNKNOWN, RECORD_ERASED, KEY_NOT_HERE, BLOB_CORRUPT, ITEM_FORGED. */
  openRecord(recordId: RecordId, options: AsAccount = {}): Promise<own.OpenedRecord> {
    return this.act(options, async (ctx) =>
      (await later.ownRecords()).openRecord(ctx, recordId, options),
    );
  }

  /** Several, in the order they were asked for. Throws as `openRecord`, at the first that does not open. */
  openRecords(
    recordIds: readonly RecordId[],
    options: AsAccount = {},
  ): Promise<readonly own.OpenedRecord[]> {
    return this.act(options, async (ctx) =>
      (await later.ownRecords()).openRecords(ctx, recordIds, options),
    );
  }

  /** All versions of a record, newest first, whichever is named; erased ones are left out. Throws as `openRecord`. */
  history(recordId: RecordId, options: AsAccount = {}): Promise<readonly own.OpenedRecord[]> {
    return this.act(options, async (ctx) =>
      (await later.ownHistory()).historyOfRecord(ctx, recordId, options),
    );
  }

  /** An imported file, byte for byte. Throws IMPORT_UNKNOWN, EXPORT_INCOMPLETE (a part was erased). */
  exportImport(importId: RecordId, options: AsAccount = {}): Promise<ExportedFile> {
    return this.act(options, async (ctx) =>
      (await later.giveBack()).exportImport(ctx, importId, options),
    );
  }

  /**
   * Everything of a chart: imported files byte for byte, then what no file gave back, one after the other, and what does
   * not open. Throws KEY_NOT_HERE, and what `keep` throws.
   */
  exportAll(keep: (file: GivenBack) => Promise<void>, options: AsAccount = {}): Promise<void> {
    return this.act(options, async (ctx) => (await later.giveBack()).exportAll(ctx, keep, options));
  }

  /**
   * Erases records for good: returns their holder's signed words, one for each. What readers copied stays.
   * Throws RECORD_UNKNOWN, SIGNATURE_WRONG.
   */
  erase(recordIds: readonly RecordId[], options: AsAccount = {}): Promise<ErasedRecords> {
    return this.act(options, async (ctx) =>
      (await later.erase()).eraseRecords(ctx, recordIds, options),
    );
  }

  /**
   * Moves this account's records to another account of this person, whole: who reads them there sees who wrote them and
   * where they lay. It goes on where it stopped; nothing of the old chart is erased. Throws REQUEST_INVALID (two
   * ledgers, or no two charts), and as `addFile` and `openRecord`.
   */
  moveRecords(
    options: AsAccount & { readonly to: AccountId; readonly dryRun?: boolean | undefined },
  ): Promise<MovedRecords> {
    return this.act({ as: options.to }, (to) =>
      this.act(options, async (from) => (await later.moveRecords()).moveRecords(from, to, options)),
    );
  }
}
