import { generateKeyPairFromSeed, publicKeyFromRaw } from '@libp2p/crypto/keys';
import type { PeerId, PrivateKey } from '@libp2p/interface';
import { peerIdFromPublicKey } from '@libp2p/peer-id';

/** The key of a storage node as libp2p takes it. `seed`: the 32 bytes of RFC 8032. */
export function peerKeyFromSeed(seed: Uint8Array): Promise<PrivateKey> {
  return generateKeyPairFromSeed('Ed25519', seed);
}

/** The peer id that follows from a storage key, 32 bytes of Ed25519 (SN-2). */
export function peerIdOfKey(storageKey: Uint8Array): PeerId {
  return peerIdFromPublicKey(publicKeyFromRaw(storageKey));
}
