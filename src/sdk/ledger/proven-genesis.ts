import { genesisGet } from '../../api/routes/genesis-get.ts';
import type { TrustRoot } from '../../ledger/chain/trust-root.ts';
import { genesisHash } from '../../ledger/genesis.ts';
import { bytesToHex } from '../../primitives/bytes.ts';
import { CodedError } from '../../primitives/errors.ts';
import type { GatewayClient } from '../client/gateway-client.ts';
import { bytesOfAnswer } from './header-answer.ts';

/**
 * The genesis that a hospital shows, where it is the one that the trust root names. Throws TRUST_ROOT_WRONG (another
 * one), GATEWAY_LIED (no bytes), GATEWAY_UNREACHABLE. Source: docs/protocol/receipts.md, rule R-5.
 */
export async function provenGenesis(
  gateway: GatewayClient,
  trustRoot: TrustRoot,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  const { genesis } = await gateway.call(genesisGet, { signal });
  const bytes = bytesOfAnswer(genesis);
  if (bytesToHex(genesisHash(bytes)) !== trustRoot.genesisHash) {
    throw new CodedError('TRUST_ROOT_WRONG', { reason: 'genesis' });
  }
  return bytes;
}
