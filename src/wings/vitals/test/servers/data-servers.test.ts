import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Code } from '../../../../codes/index.ts';
import { sha256 } from '../../../../crypto/hash.ts';
import { signingKeyFromSeed } from '../../../../crypto/signature.ts';
import { utf8 } from '../../../../primitives/bytes.ts';
import { isCoded } from '../../../../primitives/errors.ts';
import { decodeAs, encodeAs } from '../../../../primitives/shape.ts';
import { pseudonymOf } from '../../api/registration.ts';
import { carryingStatement, signedStatement } from '../../api/statement.ts';
import { pageUpload } from '../../api/upload.ts';
import { joinClinical } from '../../crypto/pages/clinical-lane.ts';
import { openKernel } from '../../crypto/pages/page-arithmetic-wasm.ts';
import { state } from '../../node/statements.ts';
import { signPages } from '../../sdk/sensor/page-upload.ts';
import { endAlike } from '../settings/killed-servers.ts';
import { openServers } from '../settings/opened-servers.ts';
import { drawn, valuesOf } from '../settings/pages.ts';
import { hour, Killed, type Place } from '../settings/three-servers.ts';

const places: readonly Place[] = [0, 1, 2];
const kernel = await openKernel();

const refused = (work: Promise<unknown>, code: Code) =>
  assert.rejects(work, (error) => {
    assert.ok(isCoded(error, code), `expected ${code}, got ${String(error)}`);
    return true;
  });

test('pages are taken in, judged by all three, sealed in one batch, and read back as they were', async (t) => {
  const three = await openServers(t);
  const values = [valuesOf(1, 64, 1), valuesOf(1, 3, 2), valuesOf(3, 10, 3)];
  const pages = await Promise.all(values.map((it, at) => three.sign(it, at)));
  await three.upload(pages);
  await three.judge();
  for (const place of places) {
    for (const { shared } of pages) {
      const stored = await three.store(place).page(shared.head.page);
      assert.equal(stored?.state, 'accepted');
    }
  }
  assert.equal(await three.server(0).seal(), 1);
  const roots = [];
  for (const place of places) {
    await three.server(place).seal();
    const batch = await three.store(place).sealedBatch(three.trio, 1);
    assert.equal(batch?.pages.length, 3);
    roots.push(Buffer.from(batch.root).toString('hex'));
  }
  assert.equal(new Set(roots).size, 1);
  const read = await Promise.all(
    places.map((it) =>
      three.store(it).pagesOf(three.pseudonym, 3, { from: hour, until: hour + 1 }),
    ),
  );
  const clinical = read.map((ofServer) => ofServer[0]?.kept.clinical ?? new Uint8Array(0));
  assert.deepEqual(joinClinical(clinical), values[2]?.clinical);
  // Nothing more to seal.
  assert.equal(await three.server(0).seal(), 0);
});

test('who asks is judged before what he sends is read', async (t) => {
  const three = await openServers(t);
  const page = await three.sign(valuesOf(1, 5), 1);
  const [good] = await three.uploads([page]);
  const upload = decodeAs(pageUpload, good);
  const send = (change: Partial<typeof upload>) =>
    three.server(0).upload(encodeAs(pageUpload, { ...upload, ...change }));
  const garbage = new Uint8Array(40);
  await refused(send({ trio: 'aa'.repeat(32), sealed: garbage }), 'TRIO_UNKNOWN');
  const forged = upload.pages.map((it) => ({ ...it, signature: new Uint8Array(64) }));
  await refused(send({ pages: forged, sealed: garbage }), 'SIGNATURE_WRONG');
  const stranger = await signingKeyFromSeed(drawn('stranger'));
  const values = valuesOf(1, 5);
  const numbered = { values, sequence: 1, startHour: hour };
  const strange = await signPages(kernel, { ...three.line, key: stranger }, [numbered]);
  await refused(
    send({ pages: strange.pages.map(({ signed }) => signed), sealed: garbage }),
    'SENSOR_UNKNOWN',
  );
  const nobody = { ...three.line, pseudonym: drawn('nobody').slice(0, 16) };
  const unknown = await signPages(kernel, nobody, [numbered]);
  await refused(
    send({ pages: unknown.pages.map(({ signed }) => signed), sealed: garbage }),
    'SENSOR_UNKNOWN',
  );
  for (const [startHour, code] of [
    [hour - 49, 'PAGE_STALE'],
    [hour + 1, 'PAGE_STALE'],
    [hour - 47, 'CANNOT_OPEN'],
  ] as const) {
    const stale = await three.sign(values, 1, startHour);
    await refused(send({ pages: [stale.signed], sealed: garbage }), code);
  }
  const panel = await three.sign(valuesOf(2, 5), 1);
  await refused(send({ pages: [panel.signed], sealed: garbage }), 'PANEL_UNKNOWN');
  await refused(send({ sealed: garbage }), 'CANNOT_OPEN');
  // The body of another server.
  const [, second] = await three.uploads([page]);
  await refused(three.server(0).upload(second), 'CANNOT_OPEN');
  assert.equal(await three.store(0).page(page.shared.head.page), undefined);
  await three.server(0).upload(good);
  await three.server(0).upload(good);
});

test('a registration is the patient’s own, the newest counts, and a sensor that is not named any more sends nothing', async (t) => {
  const three = await openServers(t);
  const [server] = [three.server(0)];
  const good = await three.register();
  const wrong = good.slice();
  wrong[wrong.length - 1] = (wrong.at(-1) ?? 0) ^ 1;
  await refused(server.register(wrong), 'SIGNATURE_WRONG');
  await refused(server.register(await three.register({ sex: 2 })), 'REGISTRATION_OLD');
  const pseudonymSalt = drawn('other');
  const other = pseudonymOf(three.ana.account, pseudonymSalt);
  const moved = { pseudonym: other, pseudonymSalt, counter: 2 };
  await refused(server.register(await three.register(moved)), 'PSEUDONYM_TAKEN');
  await server.register(good);
  // In no study, and read by whom she lets: her sensor goes on.
  await server.register(await three.register({ counter: 2, datasets: [] }));
  const [upload] = await three.uploads([await three.sign(valuesOf(1, 5), 1)]);
  await server.upload(upload);
  await server.register(await three.register({ counter: 3, sensors: [] }));
  await refused(server.upload(upload), 'SENSOR_UNKNOWN');
});

test('a page that is not what it says is refused by all three, and the same number is sent anew', async (t) => {
  const three = await openServers(t);
  const good = await three.sign(valuesOf(1, 5), 7);
  // Two sharings of one page: the bodies of one under the manifest of the other.
  const other = await three.sign(valuesOf(1, 5), 7);
  await three.upload([{ shared: other.shared, signed: good.signed }]);
  await three.judge();
  for (const place of places) {
    const stored = await three.store(place).page(good.shared.head.page);
    assert.deepEqual([stored?.state, stored?.code], ['refused', 'SHARE_HASH_MISMATCH']);
  }
  // One sharing is judged once; another of the same page is another.
  await three.upload([good]);
  await three.upload([other]);
  await three.judge();
  for (const place of places)
    assert.equal((await three.store(place).page(good.shared.head.page))?.state, 'accepted');
  const [again] = await three.uploads([good]);
  await refused(three.server(0).upload(again), 'PAGE_REPLAYED');
  const [same] = await three.uploads([other]);
  await three.server(0).upload(same);
});

test('a server that is away holds pages up and loses none; a page it never got is in no batch', async (t) => {
  const three = await openServers(t);
  const pages = [await three.sign(valuesOf(1, 5), 1), await three.sign(valuesOf(1, 5), 2)];
  await three.upload([await three.sign(valuesOf(1, 5), 0)]);
  await three.judge();
  await three.upload(pages);
  three.away.add(2);
  await three.server(0).judge();
  await three.server(1).judge();
  assert.equal((await three.store(0).unsealed(three.trio, 9)).length, 1);
  three.away.delete(2);
  const alone = await three.sign(valuesOf(1, 5), 3);
  const [first] = await three.uploads([alone]);
  await three.server(0).upload(first);
  await three.judge();
  await three.server(0).seal();
  assert.equal((await three.store(0).sealedBatch(three.trio, 1))?.pages.length, 3);
  assert.equal((await three.store(0).page(alone.shared.head.page))?.state, 'waiting');
});

test('of a page that was decided while a server read what waits, it says nothing more', async (t) => {
  const three = await openServers(t);
  const page = await three.sign(valuesOf(1, 5), 1);
  await three.upload([page]);
  const store = three.store(0);
  const waiting = store.waiting.bind(store);
  let said = 0;
  store.waiting = async (...asked) => {
    const found = await waiting(...asked);
    store.waiting = waiting;
    await three.server(1).judge();
    await three.server(2).judge();
    for (const place of [1, 2] as const) {
      const server = three.server(place);
      const answer = server.answerPeer.bind(server);
      server.answerPeer = async (message) => {
        said += 1;
        return answer(message);
      };
    }
    return found;
  };
  await three.server(0).judge();
  assert.equal(said, 0);
  for (const place of places)
    assert.equal((await three.store(place).page(page.shared.head.page))?.state, 'accepted');
});

test('what a message carries is what its sender signed, and only a round carries anything', async (t) => {
  const three = await openServers(t);
  const [one, two] = [three.server(0), three.server(1)];
  const to = two.base.account;
  const carried = utf8('what was signed');
  const messageOf = async (word: string, with_: Uint8Array) => {
    const asked = await state(one.base, { to, word, payload: sha256(carried) });
    const { statement, signature } = decodeAs(signedStatement, asked);
    return encodeAs(carryingStatement, { statement, signature, carried: with_ });
  };
  const other = await messageOf('round', utf8('something else'));
  await refused(two.answerPeer(other), 'UNAUTHENTICATED');
  await refused(two.answerPeer(await messageOf('propose', carried)), 'REQUEST_INVALID');
  // Read once it is known whose it is: what was signed here is no round.
  await refused(two.answerPeer(await messageOf('round', carried)), 'CBOR_INVALID');
  const beside = await state(one.base, { to, word: 'round', payload: carried });
  await refused(two.answerPeer(beside), 'REQUEST_INVALID');
});

test('what one server does not have is given up by all three, and sent anew', async (t) => {
  const three = await openServers(t);
  const lost = await three.sign(valuesOf(1, 5), 1);
  const id = lost.shared.head.page;
  await three.upload([lost]);
  await three.judge();
  await three.store(1).giveUp(id, 'PROOF_REJECTED');
  const statesAt = () =>
    Promise.all(places.map(async (place) => (await three.store(place).page(id))?.state));
  three.away.add(2);
  await refused(three.server(0).seal(), 'GATEWAY_UNREACHABLE');
  assert.deepEqual(await statesAt(), ['accepted', 'refused', 'accepted']);
  three.away.delete(2);
  // Killed when both others have given it up: the next turn ends it.
  three.onStep = (_, step) => {
    if (step === 'give-up:told') throw new Killed();
  };
  await assert.rejects(three.server(0).seal(), Killed);
  assert.deepEqual(await statesAt(), ['accepted', 'refused', 'refused']);
  await three.kill(0);
  three.onStep = () => {};
  assert.equal(await three.server(0).seal(), 0);
  assert.deepEqual(await statesAt(), ['refused', 'refused', 'refused']);
  assert.equal((await three.store(2).page(id))?.code, 'PEER_DISAGREES');
  await three.upload([await three.sign(valuesOf(1, 5), 1)]);
  await three.judge();
  assert.equal(await three.server(0).seal(), 1);
  assert.equal((await three.store(0).sealedBatch(three.trio, 1))?.pages.length, 1);
});

test('a page that stands in a signed batch is not given up while that batch may still come', async (t) => {
  const three = await openServers(t);
  const page = await three.sign(valuesOf(1, 5), 1);
  const id = page.shared.head.page;
  await three.upload([page]);
  await three.judge();
  three.onStep = (_, step) => {
    if (step === 'batch:signed') throw new Killed();
  };
  await assert.rejects(three.server(0).seal(), Killed);
  await three.kill(0);
  three.onStep = () => {};
  await three.store(1).giveUp(id, 'PROOF_REJECTED');
  assert.equal(await three.server(0).seal(), 0);
  for (const place of [0, 2] as const)
    assert.equal((await three.store(place).page(id))?.state, 'accepted');
});

test('a page that waits for a day is refused, and its next sharing is taken', async (t) => {
  const three = await openServers(t);
  const alone = await three.sign(valuesOf(1, 5), 1);
  const id = alone.shared.head.page;
  const [first] = await three.uploads([alone]);
  await three.server(0).upload(first);
  await three.judge();
  three.now += 24 * 3_600_000;
  await three.judge();
  assert.equal((await three.store(0).page(id))?.state, 'waiting');
  three.now += 1;
  await three.judge();
  const expired = await three.store(0).page(id);
  assert.deepEqual([expired?.state, expired?.code], ['refused', 'PEER_DISAGREES']);
  await three.upload([await three.sign(valuesOf(1, 5), 1)]);
  await three.judge();
  for (const place of places) assert.equal((await three.store(place).page(id))?.state, 'accepted');
});

test('nobody but the two others of a trio is answered', async (t) => {
  const three = await openServers(t);
  const [upload] = await three.uploads([await three.sign(valuesOf(1, 5), 1)]);
  await refused(three.server(0).answerPeer(upload), 'CBOR_SHAPE');
  const seen: Uint8Array[] = [];
  const { peers } = three.server(1).base;
  const { ask } = peers;
  Object.assign(peers, {
    ask: (to: Parameters<typeof ask>[0], bytes: Uint8Array) => {
      seen.push(bytes);
      return ask(to, bytes);
    },
  });
  await three.upload([await three.sign(valuesOf(1, 5), 1)]);
  await three.server(1).judge();
  const [asked] = seen;
  assert.ok(asked !== undefined);
  const forged = asked.slice();
  forged[forged.length - 1] = (forged.at(-1) ?? 0) ^ 1;
  await refused(three.server(0).answerPeer(forged), 'UNAUTHENTICATED');
  // What was said to one server is not said to another, nor an hour later.
  const addressee = await three
    .server(0)
    .answerPeer(asked)
    .then(
      () => 0 as const,
      () => 2 as const,
    );
  await refused(three.server(addressee === 0 ? 2 : 0).answerPeer(asked), 'UNAUTHENTICATED');
  three.now += 3_600_000;
  await refused(three.server(addressee).answerPeer(asked), 'UNAUTHENTICATED');
});

test('killed between any two steps, three servers end with the same batches under the same roots', async () => {
  const killing = fc.record({
    place: fc.constantFrom<Place>(0, 1, 2),
    /** At the how manieth step that it comes to. */
    at: fc.integer({ min: 1, max: 14 }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(killing, { minLength: 1, maxLength: 4 }), (kills) => endAlike(kills)),
    { numRuns: 8 },
  );
});
