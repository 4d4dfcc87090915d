/**
 * Every code Salus can answer with, and the sentence a person reads. Append-only: a code that left a
 * release keeps its meaning. `docs/errors.md` is generated from this table.
 *
 * Kinds say what to do next: `not-shared` ask the patient · `no-key` open it where the key is ·
 * `not-trusted` do not believe it · `not-valid` mend the request · `usage` mend the command ·
 * `verification` something was changed · `unavailable` try later · `fault` something broke here.
 */
export type Kind =
  | 'not-shared'
  | 'no-key'
  | 'not-trusted'
  | 'not-valid'
  | 'usage'
  | 'verification'
  | 'unavailable'
  | 'fault';

interface Entry {
  readonly kind: Kind;
  readonly sentence: string;
}

const table = {
  // Encoding and ids
  CBOR_INVALID: {
    kind: 'not-valid',
    sentence: 'These bytes are not in the one encoding that Salus accepts.',
  },
  CBOR_SHAPE: {
    kind: 'not-valid',
    sentence: 'A field is missing, too many, or of the wrong type or length.',
  },
  ID_FORMAT: {
    kind: 'not-valid',
    sentence: 'This identifier is not written the way Salus writes identifiers.',
  },
  SUITE_UNKNOWN: {
    kind: 'not-valid',
    sentence: 'This object names a set of algorithms that this version does not know.',
  },
  TYPE_UNKNOWN: {
    kind: 'not-valid',
    sentence: 'This object is of a type that this version does not know.',
  },

  // Transactions and acts: the ledger's refusals
  TX_UNDECODABLE: {
    kind: 'not-valid',
    sentence: 'The transaction cannot be read; nothing was changed.',
  },
  TX_TOO_LARGE: { kind: 'not-valid', sentence: 'The transaction is larger than 64 KiB.' },
  CHAIN_WRONG: { kind: 'not-valid', sentence: 'The transaction is meant for another ledger.' },
  LOG_WRONG: { kind: 'not-valid', sentence: 'This log does not take acts of this kind.' },
  EXPIRED: {
    kind: 'not-valid',
    sentence: 'The transaction was valid until a time that has passed.',
  },
  TOO_FAR: {
    kind: 'not-valid',
    sentence: 'The transaction claims to be valid for more than a day.',
  },
  NONCE_USED: {
    kind: 'not-valid',
    sentence: 'This number was already used by the account: the transaction was sent before.',
  },
  NONCE_OLD: {
    kind: 'not-valid',
    sentence: 'This number lies too far behind the numbers the account has used.',
  },
  NONCE_FAR: {
    kind: 'not-valid',
    sentence: 'This number lies too far ahead of the numbers the account has used.',
  },
  SENDER_UNKNOWN: { kind: 'not-trusted', sentence: 'The sender is not enrolled on this ledger.' },
  SENDER_BUSY: {
    kind: 'unavailable',
    sentence: 'This sender already has 200 transactions waiting; try again in a moment.',
  },
  SENDER_WRONG: { kind: 'not-trusted', sentence: 'This account may not send such an act.' },
  SIGNATURE_WRONG: { kind: 'not-trusted', sentence: 'A signature does not match its key.' },
  SIGNATURE_MISSING: {
    kind: 'not-trusted',
    sentence: 'A signature that this act needs is missing.',
  },
  KEY_NOT_CURRENT: {
    kind: 'not-trusted',
    sentence: 'The transaction is signed by a key that the account does not use now.',
  },
  KEY_WEAK: {
    kind: 'not-valid',
    sentence: 'This public key is not one that every engine judges alike.',
  },
  ACCOUNT_UNKNOWN: {
    kind: 'not-trusted',
    sentence: 'This account is not enrolled on this ledger.',
  },
  ACCOUNT_EXISTS: { kind: 'not-valid', sentence: 'This account is already enrolled.' },
  ACCOUNT_FROZEN: {
    kind: 'not-trusted',
    sentence:
      'This account is frozen: it may only take back what it granted until its owner restores it.',
  },
  ROLE_WRONG: { kind: 'not-valid', sentence: 'An account of this role cannot do this.' },
  ROLE_UNKNOWN: { kind: 'not-valid', sentence: 'Salus does not know this role.' },
  IDENTITY_WRONG: {
    kind: 'not-trusted',
    sentence: 'The identity was not signed for this ledger, organisation and role.',
  },
  KEYSET_STALE: {
    kind: 'not-valid',
    sentence: 'The keys were built on an older state; fetch the newest and build them again.',
  },
  KEYSET_SCHEDULE: {
    kind: 'not-valid',
    sentence: 'The schedule of keys has a gap, an empty place or a time that has passed.',
  },
  EPOCH_STALE: {
    kind: 'not-valid',
    sentence: 'The keys changed meanwhile; seal the records again under the new keys.',
  },
  EPOCH_NONE: { kind: 'not-valid', sentence: 'This account has not published its first keys.' },
  CONSENT_ID_TAKEN: { kind: 'not-valid', sentence: 'A grant with this identifier exists already.' },
  CONSENT_UNKNOWN: { kind: 'not-shared', sentence: 'There is no such grant.' },
  CONSENT_ENDED: { kind: 'not-shared', sentence: 'This grant has ended.' },
  CONSENT_NOT_LIVE: { kind: 'not-shared', sentence: 'This grant is not in force now.' },
  CONSENT_CANNOT_WRITE: { kind: 'not-shared', sentence: 'This grant does not allow writing.' },
  NOT_AFTER_PASSED: { kind: 'not-valid', sentence: 'The end of the grant has already passed.' },
  NOT_AFTER_FAR: { kind: 'not-valid', sentence: 'A grant may last ten years at most.' },
  CONSENT_TIMES: { kind: 'not-valid', sentence: 'The grant would end before it begins.' },
  ANCHOR_EMPTY: { kind: 'not-valid', sentence: 'An anchor needs at least one item.' },
  ANCHOR_TAKEN: { kind: 'not-valid', sentence: 'These items were anchored before.' },
  ACCESS_LOG_SIZE: {
    kind: 'not-valid',
    sentence: 'An access log holds between 1 and 500 entries.',
  },
  BATCH_KIND: { kind: 'not-valid', sentence: 'Salus does not know batches of this kind.' },
  BATCH_TIMES: { kind: 'not-valid', sentence: 'The batch ends before it begins, or is empty.' },
  KEY_TAKEN: { kind: 'not-valid', sentence: 'The account has used this key before.' },
  KEYS_FULL: {
    kind: 'not-valid',
    sentence: 'The account has changed its keys as often as a ledger keeps; enrol anew.',
  },

  // Ledger engine
  CLOCK_BEHIND: {
    kind: 'unavailable',
    sentence:
      'The clock of this server is behind the ledger; it writes again when the clock is right.',
  },
  CLOCK_AHEAD: {
    kind: 'unavailable',
    sentence: 'The clock of this server jumped ahead; start with --accept-clock if it is right.',
  },
  LEDGER_LOCKED: { kind: 'unavailable', sentence: 'Another process is using this ledger.' },
  LEDGER_STALLED: {
    kind: 'unavailable',
    sentence:
      'The ledger has stood still for more than 30 seconds; nothing is handed out that cannot be written down.',
  },
  LEDGER_CORRUPT: { kind: 'verification', sentence: 'The ledger on this disk does not verify.' },
  LEDGER_FORKED: {
    kind: 'verification',
    sentence: 'Two ledgers disagree; the first height at which they differ is named.',
  },
  COMMIT_TIMEOUT: {
    kind: 'unavailable',
    sentence: 'The ledger has not confirmed the transaction yet; ask for its receipt later.',
  },
  LEDGER_BUSY: {
    kind: 'unavailable',
    sentence: 'Too many transactions are waiting on this ledger; try again in a moment.',
  },
  LEDGER_CLOSED: { kind: 'unavailable', sentence: 'This ledger was closed.' },
  KEY_FILE_OPEN: {
    kind: 'fault',
    sentence:
      'The file of the signing key may be read by others; make it readable by its owner alone.',
  },
  KEY_FILE_INVALID: { kind: 'fault', sentence: 'The file of the signing key is damaged.' },
  HEIGHT_UNKNOWN: { kind: 'not-valid', sentence: 'The ledger has no block of this height.' },
  TX_UNKNOWN: { kind: 'not-valid', sentence: 'The ledger knows no such transaction.' },
  DISK_FULL: {
    kind: 'unavailable',
    sentence:
      'The disk is full; nothing that was confirmed is lost, and writing goes on when there is room.',
  },

  // Verification
  RECEIPT_INVALID: { kind: 'verification', sentence: 'This receipt does not hold.' },
  TRUST_ROOT_WRONG: { kind: 'verification', sentence: 'The trust root belongs to another ledger.' },
  HEADER_INVALID: {
    kind: 'verification',
    sentence: 'A block header is not signed by those who should have signed it.',
  },
  HEADER_NEEDS_STEPS: {
    kind: 'verification',
    sentence:
      'Too few of the validators that are known signed this header; headers between are needed.',
  },
  HEADER_EXPIRED: {
    kind: 'verification',
    sentence:
      'The header that is trusted is too old to judge a new one by; trust a newer one first.',
  },
  LEDGER_OLD: {
    kind: 'verification',
    sentence:
      "The newest block that the hospital shows is more than ten minutes old: it hides what came since, or this device's clock is ahead.",
  },
  PROOF_INVALID: {
    kind: 'verification',
    sentence: 'A proof does not lead to the signed state of the ledger.',
  },
  BLOB_CORRUPT: { kind: 'verification', sentence: 'Stored bytes do not match their identifier.' },
  ITEM_HEADER_CORRUPT: {
    kind: 'verification',
    sentence: 'The header of an item does not match what was anchored.',
  },
  ITEM_FORGED: {
    kind: 'not-trusted',
    sentence: 'This item is not what its author signed for this chart.',
  },

  // Sealing
  CANNOT_OPEN: { kind: 'no-key', sentence: 'This cannot be opened with the keys that are here.' },
  KEY_NOT_HERE: { kind: 'no-key', sentence: 'The key for this item is not on this device.' },

  // Wallet and people
  PASSPHRASE_WRONG: { kind: 'no-key', sentence: 'The passphrase does not open this wallet.' },
  PASSPHRASE_SHORT: { kind: 'usage', sentence: 'A passphrase needs at least 10 characters.' },
  PASSPHRASE_MISSING: {
    kind: 'usage',
    sentence: 'Give the passphrase by --passphrase-file or SALUS_PASSPHRASE.',
  },
  WALLET_KDF: {
    kind: 'not-trusted',
    sentence:
      'This wallet asks for passphrase settings that are too weak or too costly to be honest.',
  },
  WALLET_INVALID: { kind: 'not-valid', sentence: 'This is not a wallet, or it is damaged.' },
  WALLET_EXISTS: { kind: 'usage', sentence: 'There is a wallet of this name already.' },
  WALLET_UNKNOWN: { kind: 'usage', sentence: 'There is no wallet of this name here.' },
  WALLET_BUSY: {
    kind: 'unavailable',
    sentence: 'Another command is using this wallet; wait until it is done.',
  },
  WALLET_NOT_KEPT: {
    kind: 'unavailable',
    sentence: 'This browser does not keep the wallet: its storage is full or switched off.',
  },
  WALLET_CONFLICT: {
    kind: 'unavailable',
    sentence: 'Another device wrote the wallet first; the newest was fetched, try again.',
  },
  DRAWER_FULL: {
    kind: 'not-valid',
    sentence: 'The wallet takes no more entries of this kind, or none as large as this one.',
  },
  RECOVERY_CODE_WRONG: {
    kind: 'no-key',
    sentence: 'This is not a recovery code, or nothing is kept under it.',
  },
  CARD_INVALID: {
    kind: 'not-trusted',
    sentence: 'This card is not signed by the organisation it names.',
  },
  PERSON_UNKNOWN: {
    kind: 'usage',
    sentence: 'Nobody of this name is known here; add their card first.',
  },
  PERSON_NOT_ENROLLED: {
    kind: 'not-valid',
    sentence: 'This person is not enrolled at a hospital yet.',
  },
  GRANT_TOO_LARGE: {
    kind: 'not-valid',
    sentence: 'A grant may open 1,000 single records at most; share whole periods instead.',
  },
  GRANTEE_ROLE: { kind: 'not-valid', sentence: 'A person of this role cannot be granted this.' },

  // Records
  FILE_UNREADABLE: { kind: 'usage', sentence: 'This file cannot be read.' },
  FILE_EMPTY: { kind: 'not-valid', sentence: 'This file is empty.' },
  FILE_TOO_LARGE: { kind: 'not-valid', sentence: 'A file may have 16 GiB at most.' },
  JSON_INVALID: {
    kind: 'not-valid',
    sentence: 'This is not well-formed JSON; the place is named.',
  },
  JSON_DUPLICATE_KEY: { kind: 'not-valid', sentence: 'A JSON object names the same field twice.' },
  BUNDLE_TOO_LARGE: { kind: 'not-valid', sentence: 'A bundle may have 64 MiB at most.' },
  BUNDLE_TOO_DEEP: { kind: 'not-valid', sentence: 'A bundle may be nested 64 deep at most.' },
  BUNDLE_TOO_MANY: { kind: 'not-valid', sentence: 'A bundle may hold 50,000 resources at most.' },
  BUNDLE_DUPLICATE_ID: {
    kind: 'not-valid',
    sentence: 'Two resources of the bundle have the same type and identifier.',
  },
  RESOURCE_TYPE: { kind: 'not-valid', sentence: 'This is not a FHIR R4 resource or bundle.' },
  RESOURCE_INVALID: {
    kind: 'not-valid',
    sentence: 'A resource does not follow FHIR R4; the place is named.',
  },
  CLASS_UNKNOWN: { kind: 'usage', sentence: 'Salus does not know this class of records.' },
  RECORD_UNKNOWN: {
    kind: 'not-shared',
    sentence: 'There is no such record, or it is not shared with you.',
  },
  RECORD_ERASED: { kind: 'not-shared', sentence: 'This record was erased by its owner.' },
  RECORD_ID_TAKEN: {
    kind: 'not-valid',
    sentence: 'A record of this identifier exists in this account.',
  },
  IMPORT_UNKNOWN: { kind: 'usage', sentence: 'There is no such import.' },
  EXPORT_INCOMPLETE: {
    kind: 'not-valid',
    sentence: 'A part of the file was erased, so it cannot be given back byte for byte.',
  },

  // Reading and writing under a grant
  NOT_SHARED: { kind: 'not-shared', sentence: 'The patient has not shared this with you.' },
  CLASS_NOT_GRANTED: {
    kind: 'not-shared',
    sentence: 'The grant does not cover this class of records.',
  },
  PURPOSE_NOT_GRANTED: { kind: 'not-shared', sentence: 'The grant does not cover this purpose.' },
  PURPOSE_UNKNOWN: { kind: 'usage', sentence: 'Salus does not know this purpose.' },
  RECORD_NOT_GRANTED: { kind: 'not-shared', sentence: 'The grant does not cover this record.' },
  GRANT_BODY_WRONG: {
    kind: 'not-trusted',
    sentence: 'The grant does not match what stands on the ledger.',
  },
  CONDITION_UNKNOWN: {
    kind: 'not-valid',
    sentence: 'The grant has a condition that this version does not know, so it counts as no.',
  },
  REQUEST_STALE: {
    kind: 'not-valid',
    sentence: 'The request was signed more than five minutes from the time of the ledger.',
  },
  REQUEST_REPLAYED: { kind: 'not-trusted', sentence: 'This request was served before.' },
  REQUEST_TOO_MANY: { kind: 'not-valid', sentence: 'A read may name 1,000 records at most.' },

  // Gateway and storage
  UNAUTHENTICATED: { kind: 'not-trusted', sentence: 'Sign in first.' },
  SESSION_EXPIRED: { kind: 'not-trusted', sentence: 'The session has run out; sign in again.' },
  FORBIDDEN: { kind: 'not-shared', sentence: 'This is not yours to do.' },
  NOT_FOUND: {
    kind: 'not-shared',
    sentence: 'There is no such thing, or it is not shared with you.',
  },
  REQUEST_INVALID: {
    kind: 'not-valid',
    sentence: 'The request is not of the form that this address takes.',
  },
  BODY_TOO_LARGE: { kind: 'not-valid', sentence: 'The request is larger than this address takes.' },
  RATE_LIMITED: { kind: 'unavailable', sentence: 'Too many requests; wait a moment.' },
  BLOB_MISMATCH: {
    kind: 'not-valid',
    sentence: 'The bytes do not match the identifier they were sent under.',
  },
  BLOB_UNKNOWN: { kind: 'not-shared', sentence: 'These bytes are not stored here.' },
  BLOB_RANGE: { kind: 'not-valid', sentence: 'The range lies outside the stored bytes.' },
  CAR_INVALID: { kind: 'not-valid', sentence: 'The archive of blobs cannot be read.' },
  QUOTA_EXCEEDED: {
    kind: 'unavailable',
    sentence: 'The room that this account has at its hospital is used up.',
  },
  STORE_BUSY: {
    kind: 'unavailable',
    sentence: 'The store has more waiting than it can take; try again in a moment.',
  },
  STORE_LOCKED: { kind: 'unavailable', sentence: 'Another process is using this store of blobs.' },
  LEAF_MISMATCH: {
    kind: 'not-valid',
    sentence: 'The items do not match what they will be anchored as.',
  },
  INVITATION_INVALID: {
    kind: 'not-trusted',
    sentence: 'This invitation does not hold, or somebody has used it.',
  },
  GATEWAY_UNREACHABLE: { kind: 'unavailable', sentence: 'The hospital cannot be reached.' },
  GATEWAY_LIED: {
    kind: 'verification',
    sentence: 'The hospital answered something that does not verify.',
  },
  REFUSAL_UNKNOWN: {
    kind: 'unavailable',
    sentence:
      'The ledger or server said no with a reason that this version does not know: it is older than what it talks to. Update Salus and try again.',
  },

  // Commands and process
  USAGE: {
    kind: 'usage',
    sentence: 'The command was not understood; --help shows how it is used.',
  },
  PORT_BUSY: { kind: 'unavailable', sentence: 'The port is taken; choose another with --port.' },
  HOME_READ_ONLY: {
    kind: 'unavailable',
    sentence: 'The folder for the data cannot be written to.',
  },
  HOME_INVALID: { kind: 'not-valid', sentence: 'The folder does not hold what Salus left there.' },
  FILE_UNWRITABLE: { kind: 'usage', sentence: 'The file cannot be written there.' },
  HOME_NOT_EMPTY: {
    kind: 'usage',
    sentence: 'The folder is not empty; a backup is restored into a new one.',
  },
  BACKUP_INVALID: {
    kind: 'verification',
    sentence: 'The backup does not hold what its manifest says.',
  },
  NODE_TOO_OLD: { kind: 'unavailable', sentence: 'This Node is too old for Salus.' },
  INTERRUPTED: {
    kind: 'unavailable',
    sentence: 'Stopped before it was done; what was confirmed is kept.',
  },
  STEP_FAILED: { kind: 'fault', sentence: 'A step of the story did not hold.' },
  INTERNAL: { kind: 'fault', sentence: 'Something broke here; the log names it.' },
} as const satisfies Record<string, Entry>;

export type Code = keyof typeof table;

export const catalogue: Readonly<Record<Code, Entry>> = table;

export function isCode(text: string): text is Code {
  return Object.hasOwn(table, text);
}
