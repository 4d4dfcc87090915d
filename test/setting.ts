import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BatchAnchor } from '../src/ledger/acts/batch-anchor.ts';
import type { ConsentGrant } from '../src/ledger/acts/consent-grant.ts';
import type { DataAnchor } from '../src/ledger/acts/data-anchor.ts';
import type { DiagnosisAnchor } from '../src/ledger/acts/diagnosis-anchor.ts';
import type { LogProfile } from '../src/ledger/acts/log-profile.ts';
import type { GenesisLog } from '../src/ledger/genesis.ts';
import type { Act } from '../src/ledger/protocol.ts';
import { recoveryHash } from '../src/ledger/recovery.ts';
import {
  type Answer,
  accountOf,
  bytesOf,
  codeKemHash,
  consentOf,
  day,
  enrolAct,
  identityOf,
  keySetAct,
  minute,
  type Sent,
  t0,
  World,
} from './world.ts';

export const recoveryKey = bytesOf('ana recovery');
export const writeKey = bytesOf('write key');
export const weakKey = new Uint8Array(32);

export function grantOf(name: string, change: Partial<ConsentGrant> = {}): ConsentGrant {
  return {
    kind: 'ConsentGrant',
    consent: consentOf(name),
    bodyHash: bytesOf(`${name} body`),
    notBeforeMs: t0,
    notAfterMs: t0 + 30 * day,
    writeKey: new Uint8Array(0),
    ...change,
  };
}

/** Ana, with keys and three grants; a doctor; the hospital that enrolled both. */
export function setting(logs?: readonly GenesisLog[]): World {
  const world = new World(logs);
  world.mustSend({
    from: 'hospital',
    acts: [
      enrolAct('ana', 'patient', recoveryKey),
      enrolAct('eve', 'patient'),
      enrolAct('doctor', 'clinician'),
    ],
  });
  world.mustSend({
    from: 'ana',
    acts: [
      grantOf('reading'),
      grantOf('writing', { writeKey }),
      grantOf('later', { notBeforeMs: t0 + 10 * day, writeKey: bytesOf('later key') }),
      grantOf('short', { notAfterMs: t0 + day, writeKey: bytesOf('short key') }),
      keySetAct(0, [0, t0 + day, t0 + 2 * day]),
    ],
  });
  world.mustSend({ from: 'ana', acts: [grantOf('revoked', { writeKey: bytesOf('revoked key') })] });
  return world.mustSend({
    from: 'ana',
    acts: [{ kind: 'ConsentRevoke', consent: consentOf('revoked') }],
  });
}

/** name, what is sent, the answer, at which block time (else: now), after which preparation. */
export type Row = readonly [
  name: string,
  sent: Sent,
  expected: Answer,
  timeMs?: number | undefined,
  prepare?: (world: World) => unknown,
];

export function table(kind: string, rows: readonly Row[], logs?: readonly GenesisLog[]): void {
  for (const [name, sent, expected, timeMs, prepare] of rows) {
    test(`${kind}, ${name}: ${expected}`, () => {
      const world = setting(logs);
      prepare?.(world);
      if (timeMs !== undefined) world.timeMs = timeMs - 1_000;
      assert.equal(world.send(sent, timeMs).answer, expected);
    });
  }
}

export const freeze = (name: string) => (world: World) =>
  world.mustSend({ from: 'hospital', acts: [{ kind: 'RevokeKey', account: accountOf(name) }] });

export const fromHospital = (act: Act, change: Partial<Sent> = {}): Sent => ({
  from: 'hospital',
  acts: [act],
  ...change,
});
export const fromAna = (act: Act, change: Partial<Sent> = {}): Sent => ({
  from: 'ana',
  acts: [act],
  ...change,
});

export const underGrant = { keys: [writeKey], nonce: 1 };
export const anchorUnder = (consent: string, change: Partial<DataAnchor> = {}): DataAnchor => ({
  kind: 'DataAnchor',
  consent: consent === '' ? '' : consentOf(consent),
  epoch: 1,
  root: bytesOf('root'),
  count: 3,
  ...change,
});
export const rotate = (
  name: string,
  change: Partial<Extract<Act, { kind: 'RotateKey' }>> = {},
): Act => ({
  kind: 'RotateKey',
  identity: identityOf(name, recoveryKey),
  recoveryKey: new Uint8Array(0),
  codeKemHash: change.recoveryKey === undefined ? new Uint8Array(0) : codeKemHash,
  endGrantsFrom: 0,
  ...change,
});
/** Ana comes back by her printed code: signed by it alone, with its own number. */
export const recovers = (
  name: string,
  nonce: number,
  change: Partial<Extract<Act, { kind: 'RotateKey' }>> = {},
): Sent => ({
  from: 'ana',
  acts: [rotate(name, { recoveryKey, ...change })],
  keys: [recoveryKey],
  nonce,
});
export const newCode: Uint8Array = recoveryHash(bytesOf('new code'), codeKemHash);
export const recoveryChange = (recovery = newCode): Act => ({ kind: 'RecoveryChange', recovery });
export const recoveryStop = (hash: Uint8Array = new Uint8Array(0), recovery = newCode): Act => ({
  kind: 'RecoveryStop',
  recovery,
  codeKemHash: hash,
});
export const newWriteKey = (consent: string, key = bytesOf('another write key')): Act => ({
  kind: 'WriteKey',
  consent: consentOf(consent),
  writeKey: key,
});
export const anaKey = identityOf('ana').signKey;
export const revokeOf = (name: string): Act => ({ kind: 'RevokeKey', account: accountOf(name) });
export const revoke = (name: string): Act => ({ kind: 'ConsentRevoke', consent: consentOf(name) });
export const now = t0 + 10 * minute;
export const diagnosis = (consent: string): DiagnosisAnchor => ({
  ...anchorUnder(consent),
  kind: 'DiagnosisAnchor',
  consent: consentOf(consent),
});
export const looksAt = (...names: readonly string[]): Act => ({
  kind: 'AccessLog',
  entries: names.map((name) => ({ consent: consentOf(name), entryHash: bytesOf(`look ${name}`) })),
});
export const batchOf = (change: Partial<BatchAnchor> = {}): Act => ({
  kind: 'BatchAnchor',
  batch: 'refusal',
  root: bytesOf('batch'),
  count: 2,
  firstMs: t0,
  lastMs: t0 + 1,
  ...change,
});
/** All that the user log takes by genesis, and one act more. */
/** Of no version that there is. */
export const unknownAct = 250;
export const profileOf = (change: Partial<LogProfile> = {}): LogProfile => ({
  kind: 'LogProfile',
  profile: 'user',
  acts: [1, 2, 3, 4, 10, 11, 20, 30, unknownAct],
  version: 1,
  fromHeight: 20,
  approvals: [approvalOf('hospital')],
  ...change,
});
export const approvalOf = (name: string, signKey = identityOf(name).signKey) => ({
  organisation: accountOf(name),
  signKey,
  signature: new Uint8Array(64),
});

/**
 * One act of every kind of the spine, as it is found in a transaction: what a test says of all acts, it says
 * of these. A wing's acts are in its own tests.
 */
export const oneOfEach: readonly Act[] = [
  enrolAct('bob', 'patient'),
  rotate('other'),
  revokeOf('nobody'),
  keySetAct(0),
  recoveryChange(),
  recoveryStop(),
  grantOf('new', { writeKey }),
  revoke('reading'),
  newWriteKey('writing'),
  anchorUnder(''),
  diagnosis('writing'),
  looksAt('reading', 'writing'),
  batchOf(),
  profileOf(),
];
