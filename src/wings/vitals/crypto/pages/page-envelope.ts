import { deriveKey } from '../../../../crypto/hash.ts';
import { sealTo } from '../../../../crypto/letter.ts';
import { hexToBytes } from '../../../../primitives/bytes.ts';
import { vitalsNames } from '../../names.ts';
import type { ServerNumber } from './page-head.ts';

const coinBytes = 64;

/** Whose envelope it is, and of which pages. */
export interface SealedFor {
  /** Hex. */
  readonly trio: string;
  readonly server: ServerNumber;
  /** Of that server, X-Wing. */
  readonly recoveryKey: Uint8Array;
  /** `boundOf` the manifests. */
  readonly bound: Uint8Array;
  /** What that server is sent of the first page, 32 bytes. */
  readonly secret: Uint8Array;
}

/**
 * What an envelope seals. All of it follows from what the server is sent of these pages anyway: so it makes the very same bytes, and sees
 * that its envelope is of its shares, without the key that opens it. Throws KEY_WEAK. Source: docs/protocol/vitals-servers.md, VS-29.
 */
export function sealParts(
  { trio, server, recoveryKey, bound, secret }: SealedFor,
  parts: Uint8Array,
): Promise<Uint8Array> {
  const { envelope, envelopeCoins } = vitalsNames.labels;
  const context = [hexToBytes(trio) ?? new Uint8Array(0), server];
  const coins = deriveKey(secret, envelopeCoins, [...context, bound], coinBytes);
  return sealTo(recoveryKey, envelope, context, bound, parts, coins);
}
