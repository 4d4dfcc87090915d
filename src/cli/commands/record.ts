import type { AddCommand } from './command.ts';
import { addRecordAdd } from './record-add.ts';
import { addRecordAmend } from './record-amend.ts';
import { addRecordErase } from './record-erase.ts';
import { addRecordExport } from './record-export.ts';
import { addRecordHistory } from './record-history.ts';
import { addRecordKept } from './record-kept.ts';
import { addRecordList } from './record-list.ts';
import { addRecordOpen } from './record-open.ts';
import { addRecordReclassify } from './record-reclassify.ts';

/** Records: added, listed, opened, amended, given back, erased. */
export const addRecord: AddCommand = (program, context) => {
  const record = program.command('record').description('health records');
  addRecordAdd(record, context);
  addRecordList(record, context);
  addRecordOpen(record, context);
  addRecordHistory(record, context);
  addRecordKept(record, context);
  addRecordAmend(record, context);
  addRecordReclassify(record, context);
  addRecordExport(record, context);
  addRecordErase(record, context);
};
