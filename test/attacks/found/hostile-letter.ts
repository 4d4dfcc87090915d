import { messageObjects } from '../../../src/api/object-types.ts';
import { encodeSigned } from '../../../src/api/signed.ts';
import { labels } from '../../../src/crypto/labels.ts';
import { type SigningKey, signLabelled } from '../../../src/crypto/signature.ts';
import { suite } from '../../../src/ledger/object-types.ts';
import { encodeCbor } from '../../../src/primitives/cbor.ts';
import { idBytes } from '../../../src/primitives/ids.ts';
import type { Letter } from '../../../src/sdk/grants/letter.ts';
import type { Generations } from '../../../src/sdk/wallet/generations.ts';

/** A letter as grants.md G-4 writes it, of any size: the product's own refuses to sign one that nobody would take. */
export async function anyLetter(
  owner: SigningKey,
  letter: Omit<Letter, keyof Generations>,
): Promise<Uint8Array> {
  const { consent, body, salt, tagKey, writeSeed, notBeforeMs, notAfterMs, ownerCard } = letter;
  const ids = [suite, messageObjects.letter, idBytes(consent)];
  const bytes = encodeCbor([
    ...[...ids, body, salt, tagKey, writeSeed],
    ...[notBeforeMs, notAfterMs, ownerCard],
  ]);
  const signature = await signLabelled(owner, labels.letterSign, bytes);
  return encodeSigned({ bytes, signature });
}
