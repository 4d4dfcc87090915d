import { isStrictKey } from '../../../../crypto/ed25519-strict.ts';
import { hadKey, rekeyed } from '../../../../ledger/acts/rotate-key.ts';
import { identity, identityRequirements, rotation } from '../../../../ledger/identity.ts';
import { isMember } from '../../../../ledger/members.ts';
import { type ActContext, accept, type Outcome, refuse } from '../../../../ledger/outcome.ts';
import { namedRecovery } from '../../../../ledger/recovery.ts';
import type { LedgerView } from '../../../../ledger/table.ts';
import { accounts } from '../../../../ledger/tables/accounts.ts';
import { keys } from '../../../../ledger/tables/keys.ts';
import { bytesToHex } from '../../../../primitives/bytes.ts';
import { accountId, type StructOf } from '../../../../primitives/shape.ts';
import { defineChange } from './kind.ts';

const fields = { organisation: accountId, identity };

/**
 * A member whose key was stolen or lost speaks by another, which signed for it as for a RotateKey. At once: the old
 * key gets not another act.
 *
 * Refuses: MEMBER_UNKNOWN, KEY_WEAK, KEY_TAKEN.
 * Writes: `accounts[organisation]`, `keys[organisation]`, `recoveries[recovery]`.
 */
export const memberKeys = defineChange({
  kind: 'member-keys',
  number: 7,
  fields,
  requires: ({ organisation, identity }, chainId) =>
    identityRequirements(identity, chainId, organisation, rotation),
  decide,
  facts: ({ organisation, identity }) => ({
    organisation,
    signKey: bytesToHex(identity.signKey),
  }),
});

function decide(
  view: LedgerView,
  { organisation, identity }: StructOf<typeof fields>,
  { charter, block }: ActContext,
): Outcome {
  const account = view.get(accounts, organisation);
  const directory = view.get(keys, organisation);
  const isHeld = account !== undefined && directory !== undefined;
  if (!isHeld || !isMember(view, charter, organisation, block.height)) {
    return refuse('MEMBER_UNKNOWN');
  }
  if (!isStrictKey(identity.signKey)) return refuse('KEY_WEAK');
  if (hadKey(directory, identity.signKey)) return refuse('KEY_TAKEN');
  const { recovery } = identity;
  return accept([
    ...rekeyed({ account, directory }, { sender: organisation, identity, block, isRecovery: true }),
    ...namedRecovery(view, charter, { recovery, account: organisation }),
  ]);
}
