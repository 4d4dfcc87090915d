import {
  type Cbor,
  readArray,
  readBytes,
  readOptionalBytes,
  readText,
  readUint,
} from '../primitives/cbor.ts';
import { assertNever, CodedError } from '../primitives/errors.ts';
import {
  accountIdOf,
  type BlobId,
  type ConsentId,
  consentIdOf,
  idBytes,
  parseBlobId,
} from '../primitives/ids.ts';
import { type Act, actNumbers, type BatchKind, batchKinds, type Role, roles } from './acts.ts';
import { identityFromCbor, identityToCbor } from './identity.ts';

const none = new Uint8Array(0);

/** An act as it travels: `[number, ...fields]`, fields in the order of acts.ts (docs/protocol/acts.md). */
export function actToCbor(act: Act): readonly Cbor[] {
  return [actNumbers[act.kind], ...fieldsOf(act)];
}

function fieldsOf(act: Act): readonly Cbor[] {
  switch (act.kind) {
    case 'Enrol':
      return [identityToCbor(act.identity), act.role, act.credentialHash];
    case 'RotateKey':
      return [identityToCbor(act.identity), act.recoveryKey];
    case 'RevokeKey':
      return [idBytes(act.account)];
    case 'KeySet': {
      const schedule = act.schedule.map(({ epoch, validFromMs }) => [epoch, validFromMs]);
      return [act.after, act.salt, schedule, act.keySetBlob, act.envelopeSetBlob];
    }
    case 'ConsentGrant': {
      const { consent, bodyHash, notBeforeMs, notAfterMs, writeKey } = act;
      return [idBytes(consent), bodyHash, notBeforeMs, notAfterMs, writeKey];
    }
    case 'ConsentRevoke':
      return [idBytes(act.consent)];
    case 'DataAnchor':
    case 'DiagnosisAnchor':
      return [optionalConsentBytes(act.consent), act.epoch, act.root, act.count];
    case 'AccessLog':
      return [act.entries.map(({ consent, entryHash }) => [idBytes(consent), entryHash])];
    case 'BatchAnchor':
      return [act.batch, act.root, act.count, act.firstMs, act.lastMs];
    default:
      return assertNever(act);
  }
}

/** Throws CBOR_SHAPE, TYPE_UNKNOWN, SUITE_UNKNOWN, ROLE_UNKNOWN, BATCH_KIND, ID_FORMAT. */
export function actFromCbor(value: Cbor | undefined): Act {
  const [number, ...fields] = readArray(value, 'act');
  const kind = kindOfNumber.get(readUint(number, 'act'));
  if (kind === undefined) throw new CodedError('TYPE_UNKNOWN', { field: 'act' });
  if (fields.length !== fieldCounts[kind]) throw new CodedError('CBOR_SHAPE', { field: kind });
  return decoders[kind](fields);
}

const kindOfNumber = new Map<number, Act['kind']>([
  [1, 'Enrol'],
  [2, 'RotateKey'],
  [3, 'RevokeKey'],
  [4, 'KeySet'],
  [10, 'ConsentGrant'],
  [11, 'ConsentRevoke'],
  [20, 'DataAnchor'],
  [21, 'DiagnosisAnchor'],
  [30, 'AccessLog'],
  [31, 'BatchAnchor'],
]);

const fieldCounts: Readonly<Record<Act['kind'], number>> = {
  Enrol: 3,
  RotateKey: 2,
  RevokeKey: 1,
  KeySet: 5,
  ConsentGrant: 5,
  ConsentRevoke: 1,
  DataAnchor: 4,
  DiagnosisAnchor: 4,
  AccessLog: 1,
  BatchAnchor: 5,
};

type Fields = readonly Cbor[];

const decoders: {
  readonly [Kind in Act['kind']]: (fields: Fields) => Extract<Act, { kind: Kind }>;
} = {
  Enrol: (fields) => ({
    kind: 'Enrol',
    identity: identityFromCbor(fields[0]),
    role: readRole(fields[1]),
    credentialHash: readBytes(fields[2], 'credentialHash', 32),
  }),
  RotateKey: (fields) => ({
    kind: 'RotateKey',
    identity: identityFromCbor(fields[0]),
    recoveryKey: readOptionalBytes(fields[1], 'recoveryKey', 32),
  }),
  RevokeKey: (fields) => ({
    kind: 'RevokeKey',
    account: accountIdOf(readBytes(fields[0], 'account', 32)),
  }),
  KeySet: (fields) => ({
    kind: 'KeySet',
    after: readUint(fields[0], 'after'),
    salt: readBytes(fields[1], 'salt', 16),
    schedule: readArray(fields[2], 'schedule').map((entry) => {
      const pair = readArray(entry, 'scheduled epoch', 2);
      return { epoch: readUint(pair[0], 'epoch'), validFromMs: readUint(pair[1], 'validFromMs') };
    }),
    keySetBlob: readBlobId(fields[3]),
    envelopeSetBlob: readBlobId(fields[4]),
  }),
  ConsentGrant: (fields) => ({
    kind: 'ConsentGrant',
    consent: readConsent(fields[0]),
    bodyHash: readBytes(fields[1], 'bodyHash', 32),
    notBeforeMs: readUint(fields[2], 'notBeforeMs'),
    notAfterMs: readUint(fields[3], 'notAfterMs'),
    writeKey: readOptionalBytes(fields[4], 'writeKey', 32),
  }),
  ConsentRevoke: (fields) => ({ kind: 'ConsentRevoke', consent: readConsent(fields[0]) }),
  DataAnchor: (fields) => ({
    kind: 'DataAnchor',
    consent: readOptionalConsent(fields[0]),
    ...anchorOf(fields),
  }),
  DiagnosisAnchor: (fields) => ({
    kind: 'DiagnosisAnchor',
    consent: readConsent(fields[0]),
    ...anchorOf(fields),
  }),
  AccessLog: (fields) => ({
    kind: 'AccessLog',
    entries: readArray(fields[0], 'entries').map((entry) => {
      const pair = readArray(entry, 'entry', 2);
      return { consent: readConsent(pair[0]), entryHash: readBytes(pair[1], 'entryHash', 32) };
    }),
  }),
  BatchAnchor: (fields) => ({
    kind: 'BatchAnchor',
    batch: readBatchKind(fields[0]),
    root: readBytes(fields[1], 'root', 32),
    count: readUint(fields[2], 'count'),
    firstMs: readUint(fields[3], 'firstMs'),
    lastMs: readUint(fields[4], 'lastMs'),
  }),
};

function anchorOf(fields: Fields): { epoch: number; root: Uint8Array; count: number } {
  return {
    epoch: readUint(fields[1], 'epoch'),
    root: readBytes(fields[2], 'root', 32),
    count: readUint(fields[3], 'count'),
  };
}

/** Throws ROLE_UNKNOWN. */
export function readRole(value: Cbor | undefined): Role {
  const text = readText(value, 'role', 32);
  const role = roles.find((known) => known === text);
  if (role === undefined) throw new CodedError('ROLE_UNKNOWN');
  return role;
}

/** Throws BATCH_KIND. */
export function readBatchKind(value: Cbor | undefined): BatchKind {
  const text = readText(value, 'batch', 32);
  const kind = batchKinds.find((known) => known === text);
  if (kind === undefined) throw new CodedError('BATCH_KIND');
  return kind;
}

export function readBlobId(value: Cbor | undefined): BlobId {
  return parseBlobId(readText(value, 'blob', 59));
}

export function readConsent(value: Cbor | undefined): ConsentId {
  return consentIdOf(readBytes(value, 'consent', 16));
}

export function readOptionalConsent(value: Cbor | undefined): ConsentId | '' {
  const bytes = readOptionalBytes(value, 'consent', 16);
  return bytes.length === 0 ? '' : consentIdOf(bytes);
}

export function optionalConsentBytes(consent: ConsentId | ''): Uint8Array {
  return consent === '' ? none : idBytes(consent);
}
