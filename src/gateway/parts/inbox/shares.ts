import type { AccountId } from '../../../primitives/ids.ts';
import type { GatewaySettings } from '../../settings.ts';
import type { Store } from '../../store.ts';

/**
 * Takes out what lies over the limits now that a message of `from` to `to` is in, oldest first: first of his own to
 * this account, then of his own at this hospital, then, when the inbox itself is full, of whoever has most in it.
 * What one sender has sent thus goes before anything of a sender who has less. Called within a transaction.
 * Source: docs/protocol/http.md, rule H-11.
 */
export function makeRoom(
  db: Store,
  {
    to,
    from,
    settings,
  }: {
    readonly to: AccountId;
    readonly from: AccountId;
    readonly settings: Pick<
      GatewaySettings,
      'maxInboxMessages' | 'maxWaitingPerSender' | 'maxWaitingBytesPerSender'
    >;
  },
): void {
  const toHim = count(db, "sender = ? AND account = ? AND kind = 'message'", from, to);
  if (toHim > settings.maxWaitingPerSender) {
    dropOldest(db, "sender = ? AND account = ? AND kind = 'message'", from, to);
  }
  while (bytesOf(db, from) > settings.maxWaitingBytesPerSender) {
    dropOldest(db, "sender = ? AND kind = 'message'", from);
  }
  while (count(db, "account = ? AND kind = 'message'", to) > settings.maxInboxMessages) {
    const most = db.get(
      `SELECT sender FROM inbox WHERE account = ? AND kind = 'message'
       GROUP BY sender ORDER BY count(*) DESC, min(id) LIMIT 1`,
      to,
    );
    if (most === undefined) return;
    dropOldest(db, "account = ? AND sender = ? AND kind = 'message'", to, most.text('sender'));
  }
}

function count(db: Store, where: string, ...values: readonly string[]): number {
  return db.get(`SELECT count(*) AS n FROM inbox WHERE ${where}`, ...values)?.uint('n') ?? 0;
}

/** Of what waits of this sender's here, for whomever. */
function bytesOf(db: Store, sender: AccountId): number {
  const found = db.get(
    "SELECT total(bytes) AS bytes FROM inbox WHERE sender = ? AND kind = 'message'",
    sender,
  );
  return found?.uint('bytes') ?? 0;
}

function dropOldest(db: Store, where: string, ...values: readonly string[]): void {
  db.run(`DELETE FROM inbox WHERE id = (SELECT min(id) FROM inbox WHERE ${where})`, ...values);
}
