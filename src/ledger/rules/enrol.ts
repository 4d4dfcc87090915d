import { isStrictKey } from '../../crypto/ed25519-strict.ts';
import type { Enrol } from '../acts.ts';
import { accountIdOfKey } from '../identity.ts';
import { freshWindow } from '../nonce-window.ts';
import {
  type ActContext,
  accept,
  holdsRight,
  type LedgerView,
  type Outcome,
  refuse,
} from './outcome.ts';

/**
 * An organisation takes a person, a device or a server in; the person signed for this organisation and role.
 *
 * Refuses: SENDER_WRONG, ROLE_WRONG, KEY_WEAK, IDENTITY_WRONG, ACCOUNT_EXISTS.
 * Writes: `accounts[account]`, `keys[account]`.
 * Source: docs/protocol/acts.md, rule A-1.
 */
export function enrol(view: LedgerView, act: Enrol, context: ActContext): Outcome {
  const { identity, role, credentialHash } = act;
  if (!holdsRight(view, context.sender, 'enrol')) return refuse('SENDER_WRONG');
  // Organisations come from genesis: nobody who may enrol patients makes another who may.
  if (role === 'organisation') return refuse('ROLE_WRONG');
  if (!isStrictKey(identity.signKey)) return refuse('KEY_WEAK');
  if (!context.identityHolds) return refuse('IDENTITY_WRONG');
  const account = accountIdOfKey(identity.suite, identity.signKey);
  if (view.get('accounts', account) !== undefined) return refuse('ACCOUNT_EXISTS');

  const { height } = context.block;
  const row = {
    role,
    organisation: context.sender,
    frozen: false,
    enrolledHeight: height,
    signKey: identity.signKey,
    window: freshWindow,
    highestEpoch: 0,
    newestKeySet: 0,
    schedule: [],
  };
  const identities = [{ identity, fromHeight: height, untilHeight: 0 }];
  return accept([
    { table: 'accounts', id: account, row },
    { table: 'keys', id: account, row: { credentialHash, identities } },
  ]);
}
