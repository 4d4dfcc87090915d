import { bytesOfText } from '../../api/message-parts.ts';
import { identitiesGet } from '../../api/routes/identities-get.ts';
import type { FoldedIdentity } from '../../ledger/folded-identities.ts';
import { heldIdentity } from '../../ledger/tables/keys.ts';
import { bytesToHex, equalBytes } from '../../primitives/bytes.ts';
import { isCoded } from '../../primitives/errors.ts';
import type { AccountId } from '../../primitives/ids.ts';
import { decodeAs } from '../../primitives/shape.ts';
import type { GatewayClient } from '../client/gateway-client.ts';

/** An identity as a gateway shows it, not proven yet; undefined: it shows none of this key. */
export async function foldedIdentity(
  gateway: GatewayClient,
  account: AccountId,
  signKey: Uint8Array,
  signal?: AbortSignal,
): Promise<FoldedIdentity | undefined> {
  try {
    const params = { account, key: bytesToHex(signKey) };
    const { entry, index, path } = await gateway.call(identitiesGet, { params, signal });
    const held = decodeAs(heldIdentity, bytesOfText(entry));
    if (!equalBytes(held.identity.signKey, signKey)) return undefined;
    return { held, index, path: path.map((sibling) => bytesOfText(sibling, 32)) };
  } catch (error) {
    if (isCoded(error, 'NOT_FOUND')) return undefined;
    throw error;
  }
}
