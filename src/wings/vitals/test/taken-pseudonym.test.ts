import assert from 'node:assert/strict';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { signingKeyFromSeed } from '../../../crypto/signature.ts';
import type { CodedError } from '../../../primitives/errors.ts';
import { openKernel } from '../crypto/page-arithmetic-wasm.ts';
import { drawn, valuesOf } from './pages.ts';
import { actor, type Place, ThreeServers } from './three-servers.ts';

const places: readonly Place[] = [0, 1, 2];
const refused = (work: Promise<unknown>, code: CodedError['code']) =>
  assert.rejects(work, { code });

test('who takes a pseudonym at one server before its patient keeps her out of that trio, and gets nothing in', async (t) => {
  const three = await ThreeServers.open(
    mkdtempSync(join(tmpdir(), 'salus-pseudonym-')),
    await openKernel(),
  );
  t.after(() => three.close());
  const ben = await actor('ben');
  three.ledger.enrol(ben, 'patient');
  const his = await signingKeyFromSeed(drawn('his sensor'));
  const sensors = [{ key: his.publicKey, panels: [1] }];
  await three.server(2).register(await three.register({ sensors }, ben));
  const hers = await three.register();
  for (const place of [0, 1] as const) await three.server(place).register(hers);
  await refused(three.server(2).register(hers), 'PSEUDONYM_TAKEN');
  // Another pseudonym does not help where hers was taken.
  const other = { pseudonym: drawn('other').slice(0, 16), counter: 2 };
  await refused(three.server(0).register(await three.register(other)), 'PSEUDONYM_TAKEN');
  // Neither of them has a page accepted: one of the three knows no such sensor.
  const uploads = await three.uploads([await three.sign(valuesOf(1, 5), 1)]);
  for (const place of [0, 1] as const) await three.server(place).upload(uploads[place]);
  await refused(three.server(2).upload(uploads[2]), 'SENSOR_UNKNOWN');
  await three.judge();
  for (const place of places)
    assert.deepEqual(await three.store(place).unsealed(three.trio, 9), []);
  for (const place of [0, 1] as const)
    await refused(
      three.server(place).register(await three.register({ sensors, counter: 9 }, ben)),
      'PSEUDONYM_TAKEN',
    );
});
