import { definePart } from '../../part.ts';
import { housekeepingMs } from '../../settings.ts';
import { Copies } from './copies.ts';
import { Eras } from './eras.ts';
import { Leaving } from './leaving.ts';
import { Shards } from './shards.ts';
import { copyTables, leavingTable } from './tables.ts';

/** Sealed copies of wallets, of each account its own. Source: docs/protocol/http.md, rule H-14. */
export const wallets = definePart({
  name: 'wallets',
  store: {
    owner: 'wallets',
    writes: ['wallet'],
    migrations: [
      `
CREATE TABLE wallet_copies (
  locator TEXT PRIMARY KEY, account TEXT NOT NULL, version INTEGER NOT NULL, sealed BLOB NOT NULL,
  updatedMs INTEGER NOT NULL
) STRICT;
CREATE INDEX wallet_copies_by_account ON wallet_copies (account);`,
      copyTables,
      leavingTable,
    ],
  },
  open(base) {
    const eras = new Eras(base);
    const shards = new Shards(base, eras);
    const leaving = new Leaving(base);
    return { eras, shards, leaving, copies: new Copies(base, eras, shards, leaving) };
  },
  onAct: {
    RotateKey({ eras, leaving }, { sender, act, timeMs }) {
      if (act.recoveryKey.length === 0) return;
      eras.recovered(sender, timeMs);
      leaving.recovered(sender);
    },
    RevokeKey({ leaving }, { sender, act }) {
      leaving.revoked(act.account, act.account === sender);
    },
  },
  start: ({ copies }) => copies.dropHalf(),
  every: ({ copies }) => [
    { what: 'wallet copies', everyMs: housekeepingMs, run: () => copies.sweep() },
  ],
});
