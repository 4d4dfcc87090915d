import { verifyPointProof } from '../../../crypto/group.ts';
import { verifyLabelled } from '../../../crypto/signature.ts';
import { type Identity, identityRequirements } from '../../../ledger/identity.ts';
import type { Role } from '../../../ledger/roles.ts';
import type { GatewayBase } from '../../base.ts';

/**
 * Whether somebody signed this identity for this ledger, organisation and role, and knows the scalar of its point:
 * what the ledger will ask (ID-3, ID-5), asked before an invitation is claimed for it.
 */
export async function provesIdentity(
  identity: Identity,
  { chainId, organisation }: Pick<GatewayBase, 'chainId' | 'organisation'>,
  role: Role,
): Promise<boolean> {
  for (const required of identityRequirements(identity, chainId, organisation, role)) {
    if (required.kind === 'signature') {
      const { publicKey, label, bytes, signature } = required;
      if (!(await verifyLabelled(publicKey, label, bytes, signature))) return false;
    } else if (required.kind === 'point-proof') {
      const { point, context, proof } = required;
      if (!(await verifyPointProof(point, context, proof))) return false;
    } else return false;
  }
  return true;
}
