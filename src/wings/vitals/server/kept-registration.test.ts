import assert from 'node:assert/strict';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { accounts } from '../../../ledger/tables/accounts.ts';
import { bytesToHex } from '../../../primitives/bytes.ts';
import { openKernel } from '../crypto/pages/page-arithmetic-wasm.ts';
import { actor, ThreeServers } from '../test/settings/three-servers.ts';
import { keptRegistration } from './kept-registration.ts';
import { makeSensor, readSensor, writeSensor } from './sensor-home.ts';
import { sensorKeyOf } from './sensor-line.ts';

/** A home whose sensors keep the registrations that she had when each was enrolled. */
async function opened(t: TestContext) {
  const three = await ThreeServers.open(
    mkdtempSync(join(tmpdir(), 'salus-kept-')),
    await openKernel(),
  );
  t.after(() => three.close());
  const home = mkdtempSync(join(tmpdir(), 'salus-home-'));
  const keyOf = async (name: string) => (await sensorKeyOf(readSensor(home, name))).publicKey;
  const named = async (names: readonly string[]) =>
    Promise.all(names.map(async (name) => ({ key: await keyOf(name), panels: [3] })));
  return {
    three,
    /** A sensor of this home, and the registration with these of its sensors that stands beside it. */
    async keep(name: string, of: { readonly counter: number; readonly names: readonly string[] }) {
      const sensor = makeSensor(home, { name, panels: [3], intervalMs: 60_000 }, 0);
      const { counter } = of;
      const signed = await three.register({ counter, sensors: await named(of.names) });
      const registered = {
        ...{ pseudonym: bytesToHex(three.pseudonym), registration: bytesToHex(signed) },
        servers: three.actors.map(({ account }) => account),
      };
      writeSensor(home, { ...sensor, registered });
      return signed;
    },
    async handed(name: string) {
      const of = { key: await keyOf(name), ledger: three.ledger as never };
      return keptRegistration(home, readSensor(home, name), of);
    },
  };
}

test('handed over is the newest registration that this home keeps of her, if it names the sensor', async (t) => {
  const { keep, handed } = await opened(t);
  const first = await keep('cuff', { counter: 3, names: ['cuff'] });
  assert.deepEqual(await handed('cuff'), first);
  const both = await keep('watch', { counter: 5, names: ['cuff', 'watch'] });
  assert.deepEqual(await handed('cuff'), both);
  // She ended the cuff before she enrolled this one: nobody may bring it back.
  const last = await keep('scale', { counter: 7, names: ['watch', 'scale'] });
  assert.deepEqual([await handed('cuff'), await handed('watch')], [undefined, last]);
});

test('by a key that she has changed since, or of a frozen account, none is handed over: it would be said in her name', async (t) => {
  const { keep, handed, three } = await opened(t);
  const signed = await keep('cuff', { counter: 3, names: ['cuff'] });
  const { account } = three.ana;
  const row = (await three.ledger.row(accounts, account)) ?? assert.fail();
  three.ledger.put(accounts, account, { ...row, frozen: true });
  assert.equal(await handed('cuff'), undefined);
  const { publicKey: signKey } = (await actor('her new key')).sign;
  three.ledger.put(accounts, account, { ...row, signKey });
  assert.equal(await handed('cuff'), undefined);
  three.ledger.put(accounts, account, row);
  assert.deepEqual(await handed('cuff'), signed);
});
