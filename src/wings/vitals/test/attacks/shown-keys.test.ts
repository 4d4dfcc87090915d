import assert from 'node:assert/strict';
import { test } from 'node:test';
import { accountOf } from '../../../../../test/world.ts';
import { u32be } from '../../../../primitives/bytes.ts';
import { isCoded } from '../../../../primitives/errors.ts';
import { idBytes } from '../../../../primitives/ids.ts';
import { encodeAs } from '../../../../primitives/shape.ts';
import { keyWord, paillierKeyId } from '../../api/encrypted-answer.ts';
import { paillierKey } from '../../api/paillier-key.ts';
import { integerToBytes } from '../../crypto/paillier/integers.ts';
import { modularArithmetic } from '../../crypto/paillier/kernel-arithmetic.ts';
import { proveKey } from '../../crypto/paillier/key-proof.ts';
import { modulusToBytes, rootToBytes } from '../../crypto/paillier/keys.ts';
import { KeyTurns } from '../../node/reading/key-turns.ts';
import { ShownKeys } from '../../node/reading/shown-keys.ts';
import { signStatement } from '../../sdk/statements.ts';
import { askedStudy } from '../settings/asked-study.ts';
import { keyOf, repeating } from '../settings/paillier-keys.ts';
import { trio } from '../settings/study.ts';

/** Accounts that show keys and have them opened, for the work that this is. */

const refusedWith = (code: string) => (error: unknown) => isCoded(error) && error.code === code;
const [ana, ben] = [accountOf('ana'), accountOf('ben')];

/** A server's pauses, which end when a test says so. */
function pauses() {
  const waiting: { readonly ms: number; readonly end: () => void }[] = [];
  const rest = (ms: number) =>
    new Promise<void>((end) => {
      waiting.push({ ms, end });
    });
  const end = async () => {
    waiting.shift()?.end();
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { waiting, rest, end };
}

test('work with keys has its turn, one account after the other, and the server a pause after each', async () => {
  const { waiting, rest, end } = pauses();
  const turns = new KeyTurns(rest);
  const done: string[] = [];
  const work = (name: string) => () => {
    done.push(name);
  };
  const all = ['a1', 'a2', 'a3', 'a4', 'a5'].map((it) => turns.run(ana, work(it)));
  all.push(turns.run(ben, work('b1')), turns.run(ben, work('b2')));
  assert.throws(() => turns.run(ana, work('a6')), refusedWith('RATE_LIMITED'));
  // Nothing more until the pause is over.
  assert.deepEqual(done, ['a1']);
  while (waiting.length > 0) {
    assert.ok((waiting[0]?.ms ?? -1) >= 0);
    const before = done.length;
    await end();
    assert.ok(done.length <= before + 1);
  }
  await Promise.all(all);
  assert.deepEqual(done, ['a1', 'a2', 'b1', 'a3', 'b2', 'a4', 'a5']);
  // What throws is its own, and the next has its turn.
  const failing = turns.run(ana, () => {
    throw new Error('no key');
  });
  await assert.rejects(failing, /no key/);
  await end();
  assert.equal(await turns.run(ana, () => 7), 7);
});

test('of a crowd so much waits and no more: the others are told', () => {
  const turns = new KeyTurns(() => new Promise(() => {}));
  const crowd = Array.from({ length: 129 }, (_, n) => accountOf(`of many ${n}`));
  const run = () => {
    for (const account of crowd) for (let n = 0; n < 4; n++) void turns.run(account, () => n);
  };
  assert.throws(run, refusedWith('STORE_BUSY'));
});

const arithmetic = await modularArithmetic();
const secretKey = await keyOf(1);
const key = {
  modulus: modulusToBytes(secretKey.publicKey),
  root: rootToBytes(secretKey.publicKey),
};
const id = paillierKeyId(key);
const study = await askedStudy();
const proofOf = (owner: string) =>
  proveKey(secretKey, idBytes(accountOf(owner)), { arithmetic, random: repeating(u32be(7)) });

async function shown(own: ShownKeys, by: string, root = key.root, proof = proofOf(by)) {
  const payload = encodeAs(paillierKey, { ...key, root, proof });
  const to = accountOf(trio[0] ?? '');
  const said = { from: accountOf(by), to, word: keyWord, timeMs: study.world.timeMs, payload };
  return own.take(await signStatement(study.keysOf(by).sign, said));
}

test('one account has 24 keys verified in a day, so that what is kept for ever has an end', async () => {
  const own = new ShownKeys(study.shownKeysBase(0), new KeyTurns(async () => {}));
  const proof = proofOf('rosa');
  const wrong = (n: number) => shown(own, 'rosa', integerToBytes(BigInt(n), 384), proof);
  const beganMs = study.world.timeMs;
  for (let n = 4; n < 28; n++) {
    await assert.rejects(wrong(n), refusedWith('KEY_INVALID'));
    study.world.timeMs += 10_000;
  }
  study.world.timeMs += 60_000;
  await assert.rejects(wrong(28), refusedWith('RATE_LIMITED'));
  assert.equal(await shown(own, 'raul'), id);
  study.world.timeMs = beganMs + 24 * 3_600_000;
  await assert.rejects(wrong(29), refusedWith('KEY_INVALID'));
});

test('keys that push each other out of memory are opened by turns, with the server free between them', async () => {
  const { waiting, rest, end } = pauses();
  const own = new ShownKeys(study.shownKeysBase(1), new KeyTurns(rest));
  const opening = Promise.all([own.encryptionFor(accountOf('rosa'), id)]);
  await assert.rejects(opening, refusedWith('KEY_UNKNOWN'));
  const shower = new ShownKeys(study.shownKeysBase(0), new KeyTurns(async () => {}));
  for (const by of ['rosa', 'raul']) await shown(shower, by);
  const again = new ShownKeys(study.shownKeysBase(0), new KeyTurns(rest));
  const both = Promise.all(
    ['rosa', 'raul', 'rosa'].map((by) => again.encryptionFor(accountOf(by), id)),
  );
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(waiting.length, 1, 'one, and the others wait');
  while (waiting.length > 0) await end();
  const [first, , third] = await both;
  assert.equal(first, third, 'opened once');
});
