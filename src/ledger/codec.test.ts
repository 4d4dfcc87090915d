import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { grantOf, oneOfEach, revoke, rotate } from '../../test/setting.ts';
import { accountOf, bytesOf, enrolAct, identityOf, t0 } from '../../test/world.ts';
import { labelledHash, sha256 } from '../crypto/hash.ts';
import { labels } from '../crypto/labels.ts';
import { equalBytes, utf8 } from '../primitives/bytes.ts';
import { type Cbor, decodeCbor, encodeCbor } from '../primitives/cbor.ts';
import { type CodedError, isCoded } from '../primitives/errors.ts';
import { idBytes } from '../primitives/ids.ts';
import { ledgerWings } from '../wings/ledger.ts';
import { decodeTx, encodeTx, encodeTxBody, txIdOfBytes } from './codec.ts';
import { maxTxBytes } from './genesis.ts';
import { accountIdOfKey, identity as identityShape, identitySignedBytes } from './identity.ts';
import { readIncomingTx } from './incoming.ts';
import { suite } from './object-types.ts';
import { type Act, actNumber, acts, moduleOf, moduleOfNumber } from './protocol.ts';
import { requirementsOf } from './requirements-of.ts';
import type { Tx } from './tx.ts';
import type { LedgerWing } from './wing.ts';

const txOf = (listed: readonly Act[], change: Partial<Tx['body']> = {}): Tx => ({
  body: {
    suite,
    chainId: 'salus-test-1',
    log: 'user',
    sender: accountOf('ana'),
    nonce: 7,
    validUntilMs: t0,
    acts: listed,
    ...change,
  },
  signatures: [{ publicKey: bytesOf('key'), signature: new Uint8Array(64).fill(9) }],
});

test('every kind of act is written in the order of its fields and read back as it was', () => {
  const ofWings = new Set<unknown>(ledgerWings.flatMap((wing: LedgerWing) => wing.acts));
  assert.deepEqual(
    oneOfEach.map(({ kind }) => kind),
    acts.filter((act) => !ofWings.has(act)).map(({ kind }) => kind),
  );
  for (const act of oneOfEach) {
    const [number, ...fields] = list(decodeCbor(encodeCbor(moduleOf(act).toCbor(act))));
    assert.equal(number, actNumber(act.kind));
    assert.deepEqual(moduleOfNumber(actNumber(act.kind))?.fromCbor(fields), act);
  }
});

test('a transaction is read back as it was, and its id is the hash of its bytes', () => {
  const tx = txOf(oneOfEach);
  const bytes = encodeTx(tx);
  assert.deepEqual(decodeTx(bytes), tx);
  assert.equal(txIdOfBytes(bytes), Buffer.from(sha256(bytes)).toString('hex'));
});

test('the bytes of a grant stand where the protocol says', () => {
  const grant = grantOf('one', { writeKey: bytesOf('key') });
  const { notBeforeMs, notAfterMs, bodyHash, writeKey, consent } = grant;
  const cbor = [10, idBytes(consent), bodyHash, notBeforeMs, notAfterMs, writeKey];
  const sender = idBytes(accountOf('ana'));
  const body: Cbor = [2, 1, 'salus-test-1', 'user', sender, 7, t0, [cbor]];
  assert.deepEqual(encodeTxBody(txOf([grant]).body), encodeCbor(body));
});

test('whatever bytes come in, they are refused or are the one encoding of what was read', () => {
  const valid = encodeTx(txOf(oneOfEach.slice(2)));
  const mutated = fc.tuple(fc.nat(valid.length - 1), fc.nat(255)).map(([at, byte]) => {
    const bytes = valid.slice();
    bytes[at] = byte;
    return bytes;
  });
  const cut = fc.nat(valid.length).map((length) => valid.slice(0, length));
  fc.assert(
    fc.property(fc.oneof(mutated, cut, fc.uint8Array({ maxLength: 200 })), (bytes) => {
      const incoming = readIncomingTx(bytes, maxTxBytes);
      if (!('tx' in incoming)) return;
      assert.ok(equalBytes(encodeTx(incoming.tx), bytes));
      assert.ok(equalBytes(encodeTxBody(incoming.tx.body), incoming.body));
    }),
    { numRuns: 1_500 },
  );
});

type Change = (fields: Cbor[], body: Cbor[]) => Cbor;
for (const [name, code, change] of [
  ['a field more', 'CBOR_SHAPE', (fields) => [...fields, 0]],
  ['no signature', 'CBOR_SHAPE', ([body]) => [body ?? 0, []]],
  ['three signatures', 'CBOR_SHAPE', ([b, s]) => [b ?? 0, [...list(s), ...list(s), ...list(s)]]],
  ['a short key', 'CBOR_SHAPE', ([b]) => [b ?? 0, [[new Uint8Array(31), new Uint8Array(64)]]]],
  ['another suite', 'SUITE_UNKNOWN', ([, s], body) => [body.with(0, 1), s ?? 0]],
  ['another type', 'TYPE_UNKNOWN', ([, s], body) => [body.with(1, 2), s ?? 0]],
  ['a long chain id', 'CBOR_SHAPE', ([, s], body) => [body.with(2, 'c'.repeat(51)), s ?? 0]],
  ['another log', 'CBOR_SHAPE', ([, s], body) => [body.with(3, 'log'), s ?? 0]],
  ['a short sender', 'CBOR_SHAPE', ([, s], body) => [body.with(4, new Uint8Array(31)), s ?? 0]],
  ['a nonce of text', 'CBOR_SHAPE', ([, s], body) => [body.with(5, '1'), s ?? 0]],
  ['no act', 'CBOR_SHAPE', ([, s], body) => [body.with(7, []), s ?? 0]],
  ['17 acts', 'CBOR_SHAPE', ([, s], body) => [body.with(7, new Array(17).fill(act1())), s ?? 0]],
  ['an unknown act', 'TYPE_UNKNOWN', ([, s], body) => [body.with(7, [[79, 0]]), s ?? 0]],
  ['an act with a field more', 'CBOR_SHAPE', ([, s], b) => [b.with(7, [[...act1(), 0]]), s ?? 0]],
  [
    'an unknown batch',
    'BATCH_KIND',
    ([, s], b) => [b.with(7, [[31, 'x', sha256(), 1, 1, 1]]), s ?? 0],
  ],
  [
    'an unknown role',
    'ROLE_UNKNOWN',
    ([, s], b) => [
      b.with(7, [[1, identityShape.encode(identityOf('x')), 'king', sha256()]]),
      s ?? 0,
    ],
  ],
  [
    'a blob id of another form',
    'ID_FORMAT',
    ([, s], b) => [b.with(7, [[4, 0, new Uint8Array(16), [], 'Qm', 'Qm']]), s ?? 0],
  ],
] as const satisfies readonly (readonly [string, CodedError['code'], Change])[]) {
  test(`a transaction with ${name} is refused: ${code}`, () => {
    const fields = decodeCbor(encodeTx(txOf([revoke('one')])));
    assert.ok(Array.isArray(fields));
    const bytes = encodeCbor(change([...fields], [...list(fields[0])]));
    assert.throws(
      () => decodeTx(bytes),
      (error) => isCoded(error, code),
    );
  });
}

function list(value: Cbor | undefined): Cbor[] {
  return Array.isArray(value) ? [...value] : [];
}
function act1(): readonly Cbor[] {
  const act = revoke('one');
  return moduleOf(act).toCbor(act);
}

test('a transaction of more than 64 KiB is refused before it is decoded', () => {
  assert.throws(
    () => decodeTx(new Uint8Array(maxTxBytes + 1)),
    (error) => isCoded(error, 'TX_TOO_LARGE'),
  );
});

test('an account is named by suite and first signing key', () => {
  const { signKey } = identityOf('ana');
  const expected = labelledHash(labels.accountId, encodeCbor([suite, signKey]));
  assert.deepEqual(idBytes(accountIdOfKey(suite, signKey)), expected);
});

test('an identity is signed for one chain, one organisation and one role', () => {
  const identity = identityOf('ana');
  const hospital = accountOf('hospital');
  const signed = (chain: string, organisation: typeof hospital, role: 'patient' | 'device') =>
    identitySignedBytes(identity, chain, organisation, role);
  const one = signed('a', hospital, 'patient');
  assert.deepEqual(one, signed('a', hospital, 'patient'));
  for (const other of [
    signed('b', hospital, 'patient'),
    signed('a', accountOf('archive'), 'patient'),
    signed('a', hospital, 'device'),
  ]) {
    assert.notDeepEqual(other, one);
  }
  const fields = identityShape.encode(identity).slice(0, 6);
  assert.deepEqual(one, encodeCbor([...fields, 'a', idBytes(hospital), 'patient']));
});

test('a transaction demands its own signatures, and of every identity a signature and a proof', () => {
  const tx = txOf([enrolAct('ana', 'patient'), revoke('one'), rotate('ana two')]);
  const required = requirementsOf(tx);
  assert.deepEqual(required.tx, [
    { kind: 'signature', label: labels.txSign, bytes: encodeTxBody(tx.body), ...tx.signatures[0] },
  ]);
  assert.deepEqual([...required.acts.keys()], [0, 2]);
  const kinds = [...required.acts.values()].map((list) => list.map(({ kind }) => kind));
  assert.deepEqual(kinds, [
    ['signature', 'point-proof'],
    ['signature', 'point-proof'],
  ]);
  const [enrolled] = required.acts.get(0) ?? [];
  assert.ok(enrolled?.kind === 'signature');
  assert.equal(enrolled.label, labels.identitySign);
  const { chainId, sender } = tx.body;
  const expected = identitySignedBytes(identityOf('ana'), chainId, sender, 'patient');
  assert.deepEqual(enrolled.bytes, expected);
  assert.notDeepEqual(utf8(labels.txSign), utf8(labels.identitySign));
});
