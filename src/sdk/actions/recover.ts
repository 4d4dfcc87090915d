import { bytesOfText } from '../../api/message-parts.ts';
import { stateGet } from '../../api/routes/state-get.ts';
import { walletKeptGet } from '../../api/routes/wallet-kept-get.ts';
import { whoGet } from '../../api/routes/who-get.ts';
import { decodeCopyHead, type KeptCopy, type SignedCopy } from '../../api/wallet-copy.ts';
import { labels } from '../../crypto/labels.ts';
import { verifyLabelled } from '../../crypto/signature.ts';
import { parseTrustRoot } from '../../ledger/chain/trust-root.ts';
import { decodeRow } from '../../ledger/table.ts';
import { recoveries } from '../../ledger/tables/recoveries.ts';
import { bytesToHex, equalBytes } from '../../primitives/bytes.ts';
import { CodedError, isCoded } from '../../primitives/errors.ts';
import type { AccountId } from '../../primitives/ids.ts';
import type { Context } from '../client/context.ts';
import { GatewayClient } from '../client/gateway-client.ts';
import { Http, type HttpOptions } from '../client/http.ts';
import { codeSession } from '../client/session.ts';
import { copyStoreOf } from '../client/wallet-copies.ts';
import { ProvenLedger } from '../ledger/proven-ledger.ts';
import { codeCheckOf, parseCode } from '../wallet/code.ts';
import type { WalletContent } from '../wallet/content.ts';
import { openCopyIndex, unwrapCopyKey } from '../wallet/copy-index.ts';
import { readShards } from '../wallet/copy-read.ts';
import { copiedPart } from '../wallet/copy-shards.ts';
import { onThisDevice } from '../wallet/device-list.ts';
import { type CodeKeys, codeKeysOf, recoveryHashOf } from '../wallet/identity.ts';
import { withShards } from '../wallet/shards.ts';
import { Vault } from '../wallet/vault.ts';
import type { MadeWallet, WalletPlace } from './make-wallet.ts';

/** Where copies are, and what opens them. */
export interface CodeAtHospital {
  /** As printed. */
  readonly code: string;
  /** A hospital that keeps a copy. */
  readonly gatewayUrl: string;
  readonly signal?: AbortSignal | undefined;
}

/** What brings a wallet back. */
export interface WalletToRecover extends WalletPlace, CodeAtHospital {
  /** Which of `keptCopies`, by its number; missing: the newest. */
  readonly serial?: number | undefined;
}

/** A wallet that came back. */
export interface RecoveredWallet extends MadeWallet {
  /** Parts of it that the hospital did not have: of an older copy the keys and the grants given alone are kept. */
  readonly missing: number;
}

/** Which copies of a wallet a hospital keeps, the newest first. Throws COPY_NONE, RECOVERY_CODE_WRONG. */
export async function keptCopies(
  asked: CodeAtHospital,
  http: HttpOptions | undefined,
  now: () => number,
): Promise<readonly KeptCopy[]> {
  const { gateway } = await signedIn(asked, http, now);
  const { copies } = await byCode(gateway.call(walletKeptGet, { signal: asked.signal }));
  return copies;
}

/** A code that another has taken the place of. Throws RECOVERY_CODE_WRONG. */
async function byCode<T>(asked: Promise<T>): Promise<T> {
  try {
    return await asked;
  } catch (error) {
    if (!isCoded(error, 'KEY_NOT_CURRENT')) throw error;
    throw new CodedError('RECOVERY_CODE_WRONG', { reason: 'replaced' }, error);
  }
}

/**
 * The wallet as one of its copies has it, on a device that is new; `sync` then learns what happened since. The copy
 * must be signed by a key that the account had, as the ledger shows that the copy itself believes.
 *
 * Throws RECOVERY_CODE_WRONG, COPY_NONE, COPY_FORGED, PASSPHRASE_SHORT, WALLET_EXISTS, NAME_INVALID.
 * Source: docs/protocol/wallet.md, rule W-25.
 */
export async function recoverWallet(
  wallet: WalletToRecover,
  http: HttpOptions | undefined,
  now: () => number,
): Promise<RecoveredWallet> {
  const { serial, signal, store: place, passphrase, deviceName } = wallet;
  const { code, keys, ...at } = await signedIn(wallet, http, now);
  const store = copyStoreOf(at.gateway, { signal, ...(serial === undefined ? {} : { serial }) });
  const signed = await byCode(store.head());
  if (signed === undefined)
    throw new CodedError('COPY_NONE', serial === undefined ? {} : { serial });
  const { content, deviceRoot, missing } = await openedBy(keys, signed, at, store);
  await requireOwn(signed, content, at, now, signal);
  const check = codeCheckOf(code);
  const isKnown = content.printed.some((it) => equalBytes(it.check, check));
  if (!isKnown) throw new CodedError('COPY_FORGED', { reason: 'code' });
  const nowMs = now();
  // Where it answers the person has said herself: who wrote the copy may have said otherwise.
  const accounts = content.accounts.map((it) =>
    it.account === at.account ? { ...it, gatewayUrl: wallet.gatewayUrl } : it,
  );
  const came = { ...content, accounts };
  const held = await onThisDevice(came, { deviceRoot, deviceName, nowMs });
  return { vault: await Vault.create(place, passphrase, held.content, held.local), code, missing };
}

/** Seals the copies for this device too, by the printed code; a hospital that is down has it wait. */
export async function sealCopiesByCode(
  contexts: readonly Context[],
  code: Uint8Array,
): Promise<void> {
  for (const ctx of contexts) {
    ctx.copies.openAlso((await codeKeysOf(code, ctx.account.organisation)).kem);
    await ctx.noteDown((content) => content);
  }
}

interface AtHospital {
  readonly gateway: GatewayClient;
  readonly organisation: AccountId;
  readonly account: AccountId;
}

/** Signed in with the printed code alone, which finds its account. Throws RECOVERY_CODE_WRONG. */
async function signedIn(
  { code: typed, gatewayUrl, signal }: CodeAtHospital,
  http: HttpOptions | undefined,
  now: () => number,
): Promise<AtHospital & { readonly code: Uint8Array; readonly keys: CodeKeys }> {
  const code = parseCode(typed);
  const plain = new GatewayClient(new Http(gatewayUrl, http));
  const { organisation, chainId } = await plain.call(whoGet, { signal });
  const keys = await codeKeysOf(code, organisation);
  const params = { table: recoveries.name, key: bytesToHex(recoveryHashOf(keys)) };
  const { value } = await plain.call(stateGet, { params, query: {}, signal });
  if (value === null) throw new CodedError('RECOVERY_CODE_WRONG');
  const { account } = decodeRow(recoveries, bytesOfText(value));
  const gateway = plain.as(codeSession(plain, { account, organisation, chainId }, keys, now));
  return { gateway, organisation, account, code, keys };
}

/** Throws COPY_FORGED: it is not for this code, or not what it says it is. */
async function openedBy(
  keys: CodeKeys,
  { head }: SignedCopy,
  { organisation, account }: AtHospital,
  store: Parameters<typeof readShards>[0],
): Promise<{
  readonly content: WalletContent;
  readonly deviceRoot: string;
  readonly missing: number;
}> {
  try {
    const copy = decodeCopyHead(head);
    if (copy.account !== account || copy.organisation !== organisation) throw forged('place');
    const copyKey = await unwrapCopyKey(copy.wraps, copy, [keys.kem]);
    if (copyKey === undefined) throw forged('code');
    const { content, layout, deviceRoot } = await openCopyIndex(copyKey, copy, copy.sealed);
    const { shards } = await readShards(store, layout.shards);
    const [rootId] = deviceRoot;
    if (rootId === undefined) throw forged('device root');
    const missing = layout.shards.length - shards.length;
    return { content: copiedPart(withShards(content, shards)), deviceRoot: rootId, missing };
  } catch (cause) {
    const isSaid = !isCoded(cause) || cause.code === 'COPY_FORGED' || cause.kind === 'unavailable';
    if (isSaid) throw cause;
    throw new CodedError('COPY_FORGED', { reason: 'content' }, cause);
  }
}

/** By a key of the account: whoever knows to whom a copy is sealed can make one. */
async function requireOwn(
  { head, publicKey, signature }: SignedCopy,
  content: WalletContent,
  { gateway, account }: AtHospital,
  now: () => number,
  signal: AbortSignal | undefined,
): Promise<void> {
  const own = content.accounts.find((it) => it.account === account);
  const trust = content.trust.find((it) => it.chainId === own?.chainId);
  if (trust === undefined) throw forged('trust');
  const ledger = new ProvenLedger(gateway, parseTrustRoot(trust.rootJson), undefined, now);
  const held = await ledger.identityOfKey(account, publicKey, ledger.tip.height, signal);
  if (held === undefined) throw forged('key');
  if (!(await verifyLabelled(publicKey, labels.walletCopySign, head, signature))) {
    throw forged('signature');
  }
}

const forged = (reason: string): CodedError => new CodedError('COPY_FORGED', { reason });
