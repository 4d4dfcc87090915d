import assert from 'node:assert/strict';
import { sha256 } from '../src/crypto/hash.ts';
import type { Act } from '../src/ledger/protocol.ts';
import { utf8 } from '../src/primitives/bytes.ts';
import { accountIdOf } from '../src/primitives/ids.ts';
import { makeBody, makePerson, signTx } from './builders.ts';

/** Transactions that the ledger's own rules accept in their order, and some that they refuse: what engines are tried with. */
export const startMs = Date.now();
const untilMs = startMs + 60 * 60_000;
export const hospitals = await Promise.all(
  ['north', 'harbour', 'valley'].map((name) => makePerson(name, 'organisation')),
);
const [north] = hospitals;
assert.ok(north !== undefined);
export const ana = await makePerson('ana', 'patient', north.account);

/** The n-th transaction of a series: the hospitals take turns, each with its own numbers. */
export function byHospital(
  n: number,
  acts: readonly Act[],
  log: 'user' | 'doc' = 'user',
  from = 1,
) {
  const hospital = hospitals[n % hospitals.length] ?? assert.fail();
  const nonce = from + Math.floor(n / hospitals.length);
  return signTx({ ...makeBody(hospital.account, nonce, untilMs, acts), log }, hospital.key);
}

const enrol: Act = {
  kind: 'Enrol',
  identity: ana.identity,
  role: 'patient',
  credentialHash: new Uint8Array(32),
};
const batch = (n: number): Act => ({
  kind: 'BatchAnchor',
  batch: 'refusal',
  root: sha256(utf8(`batch ${n}`)),
  count: 1,
  firstMs: startMs - 2,
  lastMs: startMs - 1,
});
const nobody: Act = { kind: 'RevokeKey', account: accountIdOf(sha256(utf8('nobody'))) };

export const accepted = await Promise.all(
  Array.from({ length: 300 }, (_, n) =>
    n === 0 ? byHospital(0, [enrol]) : byHospital(n, [batch(n)], 'doc'),
  ),
);
export const refused = await Promise.all(
  [0, 1, 2].map((n) => byHospital(n, [nobody], 'user', 900)),
);
