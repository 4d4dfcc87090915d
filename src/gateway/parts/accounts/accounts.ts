import { accountIdOfKey } from '../../../ledger/identity.ts';
import type { AccountId } from '../../../primitives/ids.ts';
import { definePart } from '../../part.ts';
import { FoldedIdentities, foldedTables } from './folded.ts';
import { GivenGrants, givenTables } from './given.ts';

/** Which hospital keeps which account, as the ledger's enrolments say, old identities, and who gave which grants. */
export const accounts = definePart({
  name: 'accounts',
  store: {
    owner: 'accounts',
    migrations: [
      `
CREATE TABLE accounts (account TEXT PRIMARY KEY, organisation TEXT NOT NULL, role TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE consents (consent TEXT PRIMARY KEY, account TEXT NOT NULL) STRICT, WITHOUT ROWID;`,
      // Whose grant it is stands on the ledger; nothing asked here.
      'DROP TABLE consents',
      foldedTables,
      givenTables,
    ],
  },
  open: ({ db, organisation, view, engine }) => ({
    db,
    folded: new FoldedIdentities(db, view, engine),
    given: new GivenGrants(db),
    /** This hospital keeps its rows. */
    isOurs(account: AccountId): boolean {
      const row = db.get('SELECT organisation FROM accounts WHERE account = ?', account);
      return row?.text('organisation') === organisation;
    },
  }),
  onAct: {
    Enrol({ db }, { act, sender }) {
      const account = accountIdOfKey(act.identity.suite, act.identity.signKey);
      db.run('INSERT OR REPLACE INTO accounts VALUES (?, ?, ?)', account, sender, act.role);
    },
    RotateKey: ({ folded }, { act, sender, height }) =>
      folded.rotated(sender, act.identity, height),
    ConsentGrant({ given, isOurs }, { act: { consent, notAfterMs }, sender, height, timeMs }) {
      if (isOurs(sender)) given.granted({ account: sender, consent, height, notAfterMs, timeMs });
    },
    ConsentRevoke: ({ given }, { act, sender }) => given.revoked(sender, act.consent),
  },
  keeps: { RotateKey: ({ folded }, { sender }) => folded.keepFirst(sender) },
});
