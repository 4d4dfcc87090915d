import { bytesToHex, concatBytes, hexToBytes, utf8 } from '../primitives/bytes.ts';
import type { Cbor } from '../primitives/cbor.ts';
import {
  decodeCbor,
  encodeCbor,
  readArray,
  readBoolean,
  readBytes,
  readOptionalBytes,
  readText,
  readUint,
} from '../primitives/cbor.ts';
import { CodedError } from '../primitives/errors.ts';
import {
  type AccountId,
  accountIdOf,
  type BlobId,
  type ConsentId,
  idBytes,
} from '../primitives/ids.ts';
import {
  optionalConsentBytes,
  readBatchKind,
  readBlobId,
  readOptionalConsent,
  readRole,
} from './act-codec.ts';
import type { BatchKind, Identity, LogName, Role, ScheduledEpoch } from './acts.ts';
import { readLogName } from './codec.ts';
import { type OrganisationRight, readRight } from './genesis.ts';
import { identityFromCbor, identityToCbor } from './identity.ts';
import { freshWindow, type NonceWindow } from './nonce-window.ts';

/** What a transaction of the account touches: small, so that an act rewrites one short row. */
export interface Account {
  readonly role: Role;
  /** The organisation that enrolled it; an organisation names itself. */
  readonly organisation: AccountId;
  readonly frozen: boolean;
  readonly enrolledHeight: number;
  /** The key that signs its transactions now; the whole identity is in `keys`. */
  readonly signKey: Uint8Array;
  readonly window: NonceWindow;
  /** The highest epoch ever scheduled; 0: no KeySet yet. */
  readonly highestEpoch: number;
  /** `after` of the newest KeySet: with the account, the key of its row in `keysets`. */
  readonly newestKeySet: number;
  /** The running epoch and those that have not begun, by rising number: 17 at most. */
  readonly schedule: readonly (ScheduledEpoch & { readonly keySet: number })[];
}

/** From genesis: where the organisation's gateway answers, and what it may send. */
export interface Organisation {
  readonly name: string;
  readonly url: string;
  readonly rights: readonly OrganisationRight[];
}

/** The directory: every identity the account ever had, oldest first. */
export interface Keys {
  readonly credentialHash: Uint8Array;
  /** `untilHeight` 0: in use. A key counts from the transactions of `fromHeight` on. */
  readonly identities: readonly {
    readonly identity: Identity;
    readonly fromHeight: number;
    readonly untilHeight: number;
  }[];
}

/** One KeySet, kept for ever: readers need the salts and blobs of epochs that have passed. */
export interface StoredKeySet {
  /** `after` of the KeySet before this one (0 in the first, whose own `after` is 0 too). */
  readonly previous: number;
  readonly salt: Uint8Array;
  /** With a first time of 0 replaced by the block time. An epoch ran if it began before the next KeySet. */
  readonly schedule: readonly ScheduledEpoch[];
  readonly keySetBlob: BlobId;
  readonly envelopeSetBlob: BlobId;
  readonly height: number;
  readonly timeMs: number;
}

export interface Consent {
  readonly account: AccountId;
  readonly bodyHash: Uint8Array;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  /** Empty: no writing under this grant. */
  readonly writeKey: Uint8Array;
  readonly grantedHeight: number;
  /** 0: not revoked. */
  readonly revokedHeight: number;
  /** How often the grant was served, and the hash chain over the entries: docs/protocol/consent.md C-8. */
  readonly looks: number;
  readonly lookChain: Uint8Array;
  /** Numbers used by the write key. */
  readonly window: NonceWindow;
}

export interface Anchor {
  /** '' : the owner anchored. */
  readonly consent: ConsentId | '';
  readonly epoch: number;
  readonly count: number;
  readonly height: number;
  readonly timeMs: number;
  readonly log: LogName;
}

export interface Batch {
  readonly batch: BatchKind;
  readonly count: number;
  readonly firstMs: number;
  readonly lastMs: number;
  readonly height: number;
}

/** Table name to row. Ids are lower-case hex: composite ones are the parts one after the other. */
export interface Tables {
  /** account */
  readonly accounts: Account;
  /** account */
  readonly organisations: Organisation;
  /** account */
  readonly keys: Keys;
  /** account ‖ `after` as 8 bytes, big-endian: `keySetRowId` */
  readonly keysets: StoredKeySet;
  /** consent */
  readonly consents: Consent;
  /** account ‖ root: `anchorRowId` */
  readonly anchors: Anchor;
  /** organisation ‖ root: `anchorRowId` */
  readonly batches: Batch;
}
export type TableName = keyof Tables;

export function keySetRowId(account: AccountId, after: number): string {
  return account + after.toString(16).padStart(16, '0');
}

export function anchorRowId(account: AccountId, root: Uint8Array): string {
  return account + bytesToHex(root);
}

/** The key of a row in the state tree: table name ‖ '/' ‖ id bytes. Throws ID_FORMAT. */
export function stateKey(table: string, id: string | Uint8Array): Uint8Array {
  const bytes = typeof id === 'string' ? hexToBytes(id) : id;
  if (bytes === undefined) throw new CodedError('ID_FORMAT', { field: 'id' });
  return concatBytes(heads.get(table) ?? utf8(`${table}/`), bytes);
}

/** The row as the state tree holds it. Source: docs/protocol/state.md, rule ST-2. */
export function encodeRow<Name extends TableName>(table: Name, row: Tables[Name]): Uint8Array {
  return encodeCbor(codecs[table].toCbor(row));
}

/** Throws CBOR_INVALID, CBOR_SHAPE, ID_FORMAT, ROLE_UNKNOWN, BATCH_KIND, SUITE_UNKNOWN. */
export function decodeRow<Name extends TableName>(table: Name, bytes: Uint8Array): Tables[Name] {
  return codecs[table].fromCbor(decodeCbor(bytes));
}

interface RowCodec<Row> {
  toCbor(row: Row): readonly Cbor[];
  fromCbor(value: Cbor): Row;
}

const codecs: { readonly [Name in TableName]: RowCodec<Tables[Name]> } = {
  accounts: {
    toCbor: (row) => [
      row.role,
      idBytes(row.organisation),
      row.frozen,
      row.enrolledHeight,
      row.signKey,
      windowToCbor(row.window),
      row.highestEpoch,
      row.newestKeySet,
      row.schedule.map(({ epoch, validFromMs, keySet }) => [epoch, validFromMs, keySet]),
    ],
    fromCbor: (value) => {
      const fields = readArray(value, 'account', 9);
      return {
        role: readRole(fields[0]),
        organisation: accountIdOf(readBytes(fields[1], 'organisation', 32)),
        frozen: readBoolean(fields[2], 'frozen'),
        enrolledHeight: readUint(fields[3], 'enrolledHeight'),
        signKey: readBytes(fields[4], 'signKey', 32),
        window: windowFromCbor(fields[5]),
        highestEpoch: readUint(fields[6], 'highestEpoch'),
        newestKeySet: readUint(fields[7], 'newestKeySet'),
        schedule: readArray(fields[8], 'schedule').map((entry) => {
          const [epoch, validFromMs, keySet] = readArray(entry, 'scheduled epoch', 3);
          return {
            epoch: readUint(epoch, 'epoch'),
            validFromMs: readUint(validFromMs, 'validFromMs'),
            keySet: readUint(keySet, 'keySet'),
          };
        }),
      };
    },
  },
  organisations: {
    toCbor: (row) => [row.name, row.url, row.rights],
    fromCbor: (value) => {
      const fields = readArray(value, 'organisation', 3);
      return {
        name: readText(fields[0], 'name'),
        url: readText(fields[1], 'url'),
        rights: readArray(fields[2], 'rights').map(readRight),
      };
    },
  },
  keys: {
    toCbor: (row) => [
      row.credentialHash,
      row.identities.map(({ identity, fromHeight, untilHeight }) => [
        identityToCbor(identity),
        fromHeight,
        untilHeight,
      ]),
    ],
    fromCbor: (value) => {
      const fields = readArray(value, 'keys', 2);
      return {
        credentialHash: readBytes(fields[0], 'credentialHash', 32),
        identities: readArray(fields[1], 'identities').map((entry) => {
          const [identity, fromHeight, untilHeight] = readArray(entry, 'identity', 3);
          return {
            identity: identityFromCbor(identity),
            fromHeight: readUint(fromHeight, 'fromHeight'),
            untilHeight: readUint(untilHeight, 'untilHeight'),
          };
        }),
      };
    },
  },
  keysets: {
    toCbor: (row) => [
      row.previous,
      row.salt,
      row.schedule.map(({ epoch, validFromMs }) => [epoch, validFromMs]),
      row.keySetBlob,
      row.envelopeSetBlob,
      row.height,
      row.timeMs,
    ],
    fromCbor: (value) => {
      const fields = readArray(value, 'key set', 7);
      return {
        previous: readUint(fields[0], 'previous'),
        salt: readBytes(fields[1], 'salt', 16),
        schedule: readArray(fields[2], 'schedule').map((entry) => {
          const [epoch, validFromMs] = readArray(entry, 'scheduled epoch', 2);
          return {
            epoch: readUint(epoch, 'epoch'),
            validFromMs: readUint(validFromMs, 'validFromMs'),
          };
        }),
        keySetBlob: readBlobId(fields[3]),
        envelopeSetBlob: readBlobId(fields[4]),
        height: readUint(fields[5], 'height'),
        timeMs: readUint(fields[6], 'timeMs'),
      };
    },
  },
  consents: {
    toCbor: (row) => [
      idBytes(row.account),
      row.bodyHash,
      row.notBeforeMs,
      row.notAfterMs,
      row.writeKey,
      row.grantedHeight,
      row.revokedHeight,
      row.looks,
      row.lookChain,
      windowToCbor(row.window),
    ],
    fromCbor: (value) => {
      const fields = readArray(value, 'consent', 10);
      return {
        account: accountIdOf(readBytes(fields[0], 'account', 32)),
        bodyHash: readBytes(fields[1], 'bodyHash', 32),
        notBeforeMs: readUint(fields[2], 'notBeforeMs'),
        notAfterMs: readUint(fields[3], 'notAfterMs'),
        writeKey: readOptionalBytes(fields[4], 'writeKey', 32),
        grantedHeight: readUint(fields[5], 'grantedHeight'),
        revokedHeight: readUint(fields[6], 'revokedHeight'),
        looks: readUint(fields[7], 'looks'),
        lookChain: readBytes(fields[8], 'lookChain', 32),
        window: windowFromCbor(fields[9]),
      };
    },
  },
  anchors: {
    toCbor: (row) => [
      optionalConsentBytes(row.consent),
      row.epoch,
      row.count,
      row.height,
      row.timeMs,
      row.log,
    ],
    fromCbor: (value) => {
      const fields = readArray(value, 'anchor', 6);
      return {
        consent: readOptionalConsent(fields[0]),
        epoch: readUint(fields[1], 'epoch'),
        count: readUint(fields[2], 'count'),
        height: readUint(fields[3], 'height'),
        timeMs: readUint(fields[4], 'timeMs'),
        log: readLogName(fields[5]),
      };
    },
  },
  batches: {
    toCbor: (row) => [row.batch, row.count, row.firstMs, row.lastMs, row.height],
    fromCbor: (value) => {
      const fields = readArray(value, 'batch', 5);
      return {
        batch: readBatchKind(fields[0]),
        count: readUint(fields[1], 'count'),
        firstMs: readUint(fields[2], 'firstMs'),
        lastMs: readUint(fields[3], 'lastMs'),
        height: readUint(fields[4], 'height'),
      };
    },
  },
};

/** The beginning of every key of a table; encoded once, for each transaction makes a dozen keys. */
const heads: ReadonlyMap<string, Uint8Array> = new Map(
  Object.keys(codecs).map((table) => [table, utf8(`${table}/`)]),
);

/** `[top, used]`; `used` is empty when no bit is set, so that a fresh window costs a byte or two. */
function windowToCbor({ top, used }: NonceWindow): readonly Cbor[] {
  return [top, used.every((byte) => byte === 0) ? new Uint8Array(0) : used];
}

function windowFromCbor(value: Cbor | undefined): NonceWindow {
  const fields = readArray(value, 'window', 2);
  const used = readOptionalBytes(fields[1], 'used', 32);
  return { top: readUint(fields[0], 'top'), used: used.length === 0 ? freshWindow.used : used };
}
