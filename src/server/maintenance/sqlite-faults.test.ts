import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CodedError } from '../../primitives/errors.ts';
import { faultOfNow, isUnopened, isUnreadable } from './sqlite-faults.ts';

const sqlite = (errcode: number) =>
  Object.assign(new Error('of SQLite'), { code: 'ERR_SQLITE_ERROR', errcode });

test('what SQLite cannot read is told from a file that is locked, and from a machine without room', () => {
  // SQLITE_ERROR, CORRUPT, NOTADB, IOERR, IOERR_READ, IOERR_SHORT_READ.
  for (const number of [1, 11, 26, 10, 266, 522]) {
    assert.equal(isUnreadable(sqlite(number)), true, String(number));
    assert.equal(faultOfNow(sqlite(number)), undefined, String(number));
  }
  // BUSY, BUSY_RECOVERY, LOCKED, NOMEM, CANTOPEN, PROTOCOL, IOERR_LOCK, IOERR_SHMOPEN.
  for (const number of [5, 261, 6, 7, 14, 15, 3_850, 4_618]) {
    assert.equal(isUnreadable(sqlite(number)), false, String(number));
    assert.equal(faultOfNow(sqlite(number))?.code, 'STORE_BUSY', String(number));
  }
  // FULL, IOERR_SHMSIZE.
  for (const number of [13, 4_874]) assert.equal(faultOfNow(sqlite(number))?.code, 'DISK_FULL');
  assert.equal(isUnopened(sqlite(14)), true);
  assert.equal(isUnopened(sqlite(5)), false);
});

test('a number too large for one is nothing that can be read', () => {
  const error = Object.assign(new RangeError('too large'), { code: 'ERR_OUT_OF_RANGE' });
  assert.equal(isUnreadable(error), true);
  assert.equal(faultOfNow(error), undefined);
});

test('the cause counts where an error has a code, and no other error is of SQLite', () => {
  assert.equal(faultOfNow(new CodedError('INTERNAL', {}, sqlite(5)))?.code, 'STORE_BUSY');
  assert.equal(faultOfNow(new CodedError('DISK_FULL'))?.code, 'DISK_FULL');
  for (const error of [new CodedError('BLOB_CORRUPT'), new Error('EIO'), undefined]) {
    assert.equal(faultOfNow(error), undefined);
    assert.equal(isUnreadable(error), false);
  }
});
