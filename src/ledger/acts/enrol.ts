import { isStrictKey } from '../../crypto/ed25519-strict.ts';
import type { AccountId } from '../../primitives/ids.ts';
import { type ActWith, defineAct } from '../act.ts';
import { accountIdOfKey, identity, identityRequirements } from '../identity.ts';
import { freshWindow } from '../nonce-window.ts';
import { type ActContext, accept, holdsRight, type Outcome, refuse } from '../outcome.ts';
import { namedRecovery } from '../recovery.ts';
import { role } from '../roles.ts';
import { hash } from '../shapes.ts';
import { type LedgerView, put, type Write } from '../table.ts';
import { type Account, accounts, neverRotated } from '../tables/accounts.ts';
import { keys, neverChanged } from '../tables/keys.ts';

/** `account` is not carried: it follows from the identity. */
const fields = { identity, role, credentialHash: hash };
export type Enrol = ActWith<'Enrol', typeof fields>;

/**
 * An organisation takes a person, a device or a server in; the person signed for this organisation and role.
 *
 * Refuses: SENDER_WRONG, ROLE_WRONG, KEY_WEAK, IDENTITY_WRONG, ACCOUNT_EXISTS.
 * Writes: `accounts[account]`, `keys[account]`, `recoveries[recovery]`.
 * Source: docs/protocol/acts.md, rule A-1.
 */
export const enrol = defineAct({
  kind: 'Enrol',
  number: 1,
  fields,
  log: 'user',
  senders: ['organisation'],
  outside: {
    requires: (act, { chainId, sender }) =>
      identityRequirements(act.identity, chainId, sender, act.role),
    refusal: 'IDENTITY_WRONG',
  },
  rules: [{ fromVersion: 1, judge }],
  about: (act) => ({ account: enrolledAccount(act) }),
  facts: ({ role }) => ({ role }),
});

/** The account that the act begins. */
export function enrolledAccount({ identity }: Pick<Enrol, 'identity'>): AccountId {
  return accountIdOfKey(identity.suite, identity.signKey);
}

function judge(view: LedgerView, act: Enrol, context: ActContext): Outcome {
  const { identity, role, credentialHash } = act;
  // who takes people in has the right from genesis.
  if (!holdsRight(view, context.sender, 'enrol', context.block.height))
    return refuse('SENDER_WRONG');
  // RO-3: organisations come from genesis; nobody who may enrol patients makes another who may.
  if (role === 'organisation') return refuse('ROLE_WRONG');
  // ID-4: a key that engines judge differently would split the ledger.
  if (!isStrictKey(identity.signKey)) return refuse('KEY_WEAK');
  // ID-3, ID-5: the person signed for this organisation and role, and knows the point's scalar.
  if (!context.isProven) return refuse('IDENTITY_WRONG');
  const account = enrolledAccount(act);
  // an account begins once; a new key for it is a rotation.
  if (view.get(accounts, account) !== undefined) return refuse('ACCOUNT_EXISTS');

  const { height } = context.block;
  const from = { organisation: context.sender, height };
  return accept([
    ...enrolledRows({ identity, role, credentialHash }, from),
    ...namedRecovery(view, context.charter, { recovery: identity.recovery, account }),
  ]);
}

/** The rows with which an account begins, by this act or, at height 0, by genesis. */
export function enrolledRows(
  { identity, role, credentialHash }: Omit<Enrol, 'kind'>,
  { organisation, height }: { readonly organisation: AccountId; readonly height: number },
): readonly [account: Write, directory: Write] {
  const account = enrolledAccount({ identity });
  const row: Account = {
    role,
    organisation,
    frozen: false,
    enrolledHeight: height,
    signKey: identity.signKey,
    window: freshWindow,
    highestEpoch: 0,
    newestKeySet: 0,
    schedule: [],
    ...neverRotated,
  };
  const identities = [{ identity, fromHeight: height, untilHeight: 0 }];
  return [
    put(accounts, account, row),
    put(keys, account, { credentialHash, identities, ...neverChanged }),
  ];
}
