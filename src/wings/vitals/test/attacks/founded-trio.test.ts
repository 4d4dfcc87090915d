import assert from 'node:assert/strict';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  bytes as byteString,
  decodeAs,
  encodeAs,
  hexId,
  list,
  struct,
  uint,
} from '../../../../primitives/shape.ts';
import { openKernel } from '../../crypto/page-arithmetic-wasm.ts';
import { statDatasets } from '../../ledger/tables/stat-datasets.ts';
import { statTrios, trioId } from '../../ledger/tables/stat-trios.ts';
import { openStatement, state } from '../../node/statements.ts';
import { valuesOf } from '../pages.ts';
import { actor, ThreeServers } from '../three-servers.ts';

/** A hospital that names other hospitals' data servers in a dataset, which nobody keeps it from, and asks them as one of a trio. */

const kernel = await openKernel();
const asked = struct({ trio: hexId(32), from: uint });
const told = struct({ next: uint, registrations: list(byteString()) });
const ofStudy = 'ab'.repeat(16);

test('who founds a trio with a data server learns of nobody whom it has for another: not who she is, nor in which studies', async (t) => {
  const three = await ThreeServers.open(mkdtempSync(join(tmpdir(), 'salus-founded-')), kernel);
  t.after(() => three.close());
  await three.registerEverywhere();
  const mallory = await actor('mallory');
  three.ledger.enrol(mallory, 'data-server');
  const [north, harbour] = three.actors;
  assert.ok(north !== undefined && harbour !== undefined);
  const servers = [mallory.account, north.account, harbour.account];
  three.ledger.put(statTrios, trioId(servers), { servers, newestBatch: 0 });
  const people = async (by: typeof mallory, trio: string): Promise<number> => {
    const speaker = { account: by.account, sign: by.sign, now: () => three.now };
    const payload = encodeAs(asked, { trio, from: 0 });
    const signed = await state(speaker, { to: north.account, word: 'people', payload });
    const answer = await openStatement(
      { ledger: three.ledger },
      await three.server(0).answerPeer(signed),
    );
    return decodeAs(told, answer.payload.subarray(32)).registrations.length;
  };
  // By a dataset of theirs,
  const dataset = { trio: three.trio } as never;
  three.ledger.put(statDatasets, ofStudy, dataset);
  assert.equal(await people(harbour, three.trio), 1);
  assert.equal(await people(mallory, trioId(servers)), 0);
  // or, when she has left all studies, by what is kept of her for it.
  three.ledger.rows.delete(`${statDatasets.name}/${ofStudy}`);
  assert.equal(await people(harbour, three.trio), 0);
  await three.uploadTogether(await three.signTogether([valuesOf(1, 2, 1)]));
  assert.equal(await people(harbour, three.trio), 1);
  await three.judge();
  await three.server(0).seal();
  assert.equal(await people(harbour, three.trio), 1);
  assert.equal(await people(mallory, trioId(servers)), 0);
  // Where she joins a study of the founded trio herself, she is told to it.
  three.ledger.put(statDatasets, ofStudy, { trio: trioId(servers) } as never);
  assert.equal(await people(mallory, trioId(servers)), 1);
});
