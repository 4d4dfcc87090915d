import type { AccountId, BlobId, ConsentId } from '../primitives/ids.ts';

/**
 * What a transaction may say. These are the domain types; `codec.ts` maps them to and from the CBOR
 * arrays of docs/protocol/acts.md: `[number, ...fields]` in the order the fields have here.
 * All times are milliseconds since 1970; empty byte strings stand for "none".
 */
export const roles = [
  'patient',
  'clinician',
  'nurse',
  'pharmacist',
  'lab',
  'insurer',
  'researcher',
  'device',
  'auditor',
  'security-officer',
  'operator',
  'organisation',
] as const;
export type Role = (typeof roles)[number];

export type LogName = 'user' | 'doc';

/**
 * `[suite, ed25519 32, xwing 1216, point 32, recovery 32, proof of the point 64, signature 64]`.
 * `recovery` = SHA-256 of the Ed25519 key derived from the printed code (32 zeros: none). `proof` is a
 * Schnorr proof of knowledge for `point`. `signature` (by ed25519) covers CBOR([first six fields, chain
 * id, organisation, role]) under label identity/sign; what stands there is in identity.ts.
 */
export interface Identity {
  readonly suite: number;
  readonly signKey: Uint8Array;
  readonly kemKey: Uint8Array;
  readonly point: Uint8Array;
  readonly recovery: Uint8Array;
  readonly pointProof: Uint8Array;
  readonly signature: Uint8Array;
}

/** 1 · sender: the enrolling organisation. `account` is not carried: it follows from the identity. */
export interface Enrol {
  readonly kind: 'Enrol';
  readonly identity: Identity;
  readonly role: Role;
  readonly credentialHash: Uint8Array;
}

/** 2 · sender: the account. A frozen account also needs a signature by the recovery key. */
export interface RotateKey {
  readonly kind: 'RotateKey';
  readonly identity: Identity;
  /** The Ed25519 key whose SHA-256 is the account's `recovery`; empty unless it also signs. */
  readonly recoveryKey: Uint8Array;
}

/** 3 · sender: the account or its organisation. Freezes. */
export interface RevokeKey {
  readonly kind: 'RevokeKey';
  readonly account: AccountId;
}

export interface ScheduledEpoch {
  readonly epoch: number;
  /** 0, allowed for the first entry alone, means: from this block. */
  readonly validFromMs: number;
}

/** 4 · sender: the patient. Publishes the key epochs that begin next, and the envelopes that open them. */
export interface KeySet {
  readonly kind: 'KeySet';
  readonly after: number;
  readonly salt: Uint8Array;
  readonly schedule: readonly ScheduledEpoch[];
  readonly keySetBlob: BlobId;
  readonly envelopeSetBlob: BlobId;
}

/** 10 · sender: the patient. */
export interface ConsentGrant {
  readonly kind: 'ConsentGrant';
  readonly consent: ConsentId;
  readonly bodyHash: Uint8Array;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  /** Ed25519 key made for this grant alone, or empty: the grant does not allow writing. */
  readonly writeKey: Uint8Array;
}

/** 11 · sender: the patient. */
export interface ConsentRevoke {
  readonly kind: 'ConsentRevoke';
  readonly consent: ConsentId;
}

/** 20 · sender: the account, by its own key or by the write key of `consent`. */
export interface DataAnchor {
  readonly kind: 'DataAnchor';
  /** Empty string: the owner anchors. */
  readonly consent: ConsentId | '';
  readonly epoch: number;
  readonly root: Uint8Array;
  readonly count: number;
}

/** 21 · as 20, always under a consent with a write key; on Docchain. */
export interface DiagnosisAnchor {
  readonly kind: 'DiagnosisAnchor';
  readonly consent: ConsentId;
  readonly epoch: number;
  readonly root: Uint8Array;
  readonly count: number;
}

export interface AccessEntry {
  readonly consent: ConsentId;
  /** SHA-256(label read/entry ‖ 0x00 ‖ salt 32 ‖ signed request). */
  readonly entryHash: Uint8Array;
}

/** 30 · sender: the serving organisation. Answered with one byte per entry: 1 live, 0 not. */
export interface AccessLog {
  readonly kind: 'AccessLog';
  readonly entries: readonly AccessEntry[];
}

export const batchKinds = ['refusal', 'erased', 'deferred'] as const;
export type BatchKind = (typeof batchKinds)[number];

/** 31 · sender: an organisation; on Docchain. */
export interface BatchAnchor {
  readonly kind: 'BatchAnchor';
  readonly batch: BatchKind;
  readonly root: Uint8Array;
  readonly count: number;
  readonly firstMs: number;
  readonly lastMs: number;
}

export type Act =
  | Enrol
  | RotateKey
  | RevokeKey
  | KeySet
  | ConsentGrant
  | ConsentRevoke
  | DataAnchor
  | DiagnosisAnchor
  | AccessLog
  | BatchAnchor;

export const actNumbers: Readonly<Record<Act['kind'], number>> = {
  Enrol: 1,
  RotateKey: 2,
  RevokeKey: 3,
  KeySet: 4,
  ConsentGrant: 10,
  ConsentRevoke: 11,
  DataAnchor: 20,
  DiagnosisAnchor: 21,
  AccessLog: 30,
  BatchAnchor: 31,
};

/** `body = [suite, type, chain id, log, sender, nonce, validUntilMs, acts]`. */
export interface TxBody {
  readonly suite: number;
  readonly chainId: string;
  readonly log: LogName;
  readonly sender: AccountId;
  readonly nonce: number;
  readonly validUntilMs: number;
  readonly acts: readonly Act[];
}

export interface TxSignature {
  readonly publicKey: Uint8Array;
  readonly signature: Uint8Array;
}

/** `tx = [body, [[public key 32, signature 64]...]]`, 64 KiB at most; id = SHA-256(tx). */
export interface Tx {
  readonly body: TxBody;
  readonly signatures: readonly TxSignature[];
}
