import { parseTrustRoot } from '../../ledger/chain/trust-root.ts';
import { GatewayClient } from '../../sdk/client/gateway-client.ts';
import { Http } from '../../sdk/client/http.ts';
import { cosign } from './cosign.ts';
import { witnessKey } from './key.ts';
import { recordFolder, WitnessRecord } from './record.ts';
import { type WitnessEvent, witness } from './witness.ts';

interface FollowOptions {
  readonly signal: AbortSignal;
  /** The height from which it goes on. */
  readonly onReady: (height: number, chain: string) => void;
  readonly on: (event: WitnessEvent) => void;
}

/** The witness whose key lies in this file, about the ledger of this trust root. Throws as `witnessKey` and the record. */
export function openWitness(keyFile: string, trustRootJson: string) {
  const trustRoot = parseTrustRoot(trustRootJson);
  const signer = witnessKey(keyFile);
  const { publicKey } = signer;
  const record = new WitnessRecord(recordFolder(keyFile, trustRoot), publicKey, trustRoot);
  return {
    publicKey,
    /** Until the signal. Throws LEDGER_LOCKED, and as `witness`. */
    follow: async (url: string, { signal, onReady, on }: FollowOptions): Promise<void> => {
      record.lock();
      const gateway = new GatewayClient(new Http(url));
      onReady(record.point()?.header.height ?? trustRoot.height, trustRoot.chain);
      await witness({ gateway, trustRoot, record, signer, signal, on });
    },
    cosign: (receipt: Uint8Array) => cosign(receipt, { record, publicKey, trustRoot }),
    close: () => record.close(),
  };
}
