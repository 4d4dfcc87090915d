import { decodeCopyHead } from '../../api/wallet-copy.ts';
import type { Keys } from '../../ledger/tables/keys.ts';
import { bytesToHex } from '../../primitives/bytes.ts';
import type { Context, WorkOptions } from '../client/context.ts';
import { GatewayClient } from '../client/gateway-client.ts';
import { codeSession } from '../client/session.ts';
import { copyStoreOf } from '../client/wallet-copies.ts';
import type { WalletRoot } from '../wallet/content.ts';
import { openCopyIndex, unwrapCopyKey } from '../wallet/copy-index.ts';
import { type CodeKeys, deriveAccountKeys } from '../wallet/identity.ts';

/**
 * Takes the roots of keys that the account has had and this wallet has not, from the newest copy, which the printed code
 * opens: what was written under them stays readable when the copy is replaced. A root is believed whose signing key the
 * ledger shows, and nothing else of that copy: who wrote it may be a thief. Source: docs/protocol/wallet.md, rule W-9.
 */
export async function learnRoots(
  ctx: Context,
  code: CodeKeys,
  directory: Keys,
  { signal }: WorkOptions,
): Promise<void> {
  const own = new Set((await ctx.allKeys()).map(({ sign }) => bytesToHex(sign.publicKey)));
  const others = directory.identities
    .map(({ identity }) => bytesToHex(identity.signKey))
    .filter((key) => !own.has(key));
  if (others.length === 0) return;
  const found: WalletRoot[] = [];
  for (const root of await rootsInCopy(ctx, code, signal)) {
    const { sign } = await deriveAccountKeys(root.secret, ctx.account.organisation, 0);
    if (others.includes(bytesToHex(sign.publicKey))) found.push(root);
  }
  await ctx.vault.change((content) => {
    const fresh = found.filter(({ id }) => !content.roots.some((it) => it.id === id));
    return fresh.length === 0 ? content : { ...content, roots: [...content.roots, ...fresh] };
  });
}

/** Those from which the copy derives the account's keys, the newest first; a few, whoever wrote it. */
async function rootsInCopy(
  ctx: Context,
  code: CodeKeys,
  signal: AbortSignal | undefined,
): Promise<readonly WalletRoot[]> {
  const { account } = ctx.account;
  const plain = new GatewayClient(ctx.gateway.http);
  const gateway = plain.as(codeSession(plain, ctx.account, code, ctx.now));
  const signed = await copyStoreOf(gateway, { signal }).head();
  if (signed === undefined) return [];
  const head = decodeCopyHead(signed.head);
  const copyKey = await unwrapCopyKey(head.wraps, ctx.account, [code.kem]);
  if (copyKey === undefined) return [];
  const { content } = await openCopyIndex(copyKey, head, head.sealed);
  const generations = content.accounts.find((it) => it.account === account)?.generations ?? [];
  const ids = new Set(generations.slice(-mostRoots).map(({ rootId }) => rootId));
  return content.roots.filter(({ id }) => ids.has(id));
}

/** As many identities as the ledger's row shows. */
const mostRoots = 16;
