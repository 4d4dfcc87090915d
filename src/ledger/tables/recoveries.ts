import { accountId, type Of, struct } from '../../primitives/shape.ts';
import { stateTable } from '../table.ts';

/**
 * Id: a `recovery`. Whose printed code it is, or was: so the code alone finds its account. Anybody can name
 * another's hash, so this says where to look, and the account's own row says whether it counts.
 */
const recovery = struct({ account: accountId });
export type RecoveryOwner = Of<typeof recovery>;

export const recoveries = stateTable('recoveries', recovery, { lasting: true });
