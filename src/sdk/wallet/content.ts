import { messageObjects } from '../../api/object-types.ts';
import { suite } from '../../ledger/object-types.ts';
import { roles } from '../../ledger/roles.ts';
import { CodedError } from '../../primitives/errors.ts';
import {
  accountId as account,
  blobId,
  bytes,
  consentId as consent,
  decodeAs,
  encodeAs,
  flag,
  hexId,
  list,
  mapped,
  type Of,
  oneOf,
  optionalBytes,
  parsed,
  recordId as record,
  struct,
  text,
  txId as tx,
  typed,
  uint,
  uintTo,
} from '../../primitives/shape.ts';
import { keptDrawers } from './drawer.ts';
import { generations } from './generations.ts';

/**
 * What a person's wallet knows, as plain data. Two unlockers keep the same content: the passphrase
 * file on this device and the copy at the hospital (docs/protocol/wallet.md).
 *
 * Every list is a set by the key named beside it: that is how two devices' contents merge.
 */

/** Eight random bytes in hex. */
export const rootId = hexId(8);

/** Key: `id`. Old roots stay while anything is sealed under them. */
export const root = struct({ id: rootId, secret: bytes(32), createdMs: uint });

/** Key: `account`. `generations` grow with every rotation; the last one signs. */
const walletAccount = struct({
  account,
  organisation: account,
  organisationName: text(200),
  role: oneOf(roles),
  chainId: text(50),
  gatewayUrl: text(2048),
  /** Enrol was confirmed on the ledger. */
  enrolled: flag,
  generations: list(struct({ rootId, index: uint })),
  /** The card that the organisation signed, as it travels; empty until enrolled. */
  card: bytes(),
});

/** Key: `check`. The newest is the printed code in the person's hands; none: no copy is kept. The code itself is nowhere. */
const printedCode = struct({ check: bytes(32), madeMs: uint });

/** Key: `account`, `recoveryKey`. What a printed code gives at an organisation; which one counts, the ledger says. */
const codeKeys = struct({
  account,
  recoveryKey: bytes(32),
  /** Copies are wrapped to it. */
  kem: bytes(1216),
});

/** In UTF-16 units. */
export const maxDeviceNameLength = 64;

/** Key: `key`. A device of the person, as the root of its time says (`device-list.ts`). */
const listedDevice = struct({
  /** X-Wing; its other half is in no copy. */
  key: bytes(1216),
  name: text(maxDeviceNameLength),
  addedMs: uint,
  rootId,
  mac: bytes(32),
  /** When it last said that it is there, to the day. */
  seenMs: uint,
});

/** Key: `account`. */
const heldCard = struct({ account, nickname: text(200), card: bytes() });

/**
 * Key: `account`, `salt`. From which root the epochs of a KeySet derive; written down before the KeySet is
 * sent. All else about it stands on the ledger.
 */
const ownKeySet = struct({ account, after: uint, salt: bytes(16), rootId });

/**
 * 0: no. 1: the grantee holds keys of the running epoch, and nothing is written under it until a KeySet has left
 * him out. 2: one has. It only grows, so that devices may meet in any order.
 */
const keysOwed = uintTo(2);

/** Key: `consent`. A grant that this person gave: what must be known to envelope it again. */
const ownGrant = struct({
  account,
  consent,
  grantee: account,
  granteeName: text(200),
  granteeOrganisation: account,
  /** SHA-256 of the KEM key that the last envelope was sealed to: another one means all of it again. */
  granteeKemHash: bytes(32),
  body: bytes(),
  salt: bytes(32),
  tagKey: bytes(32),
  writeSeed: optionalBytes(32),
  notBeforeMs: uint,
  notAfterMs: uint,
  /** Enveloped by a KeySet that was confirmed. */
  confirmed: flag,
  ended: flag,
  /** When the person took it back; 0: not. It is repeated until the ledger proves the end. */
  takenBackMs: uint,
  /** It ended without new keys, which still have to come. */
  owesKeys: keysOwed,
  ...generations,
});

/** Key: `consent`. A grant that this person received, as the owner signed it; of several letters the newest. */
const receivedLetter = struct({
  consent,
  /** The patient. */
  account,
  /** The account of this wallet that it was sealed to. */
  grantee: account,
  ownerName: text(200),
  /** The letter as it travels: letter bytes and the owner's signature. */
  letter: bytes(),
  receivedMs: uint,
  ended: flag,
  ...generations,
});

/** Key: `consent`, `class`, `epoch`. What an envelope gave: a segment's key. */
const heldSegment = struct({
  consent,
  class: text(32),
  epoch: uint,
  secret: bytes(32),
});

/** Key: `consent`, `record`. What an envelope gave: the opening secret of one item. */
const heldOpening = struct({ consent, record, secret: bytes(32) });

/** Key: `consent`, `keySetBlob`. Envelope sets that were looked into already. */
const openedSet = struct({ consent, keySetBlob: blobId });

/** Key: `skeleton`. One import is known by the record id of its skeleton item. */
const heldImport = struct({
  account,
  skeleton: record,
  fileName: text(1024),
  sha256: bytes(32),
  bytes: uint,
  items: uint,
  importedMs: uint,
  /** False while the anchor is written down but not confirmed. */
  anchored: flag,
  /**
   * A byte of format, and 128 bytes an item (`import-index.ts`). It finds what was imported before, and orders its
   * versions; the copy leaves it out, and it can be made again from the items.
   */
  index: bytes(),
});

/**
 * What a transaction was for: decides what its answer changes in the wallet (`client/pending.ts`). Any word: a
 * newer device of the same person may have written down what this version has no name for.
 */
const kind = parsed((word) => {
  if (typeof word === 'string' && /^[a-z][a-z0-9-]{0,31}$/.test(word)) return word;
  throw new CodedError('CBOR_SHAPE', { field: 'kind' });
});

/** Sealed; signed and sent once its transaction is confirmed, for a message may not be minutes old. */
const outgoing = struct({ to: account, sealed: bytes() });

/** Key: `tx`. What was written down before it was sent, and is repeated until it is answered. */
const pending = struct({
  tx,
  account,
  kind,
  bytes: bytes(),
  createdMs: uint,
  /** Grants that it gives or ends. */
  consents: list(consent),
  /** Skeletons of the imports that it anchors. */
  imports: list(record),
  /** Whose envelopes its KeySet holds: consent, and SHA-256 of the KEM key that was sealed to. */
  enveloped: list(struct({ consent, kemHash: bytes(32) })),
  outgoing: list(outgoing),
});

/** For so long as another device may still hold it as pending. */
const settledTx = struct({ tx, atMs: uint });

/** Key: `chainId`. What this wallet believes, and the newest header it verified. */
const trust = struct({
  chainId: text(50),
  /** The trust root as JSON text: `{chain, genesisHash, height, headerHash, validatorsHash, witnesses}`. */
  rootJson: text(16_384),
  height: uint,
  headerHash: bytes(32),
  timeMs: uint,
  /** Where the ledger's hospitals answer, from its genesis: what takes back goes to any of them. */
  gateways: list(struct({ organisation: account, url: text(2048) })),
});

/** But for drawers. */
export const spineFields = {
  name: text(200),
  roots: list(root),
  accounts: list(walletAccount),
  printed: list(printedCode),
  codes: list(codeKeys),
  devices: list(listedDevice, { most: 256 }),
  cards: list(heldCard),
  keySets: list(ownKeySet),
  grants: list(ownGrant),
  letters: list(receivedLetter),
  segments: list(heldSegment),
  openings: list(heldOpening),
  openedSets: list(openedSet),
  imports: list(heldImport),
  /** Records that their owner erased. */
  erased: list(record),
  pending: list(pending),
  /** Key: `tx`. Transactions that were answered for good: they must not come back by a merge. */
  settled: list(settledTx),
  trust: list(trust),
};
const content = struct({
  ...spineFields,
  /** Key: wing, key. What parts of the SDK keep that the wallet itself does not know. */
  drawers: keptDrawers,
});

/**
 * What lies in one shard of the file: some entries of the lists that grow with every patient, file and KeySet. What a
 * person acts with is in none. Source: docs/protocol/wallet.md, rule W-2.
 */
export const shardShape = struct({
  cards: spineFields.cards,
  keySets: spineFields.keySets,
  letters: spineFields.letters,
  segments: spineFields.segments,
  openings: spineFields.openings,
  openedSets: spineFields.openedSets,
  imports: spineFields.imports,
  erased: spineFields.erased,
  drawers: keptDrawers,
});
export type ShardContent = Of<typeof shardShape>;

/** Everything that a wallet knows. */
export type WalletContent = Of<typeof content>;
export type WalletRoot = Of<typeof root>;
/** An account of this person at one hospital. */
export type WalletAccount = Of<typeof walletAccount>;
/** The newest printed code, by a hash that gives nothing of it. */
export type PrintedCode = Of<typeof printedCode>;
export type HeldCodeKeys = Of<typeof codeKeys>;
export type ListedDevice = Of<typeof listedDevice>;
export type HeldCard = Of<typeof heldCard>;
export type OwnKeySet = Of<typeof ownKeySet>;
/** A grant that this person gave, with its secrets. */
export type OwnGrant = Of<typeof ownGrant>;
export type ReceivedLetter = Of<typeof receivedLetter>;
export type HeldSegment = Of<typeof heldSegment>;
export type HeldOpening = Of<typeof heldOpening>;
export type OpenedSet = Of<typeof openedSet>;
/** A file that was imported. */
export type HeldImport = Of<typeof heldImport>;
/** A sealed message that follows a transaction. */
export type OutgoingMessage = Of<typeof outgoing>;
/** A transaction that waits for its answer. */
export type PendingTx = Of<typeof pending>;
export type WalletTrust = Of<typeof trust>;

/** What a wallet knows before anything happened. */
export function emptyWallet(name: string): WalletContent {
  return {
    name,
    roots: [],
    accounts: [],
    printed: [],
    codes: [],
    devices: [],
    cards: [],
    keySets: [],
    grants: [],
    letters: [],
    segments: [],
    openings: [],
    openedSets: [],
    imports: [],
    erased: [],
    pending: [],
    settled: [],
    trust: [],
    drawers: [],
  };
}

const written = typed(suite, messageObjects.walletContent, { content });

/** CBOR `[suite, type, fields]`. Source: docs/protocol/wallet.md, rules W-6 and W-12. */
export function encodeWalletContent(value: WalletContent): Uint8Array {
  return encodeAs(written, { content: value });
}

/** Throws WALLET_INVALID: what was decrypted is not yet valid. */
export function decodeWalletContent(read: Uint8Array): WalletContent {
  try {
    return decodeAs(written, read, 'wallet').content;
  } catch (cause) {
    throw new CodedError('WALLET_INVALID', {}, cause);
  }
}

/** A content as it stands in a wallet's index and in that of a copy: by its bytes, with its own type. */
export const contentBytes = mapped(bytes(), encodeWalletContent, decodeWalletContent);
