import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { CodedError } from '../../../../primitives/errors.ts';
import { DataServer } from '../../node/data-server.ts';
import { flipped } from '../tampering/tampered-file.ts';
import { sealed } from '../tampering/tampered-stores.ts';

const full = { code: 'DISK_FULL' };

test('where a report has no room for its file, what was changed is out of use all the same, told once, and the file comes later', async (t) => {
  const { three, folder } = await sealed(t);
  const files = new Map<string, Uint8Array>();
  let isFull = true;
  const keepReport = (name: string, signed: Uint8Array) => {
    if (isFull) throw new CodedError('DISK_FULL');
    files.set(name, signed);
  };
  const { base } = three.server(0);
  const server = new DataServer({ ...base, keepReport });
  flipped(join(folder, '0.db'), { table: 'sealed', column: 'shares', row: 0 });
  for (let n = 0; n < 2; n++) {
    await server.tampering.fullScrub();
    const asked = server.tampering.requireServed(three.trio, { first: 1, last: 1 });
    await assert.rejects(asked, { code: 'SERVER_QUARANTINED' });
  }
  const [kept, ...more] = await base.incidents.incidents();
  assert.deepEqual(more, []);
  await assert.rejects(server.tampering.turn(), full);
  assert.equal(
    (await base.incidents.incidents())[0]?.isOnLedger,
    true,
    'the ledger waits for no file',
  );
  isFull = false;
  await server.tampering.turn();
  assert.deepEqual([...files.keys()], [kept?.name]);
  // A home that was restored has none of them.
  files.clear();
  await new DataServer({ ...base, keepReport }).tampering.turn();
  assert.deepEqual([...files], [[kept?.name, kept?.signed]]);
});

test('whoever tries to write while a disk is full has no report a turn', async (t) => {
  const { three } = await sealed(t);
  const keepReport = () => {
    throw new CodedError('DISK_FULL');
  };
  const server = new DataServer({ ...three.server(0).base, keepReport });
  const of = { from: '203.0.113.7', port: 1, proxy: '', wide: '203.0', forwardedFor: '' };
  server.attempts.refused({
    ...{ ...of, route: 'POST /v1/peer', code: 'UNAUTHENTICATED', isSure: true },
  });
  for (let n = 0; n < 4; n++) {
    three.now += 1_000;
    await assert.rejects(server.watch(), full);
  }
  assert.equal((await server.base.incidents.incidents()).length, 1);
});
