import type { AccountId } from '../../../primitives/ids.ts';
import type { Store } from '../../store.ts';

/** Counts that rows of this account were shown or erased once more; the new count. */
export function nextChange(db: Store, account: AccountId): number {
  db.run(
    'INSERT INTO row_changes VALUES (?, 1) ON CONFLICT (account) DO UPDATE SET count = count + 1',
    account,
  );
  return changesOf(db, account);
}

/** How often rows of this account were shown or erased: an owner asks for what is new since a count. */
export function changesOf(db: Store, account: AccountId): number {
  return db.get('SELECT count FROM row_changes WHERE account = ?', account)?.uint('count') ?? 0;
}
