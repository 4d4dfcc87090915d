import assert from 'node:assert/strict';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { encodeCbor } from '../../../../primitives/cbor.ts';
import {
  bytes as byteString,
  decodeAs,
  encodeAs,
  hexId,
  list,
  oneOf,
  struct,
  uint,
} from '../../../../primitives/shape.ts';
import { openKernel } from '../../crypto/pages/page-arithmetic-wasm.ts';
import { statDatasets } from '../../ledger/tables/stat-datasets.ts';
import { statTrios, trioId } from '../../ledger/tables/stat-trios.ts';
import { roundMessage } from '../../node/pages/verification.ts';
import { openStatement, state } from '../../node/statements.ts';
import { drawn, valuesOf } from '../settings/pages.ts';
import { actor, ThreeServers } from '../settings/three-servers.ts';

/** A hospital that names other hospitals' data servers in a dataset, which nobody keeps it from, and asks them as one of a trio. */

const kernel = await openKernel();
const asked = struct({ trio: hexId(32), from: uint });
const told = struct({ next: uint, registrations: list(byteString()) });
const ofStudy = 'ab'.repeat(16);

type Actor = Awaited<ReturnType<typeof actor>>;

/** Mallory's server is the first of a trio with two of the three. */
async function foundedTrio(t: TestContext) {
  const three = await ThreeServers.open(mkdtempSync(join(tmpdir(), 'salus-founded-')), kernel);
  t.after(() => three.close());
  await three.registerEverywhere();
  const mallory = await actor('mallory');
  three.ledger.enrol(mallory, 'data-server');
  const [north, harbour] = three.actors;
  assert.ok(north !== undefined && harbour !== undefined);
  const servers = [mallory.account, north.account, harbour.account];
  three.ledger.put(statTrios, trioId(servers), { servers, newestBatch: 0 });
  const asks = async (by: Actor, word: string, payload: Uint8Array) => {
    const speaker = { account: by.account, sign: by.sign, now: () => three.now };
    const signed = await state(speaker, { to: north.account, word, payload });
    const answer = await three.server(0).answerPeer(signed);
    return (await openStatement({ ledger: three.ledger }, answer)).payload.subarray(32);
  };
  return { three, mallory, harbour, founded: trioId(servers), asks };
}

test('who founds a trio with a data server learns of nobody whom it has for another: not who she is, nor in which studies', async (t) => {
  const { three, mallory, harbour, founded, asks } = await foundedTrio(t);
  const people = async (by: Actor, trio: string): Promise<number> => {
    const answer = await asks(by, 'people', encodeAs(asked, { trio, from: 0 }));
    return decodeAs(told, answer).registrations.length;
  };
  // By a dataset of theirs,
  const dataset = { trio: three.trio } as never;
  three.ledger.put(statDatasets, ofStudy, dataset);
  assert.equal(await people(harbour, three.trio), 1);
  assert.equal(await people(mallory, founded), 0);
  // or, when she has left all studies, by what is kept of her for it.
  three.ledger.rows.delete(`${statDatasets.name}/${ofStudy}`);
  assert.equal(await people(harbour, three.trio), 0);
  await three.uploadTogether(await three.signTogether([valuesOf(1, 2, 1)]));
  await three.judge();
  // A page that no batch has yet is lost with the server that asks: her sensor hands her registration over with it.
  assert.equal(await people(harbour, three.trio), 0);
  await three.server(0).seal();
  assert.equal(await people(harbour, three.trio), 1);
  assert.equal(await people(mallory, founded), 0);
  // Where she joins a study of the founded trio herself, she is told to it.
  three.ledger.put(statDatasets, ofStudy, { trio: founded } as never);
  assert.equal(await people(mallory, founded), 1);
});

test('whoever asks for people again and again has what is kept of them looked through once', async (t) => {
  const { three, mallory, harbour, founded, asks } = await foundedTrio(t);
  await three.uploadTogether(await three.signTogether([valuesOf(1, 2, 1)]));
  await three.judge();
  await three.server(0).seal();
  const store = three.store(0);
  const { upkeep } = store;
  assert.ok(upkeep);
  const looked: string[] = [];
  const { people } = upkeep;
  upkeep.people = async (trio, { first, last }) => {
    looked.push(`${trio} ${first}..${last}`);
    return people.call(upkeep, trio, { first, last });
  };
  store.heard = async () => assert.fail('all that is kept of one patient');
  for (let n = 0; n < 5; n++) {
    await asks(harbour, 'people', encodeAs(asked, { trio: three.trio, from: 0 }));
    await asks(mallory, 'people', encodeAs(asked, { trio: founded, from: 0 }));
  }
  assert.deepEqual(looked, [`${three.trio} 1..1`]);
});

const named = struct({ page: byteString(16), manifestHash: byteString(32) });
const proposal = struct({ trio: hexId(32), pages: list(named) });
const states = list(oneOf(['waiting', 'accepted', 'refused', 'unknown'] as const));
const envelopesAsked = struct({ trio: hexId(32), pages: list(byteString(16)) });

test('and has no say over pages of another one, and nothing of what is kept of them, though somebody told him their names', async (t) => {
  const { three, mallory, harbour, founded, asks } = await foundedTrio(t);
  // The three have agreed on their secrets by another page.
  await three.uploadTogether(await three.signTogether([valuesOf(1, 2, 2)], 7));
  await three.judge();
  await three.uploadTogether(await three.signTogether([valuesOf(1, 2, 1)]));
  const [page] = await three.store(0).waiting(three.trio, 1);
  assert.ok(page);
  const { page: id, manifestHash } = page;
  const stateOf = async () => (await three.store(0).page(id))?.state;
  const refusal = encodeCbor([1, 'VALUE_RANGE']);
  const round = async (by: Actor, trio: string, said: Uint8Array) => {
    const pages = [{ page: id, manifestHash, said }];
    const answer = await three
      .server(0)
      .verification.answer(by.account, encodeAs(roundMessage, { trio, pages }));
    return decodeAs(roundMessage, answer).pages.length;
  };
  // The honest one has spoken of it, and north its word: with that of the third it would be judged.
  three.away.add(2);
  await three.server(1).judge();
  await three.server(0).judge();
  assert.equal(await stateOf(), 'waiting');
  assert.equal(await round(mallory, founded, refusal), 0);
  assert.equal(await stateOf(), 'waiting');
  three.away.clear();
  await three.judge();
  await three.judge();
  assert.equal(await stateOf(), 'accepted');
  assert.equal(await round(mallory, founded, refusal), 0);

  const pages = [{ page: id, manifestHash }];
  for (const word of ['propose', 'give-up']) {
    const told = await asks(mallory, word, encodeAs(proposal, { trio: founded, pages }));
    assert.deepEqual(decodeAs(states, told), ['unknown'], word);
    assert.equal(await stateOf(), 'accepted', word);
  }
  const known = await asks(harbour, 'propose', encodeAs(proposal, { trio: three.trio, pages }));
  assert.deepEqual(decodeAs(states, known), ['accepted']);

  // What north keeps is the third's; mallory's would be the first's.
  const wanted = (trio: string) => encodeAs(envelopesAsked, { trio, pages: [id] });
  const envelopes = list(byteString());
  const valley = three.actors[2];
  assert.ok(valley);
  const own = decodeAs(envelopes, await asks(valley, 'envelopes', wanted(three.trio)));
  assert.equal(own.length, 1);
  const his = decodeAs(envelopes, await asks(mallory, 'envelopes', wanted(founded)));
  assert.deepEqual(his, []);
});

test('and by saying much of pages that there are not it has nobody’s word forgotten', async (t) => {
  const { three, mallory, founded } = await foundedTrio(t);
  await three.uploadTogether(await three.signTogether([valuesOf(1, 2, 2)], 7));
  await three.judge();
  const uploads = await three.uploads([await three.sign(valuesOf(1, 2, 1), 0)]);
  // The two others have the page first, and tell north.
  for (const place of [1, 2] as const) await three.server(place).upload(uploads[place]);
  for (const place of [1, 2] as const) await three.server(place).judge();
  const { verification } = three.server(0);
  for (let at = 0; at < 70; at++) {
    const pages = Array.from({ length: 256 }, (_, n) => ({
      page: drawn(`page ${at} ${n}`).subarray(0, 16),
      ...{ manifestHash: new Uint8Array(32), said: new Uint8Array(1) },
    }));
    await verification.answer(mallory.account, encodeAs(roundMessage, { trio: founded, pages }));
  }
  for (const place of [1, 2] as const) three.away.add(place);
  await three.server(0).upload(uploads[0]);
  assert.equal(await three.server(0).judge(), 1);
});
