import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { memoryWalletStore } from '../../../test/wallet-store.ts';
import { Person } from '../person.ts';

const passphrase = 'a long enough passphrase';
const bytesOf = (length: number, fill: number): Uint8Array => new Uint8Array(length).fill(fill);
const made = {
  credentialId: bytesOf(20, 1),
  prfInput: bytesOf(32, 2),
  prfOutput: bytesOf(32, 3),
};

async function withPasskey() {
  const store = memoryWalletStore();
  const { person, code } = await Person.create({ store, passphrase, name: 'Ana' });
  await person.addPasskey(made);
  return { store, person, code };
}

test('A wallet opens by its passkey and by its passphrase, and tells which passkeys it has without either (W-32)', async () => {
  const { store } = await withPasskey();
  const { credentialId, prfInput } = made;
  assert.deepEqual(await Person.passkeysOf(store), [{ credentialId, prfInput }]);
  assert.equal((await Person.openByPasskey({ store, answer: made })).name, 'Ana');
  assert.equal((await Person.open({ store, passphrase })).name, 'Ana');
});

test('Another credential or another output opens nothing', async () => {
  const { store } = await withPasskey();
  const answers = fc.record({
    credentialId: fc.uint8Array({ maxLength: 40 }),
    prfOutput: fc.uint8Array({ maxLength: 64 }),
  });
  await fc.assert(
    fc.asyncProperty(answers, async (answer) => {
      await assert.rejects(Person.openByPasskey({ store, answer }), { code: 'PASSKEY_WRONG' });
    }),
    { numRuns: 50 },
  );
  const bent = { ...made, prfOutput: bytesOf(32, 4) };
  await assert.rejects(Person.openByPasskey({ store, answer: bent }), { code: 'PASSKEY_WRONG' });
});

test('One that was taken away opens it no more; a new passphrase leaves it as it is', async () => {
  const { store, person } = await withPasskey();
  await person.changePassphrase('another long passphrase');
  await Person.openByPasskey({ store, answer: made });
  await person.removePasskey(made.credentialId);
  assert.deepEqual(person.passkeys, []);
  await assert.rejects(Person.openByPasskey({ store, answer: made }), { code: 'PASSKEY_WRONG' });
  await Person.open({ store, passphrase: 'another long passphrase' });
});

test('The passphrase can be set anew by who came in with the passkey', async () => {
  const { store } = await withPasskey();
  const person = await Person.openByPasskey({ store, answer: made });
  await person.changePassphrase('another long passphrase');
  assert.equal((await Person.open({ store, passphrase: 'another long passphrase' })).name, 'Ana');
});

test('Sixteen ways are the most, and one that does not fit leaves the others', async () => {
  const { store, person } = await withPasskey();
  for (let at = 2; at < 16; at++)
    await person.addPasskey({ ...made, credentialId: bytesOf(20, at) });
  const one = { ...made, credentialId: bytesOf(20, 99) };
  await assert.rejects(person.addPasskey(one), { code: 'WALLET_FULL' });
  assert.equal((await Person.passkeysOf(store)).length, 15);
});

test('The day on which a way worked is kept, the later one wins, and the wrong sheet is none (W-33)', async () => {
  const store = memoryWalletStore();
  let nowMs = 1_000;
  const { person, code } = await Person.create(
    { store, passphrase, name: 'Ana' },
    { now: () => nowMs },
  );
  assert.deepEqual(person.waysIn, []);
  await person.tryPrintedCode(code);
  nowMs = 2_000;
  await person.tryPrintedCode(code.toLowerCase());
  const id = person.printedCheck;
  assert.deepEqual(person.waysIn, [{ kind: 'sheet', id, workedMs: 2_000 }]);
  const { code: other } = await Person.create({
    store: memoryWalletStore(),
    passphrase,
    name: 'B',
  });
  await assert.rejects(person.tryPrintedCode(other), { code: 'RECOVERY_CODE_WRONG' });
});
