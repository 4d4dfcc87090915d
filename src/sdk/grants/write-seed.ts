import { deriveKey } from '../../crypto/hash.ts';
import { labels } from '../../crypto/labels.ts';
import type { Account } from '../../ledger/tables/accounts.ts';
import { equalBytes } from '../../primitives/bytes.ts';
import { type ConsentId, idBytes } from '../../primitives/ids.ts';
import type { Context } from '../client/context.ts';
import type { Generations } from '../wallet/generations.ts';
import { rootSecretOf } from '../wallet/identity.ts';

/**
 * The seed of a grant's write key, 32 bytes, from the root of the owner's keys in use. Derived, so that two devices of
 * the owner that renew at the same time make one and the same key. Source: docs/protocol/grants.md, rule G-14.
 */
export function writeSeedOf(
  root: Uint8Array,
  consent: ConsentId,
  { ownerGeneration, granteeGeneration }: Generations,
): Uint8Array {
  const context = [idBytes(consent), ownerGeneration, granteeGeneration];
  return deriveKey(root, labels.grantWrite, context);
}

/** The root of the keys that the ledger has in use; undefined: this device does not hold it (yet). */
export async function rootInUse(ctx: Context, row: Account): Promise<Uint8Array | undefined> {
  const all = await ctx.allKeys();
  const at = all.findIndex((it) => equalBytes(it.sign.publicKey, row.signKey));
  const generation = ctx.account.generations.toReversed()[at];
  return generation && rootSecretOf(ctx.vault.content, generation.rootId);
}
