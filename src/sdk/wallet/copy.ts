import { maxWalletCopyBytes } from '../../api/people.ts';
import { openUnderKey, sealUnderKey } from '../../crypto/aead.ts';
import { deriveKey } from '../../crypto/hash.ts';
import { labels } from '../../crypto/labels.ts';
import { concatBytes, equalBytes, utf8 } from '../../primitives/bytes.ts';
import { CodedError, isCoded } from '../../primitives/errors.ts';
import { type AccountId, idBytes } from '../../primitives/ids.ts';
import { decodeWalletContent, encodeWalletContent, type WalletContent } from './content.ts';
import { mergeWallets } from './merge.ts';

const blockBytes = 4096;
const aad = concatBytes(utf8(labels.walletCopy), Uint8Array.of(0));

/** Opens and seals the copy. The code gives it; a wallet keeps this key and forgets the code. */
export function copyKeyOf(code: Uint8Array): Uint8Array {
  return deriveKey(code, labels.walletCopy, []);
}

/** Where the copy lies at a hospital: nobody who lacks the code can ask for it. */
export function copyLocatorOf(code: Uint8Array, organisation: AccountId): Uint8Array {
  return deriveKey(code, labels.walletLocator, [idBytes(organisation)]);
}

/**
 * The copy as a hospital keeps it: AES-256-GCM of length 4 ‖ content ‖ zeros up to blocks of 4 KiB. There
 * is no passphrase in it, so the hospital has nothing to guess.
 *
 * Throws WALLET_FULL: no hospital takes a larger one. Source: docs/protocol/wallet.md, rule W-5.
 */
export async function sealCopy(copyKey: Uint8Array, content: WalletContent): Promise<Uint8Array> {
  const bytes = encodeWalletContent(copiedPart(content));
  const plain = new Uint8Array(Math.ceil((bytes.length + 4) / blockBytes) * blockBytes);
  new DataView(plain.buffer).setUint32(0, bytes.length);
  plain.set(bytes, 4);
  const sealed = await sealUnderKey(copyKey, aad, plain);
  if (sealed.length > maxWalletCopyBytes) {
    throw new CodedError('WALLET_FULL', { bytes: sealed.length, maxBytes: maxWalletCopyBytes });
  }
  return sealed;
}

/** The index grows with every item and can be made again; the copy must stay small. */
function copiedPart(content: WalletContent): WalletContent {
  const imports = content.imports.map((it) => ({ ...it, index: new Uint8Array(0) }));
  return { ...content, imports };
}

/** Throws RECOVERY_CODE_WRONG, WALLET_INVALID. */
export async function openCopy(copyKey: Uint8Array, sealed: Uint8Array): Promise<WalletContent> {
  let plain: Uint8Array;
  try {
    plain = await openUnderKey(copyKey, aad, sealed);
  } catch (cause) {
    if (!isCoded(cause, 'CANNOT_OPEN')) throw cause;
    throw new CodedError('RECOVERY_CODE_WRONG', {}, cause);
  }
  const length = new DataView(plain.buffer, plain.byteOffset, plain.byteLength).getUint32(0);
  if (length > plain.length - 4) throw new CodedError('WALLET_INVALID');
  return decodeWalletContent(plain.subarray(4, 4 + length));
}

/** The hospital's side of the copy: compare-and-swap on a version, 0 while there is none. */
export interface CopyStore {
  get(locator: Uint8Array): Promise<{ version: number; sealed: Uint8Array } | undefined>;
  /** Throws WALLET_CONFLICT when the version is another one. */
  put(locator: Uint8Array, expectedVersion: number, sealed: Uint8Array): Promise<void>;
}

/** What this device and the copy both held when they were last brought together. */
export interface SyncedCopy {
  readonly content: WalletContent;
  readonly sealed: Uint8Array;
  /** The content's encoding, without tips. */
  readonly said: Uint8Array;
}

/**
 * Brings this device's content and the copy together: fetch, merge, write; again when another device was
 * faster. Returns what both now hold: `mine` itself when the copy taught nothing. Nothing is written that
 * the copy has, but for a newer header. `last`: of a content that `mine` came from; a copy that is still the
 * same has nothing to teach. Throws WALLET_CONFLICT after five tries.
 */
export async function syncCopy(
  store: CopyStore,
  locator: Uint8Array,
  mine: WalletContent,
  last?: SyncedCopy,
): Promise<SyncedCopy> {
  for (let tries = 5; ; tries--) {
    const held = await store.get(locator);
    const isLast = held !== undefined && last !== undefined && equalBytes(held.sealed, last.sealed);
    const { content, theirs } = isLast
      ? { content: mine, theirs: last.said }
      : await merged(mine, held?.sealed);
    const said = sayWithoutTips(content);
    if (held !== undefined && theirs !== undefined && equalBytes(said, theirs)) {
      return { content, sealed: held.sealed, said };
    }
    try {
      const sealed = await sealCopy(mine.copyKey, content);
      await store.put(locator, held?.version ?? 0, sealed);
      return { content, sealed, said };
    } catch (error) {
      if (!isCoded(error, 'WALLET_CONFLICT') || tries <= 1) throw error;
    }
  }
}

async function merged(
  mine: WalletContent,
  sealed: Uint8Array | undefined,
): Promise<{ readonly content: WalletContent; readonly theirs?: Uint8Array }> {
  if (sealed === undefined) return { content: mine };
  const theirs = await openCopy(mine.copyKey, sealed);
  const both = mergeWallets(mine, theirs);
  // Merging sorts, so what a content is merged with itself is what both sides can be compared with.
  const learned = !equalBytes(say(both), say(mergeWallets(mine, mine)));
  return { content: learned ? both : mine, theirs: sayWithoutTips(theirs) };
}

const say = (content: WalletContent): Uint8Array => encodeWalletContent(copiedPart(content));

const sayWithoutTips = (content: WalletContent): Uint8Array => say(withoutTips(content));

const withoutTips = (content: WalletContent): WalletContent => ({
  ...content,
  trust: content.trust.map((it) => ({ ...it, height: 0, headerHash: zeros, timeMs: 0 })),
});
const zeros = new Uint8Array(32);
