import { X509Certificate } from 'node:crypto';
import { bytesToBase64url } from '../../primitives/bytes.ts';
import type { AccountId } from '../../primitives/ids.ts';
import { anchorOf } from './certificates.ts';
import { networkIn, writeNetwork } from './network.ts';

/** The key by which an organisation speaks now, as the ledger has it; undefined: the ledger does not know it yet. */
export type KeyOnLedger = (organisation: AccountId) => Promise<Uint8Array | undefined>;

/**
 * Puts another authority in `network.json` for each member whose key on the ledger is another than the one that this home
 * holds for it: the members voted that in (governance.md, `member-keys`), and what the old key certifies counts no more.
 * Answers with their short names. Throws HOME_INVALID, and what `keyOf` throws.
 */
export async function followAuthorities(
  home: string,
  keyOf: KeyOnLedger,
  nowMs: number,
): Promise<readonly string[]> {
  const renewed = new Map<string, string>();
  for (const { organisation, title, authority } of networkIn(home)) {
    const key = await keyOf(organisation);
    if (key === undefined || isOf(authority, key)) continue;
    renewed.set(organisation, await anchorOf(key, title, nowMs));
  }
  if (renewed.size === 0) return [];
  // Read again: what `admit` wrote meanwhile stays.
  const members = networkIn(home);
  writeNetwork(
    home,
    members.map((it) => ({ ...it, authority: renewed.get(it.organisation) ?? it.authority })),
  );
  return members.filter((it) => renewed.has(it.organisation)).map(({ name }) => name);
}

/** Whether a certificate is of this Ed25519 key. */
function isOf(pem: string, key: Uint8Array): boolean {
  return new X509Certificate(pem).publicKey.export({ format: 'jwk' }).x === bytesToBase64url(key);
}
