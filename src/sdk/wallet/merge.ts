import { bytesToHex } from '../../primitives/bytes.ts';
import type {
  HeldImport,
  ListedDevice,
  OwnGrant,
  ReceivedLetter,
  WalletAccount,
  WalletContent,
  WalletTrust,
} from './content.ts';
import { mergeDrawers } from './drawer.ts';
import { withoutEnded } from './ended.ts';
import { compareGenerations } from './generations.ts';

/**
 * Joins what two devices of one person know: a union by id in which nothing that happened is undone
 * (ended stays ended, confirmed stays confirmed, answered stays answered). The same result from either
 * side and any number of times, so that devices may merge in any order.
 *
 * Source: docs/protocol/wallet.md, rule W-6.
 */
export function mergeWallets(mine: WalletContent, theirs: WalletContent): WalletContent {
  const settled = union(mine.settled, theirs.settled, (it) => it.tx, later);
  const isSettled = new Set<string>(settled.map((it) => it.tx));
  return withoutEnded({
    name: larger(mine.name, theirs.name),
    roots: union(mine.roots, theirs.roots, (root) => root.id, first),
    accounts: union(mine.accounts, theirs.accounts, (it) => it.account, mergeAccount),
    printed: union(mine.printed, theirs.printed, (it) => bytesToHex(it.check), first),
    codes: union(
      mine.codes,
      theirs.codes,
      (it) => `${it.account} ${bytesToHex(it.recoveryKey)}`,
      first,
    ),
    devices: union(mine.devices, theirs.devices, (it) => bytesToHex(it.key), mergeDevice),
    cards: union(
      mine.cards,
      theirs.cards,
      (it) => it.account,
      (a, b) => (bytesToHex(a.card) + a.nickname >= bytesToHex(b.card) + b.nickname ? a : b),
    ),
    keySets: union(
      mine.keySets,
      theirs.keySets,
      (it) => `${it.account} ${padded(it.after)} ${bytesToHex(it.salt)}`,
      first,
    ),
    grants: union(mine.grants, theirs.grants, (it) => it.consent, mergeGrant),
    letters: union(mine.letters, theirs.letters, (it) => it.consent, mergeLetter),
    segments: union(
      mine.segments,
      theirs.segments,
      (it) => `${it.consent} ${it.class} ${padded(it.epoch)}`,
      first,
    ),
    openings: union(mine.openings, theirs.openings, (it) => `${it.consent} ${it.record}`, first),
    openedSets: union(
      mine.openedSets,
      theirs.openedSets,
      (it) => `${it.consent} ${it.keySetBlob}`,
      first,
    ),
    imports: union(mine.imports, theirs.imports, (it) => it.skeleton, mergeImport),
    erased: union(mine.erased, theirs.erased, (record) => record, first),
    pending: union(mine.pending, theirs.pending, (it) => it.tx, first).filter(
      (it) => !isSettled.has(it.tx),
    ),
    settled,
    trust: union(mine.trust, theirs.trust, (it) => it.chainId, newerTrust),
    drawers: mergeDrawers(mine.drawers, theirs.drawers),
  });
}

/** The same content as merging leaves it: what two devices hold alike is then the same bytes. */
export const inOrder = (content: WalletContent): WalletContent => mergeWallets(content, content);

/** Sorted by key, so that the order in which devices met does not show. */
function union<T>(
  mine: readonly T[],
  theirs: readonly T[],
  keyOf: (value: T) => string,
  join: (mine: T, theirs: T) => T,
): readonly T[] {
  const joined = new Map<string, T>();
  for (const value of [...mine, ...theirs]) {
    const key = keyOf(value);
    const held = joined.get(key);
    joined.set(key, held === undefined ? value : join(held, value));
  }
  return [...joined.entries()]
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    .map(([, value]) => value);
}

const first = <T>(mine: T): T => mine;
const later = <T extends { readonly atMs: number }>(mine: T, theirs: T): T =>
  mine.atMs >= theirs.atMs ? mine : theirs;
const padded = (value: number): string => value.toString().padStart(16, '0');
const larger = (a: string, b: string): string => (a >= b ? a : b);

function mergeAccount(a: WalletAccount, b: WalletAccount): WalletAccount {
  const longer = a.generations.length >= b.generations.length ? a : b;
  const carded = a.card.length >= b.card.length ? a : b;
  return {
    ...longer,
    gatewayUrl: larger(a.gatewayUrl, b.gatewayUrl),
    enrolled: a.enrolled || b.enrolled,
    card: carded.card,
    organisationName: larger(a.organisationName, b.organisationName),
  };
}

/** The device's own words are the same in both, unless somebody wrote another MAC; when it was seen is not. */
function mergeDevice(a: ListedDevice, b: ListedDevice): ListedDevice {
  if (a.seenMs !== b.seenMs) return a.seenMs > b.seenMs ? a : b;
  return bytesToHex(a.mac) >= bytesToHex(b.mac) ? a : b;
}

function mergeGrant(a: OwnGrant, b: OwnGrant): OwnGrant {
  // The device that enveloped last knows the grantee's key; both may be right, and the ledger decides
  // at the next KeySet. Any fixed choice will do.
  const chosen = bytesToHex(a.granteeKemHash) >= bytesToHex(b.granteeKemHash) ? a : b;
  const { writeSeed, ownerGeneration, granteeGeneration } = newerWriting(a, b);
  return {
    ...chosen,
    ...{ writeSeed, ownerGeneration, granteeGeneration },
    confirmed: a.confirmed || b.confirmed,
    ended: a.ended || b.ended,
    takenBackMs: Math.max(a.takenBackMs, b.takenBackMs),
    owesKeys: Math.max(a.owesKeys, b.owesKeys),
  };
}

/** Of one generation there is one seed, by derivation; of two that somebody made all the same any fixed one will do. */
function newerWriting(a: OwnGrant, b: OwnGrant): OwnGrant {
  const order = compareGenerations(a, b);
  if (order !== 0) return order > 0 ? a : b;
  return bytesToHex(a.writeSeed) >= bytesToHex(b.writeSeed) ? a : b;
}

function mergeLetter(a: ReceivedLetter, b: ReceivedLetter): ReceivedLetter {
  const newer = newerLetter(a, b);
  const ended = a.ended || b.ended;
  // The entry itself where nothing changes: its shard then stays as it lies.
  return newer.ended === ended ? newer : { ...newer, ended };
}

/** What was sent after a change of keys replaces what was sent before it, whichever came first. */
function newerLetter(a: ReceivedLetter, b: ReceivedLetter): ReceivedLetter {
  const order = compareGenerations(a, b) || b.receivedMs - a.receivedMs;
  if (order !== 0) return order > 0 ? a : b;
  return bytesToHex(a.letter) + a.ownerName >= bytesToHex(b.letter) + b.ownerName ? a : b;
}

function mergeImport(a: HeldImport, b: HeldImport): HeldImport {
  const index = a.index.length >= b.index.length ? a.index : b.index;
  const anchored = a.anchored || b.anchored;
  return a.index === index && a.anchored === anchored ? a : { ...a, index, anchored };
}

function newerTrust(a: WalletTrust, b: WalletTrust): WalletTrust {
  return a.height >= b.height ? a : b;
}
