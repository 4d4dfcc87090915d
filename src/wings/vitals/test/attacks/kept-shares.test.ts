import assert from 'node:assert/strict';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { sealTo } from '../../../../crypto/letter.ts';
import { isCoded } from '../../../../primitives/errors.ts';
import { idBytes, recordIdOf } from '../../../../primitives/ids.ts';
import { commitmentTo, encodeDeposit, halfWords } from '../../api/half.ts';
import { openKernel } from '../../crypto/pages/page-arithmetic-wasm.ts';
import { vitalsNames } from '../../names.ts';
import { signStatement } from '../../sdk/statements.ts';
import { drawn } from '../settings/pages.ts';
import { ThreeServers } from '../settings/three-servers.ts';

/** What a patient hands to one data server, at her own rate and of her own making. */

const refusedWith = (code: string) => (error: unknown) => isCoded(error) && error.code === code;
const kernel = await openKernel();

async function handing(t: TestContext) {
  const three = await ThreeServers.open(mkdtempSync(join(tmpdir(), 'salus-shares-')), kernel);
  t.after(() => three.close());
  const { account, sign } = three.ana;
  const { base, halves } = three.server(0);
  const deposit = async (name: string, share: Uint8Array, timeMs = three.now) => {
    const recordId = recordIdOf(drawn(name).subarray(0, 16));
    const context = [idBytes(account), idBytes(recordId)];
    const { half } = vitalsNames.labels;
    const payload = encodeDeposit({
      ...{ recordId, recordClass: 'lab', place: Uint8Array.of(1) },
      commitment: commitmentTo({ account, recordId, place: 1 }, share),
      sealed: await sealTo(base.kem.publicKey, half, context, new Uint8Array(0), share),
    });
    const said = { from: account, to: base.account, word: halfWords.keep, timeMs };
    return signStatement(sign, { ...said, payload });
  };
  return { three, halves, deposit };
}

test('a share that the server has costs nothing of her rate: a large chart comes to its end', async (t) => {
  const { halves, deposit } = await handing(t);
  const kept = await deposit('one', drawn('share'));
  for (let n = 0; n < 601; n++) await halves.take(kept);
  await halves.take(await deposit('two', drawn('another')));
  await assert.rejects(
    halves.take(await deposit('one', drawn('other'))),
    refusedWith('HALF_TAKEN'),
  );
});

test('a share of another length is refused, and is no fault of the server', async (t) => {
  const { halves, deposit } = await handing(t);
  for (const length of [0, 31, 33])
    await assert.rejects(
      halves.take(await deposit('one', new Uint8Array(length))),
      refusedWith('HALF_DAMAGED'),
    );
});

test('whose clock is off by more than five minutes is told of the clock', async (t) => {
  const { three, halves, deposit } = await handing(t);
  for (const off of [-6, 6]) {
    const said = await deposit('one', drawn('share'), three.now + off * 60_000);
    await assert.rejects(halves.take(said), refusedWith('REQUEST_STALE'));
  }
});
