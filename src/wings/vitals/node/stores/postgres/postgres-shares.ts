import { equalBytes } from '../../../../../primitives/bytes.ts';
import { CodedError } from '../../../../../primitives/errors.ts';
import { bytesIn, type Row, uintIn } from '../page-rows.ts';
import type { StoredShare } from '../page-store.ts';
import type { RowMacs } from '../row-macs.ts';
import { counterColumns, elementsOf, halvesOf, rollColumns } from '../share-columns.ts';
import type { GuardedStep } from './postgres-guarded-step.ts';
import { shareColumns } from './postgres-page-tables.ts';
import type { PostgresRowGuard } from './postgres-row-guard.ts';

/** Kept shares in halves, in PostgreSQL. Beside H_k of its manifest each has a MAC, for what is read without the manifest. */

type MacOf = RowMacs['mac'];
const macOfShare = (mac: MacOf, id: number, of: StoredShare): Uint8Array =>
  mac('shares', [id, of.roll, of.histogram, of.clinical, of.salt]);

const columns = ['id', 'clinical', 'salt', 'mac', ...shareColumns];
const insertSql = `INSERT INTO shares (${columns.join(', ')}) VALUES (${columns.map((_, at) => `$${at + 1}`).join(', ')})`;

export async function putShare(step: GuardedStep, id: number, kept: StoredShare): Promise<void> {
  const { roll, histogram, clinical, salt } = kept;
  const mac = macOfShare(step.mac, id, kept);
  await step.ask(insertSql, id, clinical, salt, mac, ...halvesOf(roll), ...halvesOf(histogram));
}

export const numbersIn = (row: Row, names: readonly string[]): readonly number[] =>
  names.map((it) => Number(row[it]));

/** As its row has it. */
export const shareIn = (row: Row): StoredShare => ({
  roll: elementsOf(numbersIn(row, rollColumns)),
  histogram: elementsOf(numbersIn(row, counterColumns)),
  ...{ clinical: bytesIn(row, 'clinical'), salt: bytesIn(row, 'salt') },
});

/** `mac`: of the share, as a row beside others has it. */
export const isShareHeld = (guard: PostgresRowGuard, row: Row, mac: unknown): boolean =>
  mac instanceof Uint8Array &&
  equalBytes(mac, macOfShare(guard.mac, uintIn(row, 'id'), shareIn(row)));

/** Throws ROW_TAMPERED {table, row}. */
export function heldShare(guard: PostgresRowGuard, row: Row, mac: unknown): StoredShare {
  if (!isShareHeld(guard, row, mac))
    throw new CodedError('ROW_TAMPERED', { table: 'shares', row: String(row.id) });
  return shareIn(row);
}
