import { randomBytes } from '../../../crypto/random.ts';
import { bytesToHex, equalBytes, hexToBytes } from '../../../primitives/bytes.ts';
import { CodedError, isCoded } from '../../../primitives/errors.ts';
import { type AccountId, idBytes } from '../../../primitives/ids.ts';
import { encodeAs } from '../../../primitives/shape.ts';
import type { Context } from '../../../sdk/client/context.ts';
import { entriesOf, withEntry } from '../../../sdk/wallet/drawer.ts';
import { keyWord, paillierKeyId } from '../api/encrypted-answer.ts';
import { paillierKey } from '../api/paillier-key.ts';
import { statKeysPost } from '../api/routes/stat-keys-post.ts';
import { modularArithmetic } from '../crypto/paillier/kernel-arithmetic.ts';
import { proveKey } from '../crypto/paillier/key-proof.ts';
import {
  decodeSecretKey,
  encodeSecretKey,
  generateKey,
  modulusToBytes,
  rootToBytes,
  type SecretKey,
} from '../crypto/paillier/keys.ts';
import type { DataServerClient } from './data-servers.ts';
import { type KeptKey, keptPaillierKeys, paillierInUse } from './kept-paillier.ts';
import { signStatement } from './statements.ts';

/** A Paillier key of the account that acts. */
export interface OwnPaillierKey {
  /** Hex. */
  readonly id: string;
  readonly secretKey: SecretKey;
}

const ownKeys = (ctx: Context): readonly KeptKey[] =>
  entriesOf(ctx.vault.content, keptPaillierKeys).filter(
    ({ account }) => account === ctx.account.account,
  );

/** That of this name, or the one that goes with the account's key in use: made and kept at its first use. Throws KEY_NOT_HERE. */
export async function ownPaillierKey(ctx: Context, id?: string): Promise<OwnPaillierKey> {
  const arithmetic = await modularArithmetic();
  const { account } = ctx.account;
  const signKey = (await ctx.keys()).sign.publicKey;
  const inUse = entriesOf(ctx.vault.content, paillierInUse).find(
    (it) => it.account === account && equalBytes(it.signKey, signKey),
  );
  const wanted = id ?? (inUse && bytesToHex(inUse.id));
  const kept = ownKeys(ctx).find((it) => bytesToHex(it.id) === wanted);
  if (kept !== undefined) {
    const secretKey = decodeSecretKey(kept.secretKey, arithmetic);
    return { id: bytesToHex(kept.id), secretKey };
  }
  if (id !== undefined) throw new CodedError('KEY_NOT_HERE', { key: id });
  const secretKey = generateKey({ arithmetic, random: randomBytes });
  const made = paillierKeyId(writtenKey(secretKey));
  const entry: KeptKey = {
    ...{ version: 1, account, id: hexToBytes(made) ?? new Uint8Array(0) },
    ...{ secretKey: encodeSecretKey(secretKey), shownTo: [] },
  };
  const use = { version: (inUse?.version ?? 0) + 1, account, signKey, id: entry.id };
  // Before anybody sees it: what is encrypted under a key that was lost is lost.
  await ctx.noteDown((content) =>
    withEntry(withEntry(content, keptPaillierKeys, entry), paillierInUse, use),
  );
  return { id: made, secretKey };
}

const writtenKey = ({ publicKey }: SecretKey) => ({
  modulus: modulusToBytes(publicKey),
  root: rootToBytes(publicKey),
});

/** One data server, where a key is shown. */
export interface KeyTaker {
  readonly account: AccountId;
  readonly client: DataServerClient;
}

/**
 * Shows the key with its proof to those that have not verified it, as the wallet remembers, or `anew` to all. Throws what
 * they refuse, and GATEWAY_LIED for a server that names another key.
 */
export async function showKey(
  ctx: Context,
  { id, secretKey }: OwnPaillierKey,
  takers: readonly KeyTaker[],
  {
    anew = false,
    signal,
  }: { readonly anew?: boolean; readonly signal?: AbortSignal | undefined } = {},
): Promise<void> {
  const kept = ownKeys(ctx).find((it) => bytesToHex(it.id) === id);
  if (kept === undefined) throw new CodedError('KEY_NOT_HERE', { key: id });
  const missing = takers.filter(({ account }) => anew || !kept.shownTo.includes(account));
  if (missing.length === 0) return;
  const arithmetic = await modularArithmetic();
  const owner = idBytes(ctx.account.account);
  const proof = proveKey(secretKey, owner, { arithmetic, random: randomBytes });
  const payload = encodeAs(paillierKey, { ...writtenKey(secretKey), proof });
  const { sign } = await ctx.keys(signal);
  for (const { account: to, client } of missing) {
    const stream = await signStatement(sign, {
      ...{ from: ctx.account.account, to, word: keyWord, timeMs: ctx.nowMs(), payload },
    });
    const { key } = await client.call(statKeysPost, { stream, signal });
    if (key !== id) throw new CodedError('GATEWAY_LIED', { server: to });
  }
  const shownTo = [...new Set([...kept.shownTo, ...missing.map(({ account }) => account)])];
  const next = { ...kept, shownTo: shownTo.slice(-64), version: kept.version + 1 };
  await ctx.noteDown((content) => withEntry(content, keptPaillierKeys, next));
}

/** Asks; a server that lost the key, or never saw it, is shown it and asked once more. */
export async function askedUnderKey<Said>(
  ctx: Context,
  key: OwnPaillierKey,
  taker: KeyTaker,
  ask: () => Promise<Said>,
): Promise<Said> {
  try {
    return await ask();
  } catch (error) {
    if (!isCoded(error, 'KEY_UNKNOWN')) throw error;
    await showKey(ctx, key, [taker], { anew: true });
    return ask();
  }
}
