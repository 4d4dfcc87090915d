import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import type { Code } from '../../../../codes/index.ts';
import { sha256 } from '../../../../crypto/hash.ts';
import {
  bytesToHex,
  compareBytes,
  concatBytes,
  u32be,
  utf8,
} from '../../../../primitives/bytes.ts';
import { isCoded } from '../../../../primitives/errors.ts';
import { accountIdOf } from '../../../../primitives/ids.ts';
import { blobIdOf } from '../../../../storage/blob-id.ts';
import { plainArithmetic } from '../../crypto/pages/page-arithmetic-plain.ts';
import { digestOfPages } from './page-selection.ts';
import type { ArrivedPage, DaySums, PageStore, StoredShare } from './page-store.ts';

/** Opens an empty store; `again` closes it and opens what it left. */
export type OpenPageStore = (
  test: TestContext,
) => Promise<{ readonly store: PageStore; readonly again: () => Promise<PageStore> }>;

const drawn = (name: string, at = 0): Uint8Array => sha256(utf8(name), u32be(at));
const trio = bytesToHex(drawn('trio'));
const other = bytesToHex(drawn('another trio'));
const pseudonym = drawn('pseudonym').slice(0, 16);

const pageOf = (at: number, more: Partial<ArrivedPage> = {}): ArrivedPage => ({
  ...{ page: drawn('page', at).slice(0, 16), trio, manifestHash: drawn('manifest', at) },
  ...{ manifest: drawn('bytes of a manifest', at), signature: drawn('signature', at) },
  ...{ sensor: drawn('sensor'), pseudonym, panel: 1, startHour: 480_000 + at, n: 60 },
  ...{ leaf: drawn('leaf', at), body: drawn('body', at), atMs: 1_000 + at },
  ...more,
});
/** Small numbers, so that sums can be told by looking. */
const elements = (count: number, value: number): Uint8Array => {
  const bytes = new Uint8Array(8 * count);
  for (let i = 0; i < count; i++) bytes[8 * i] = value;
  return bytes;
};
const keptOf = (at: number): StoredShare => ({
  ...{ roll: elements(20, at + 1), histogram: elements(160, at + 2) },
  ...{ clinical: drawn('clinical', at), salt: drawn('salt', at) },
});
const accept = (page: ArrivedPage, at: number) => ({
  ...{ page: page.page, manifestHash: page.manifestHash, kept: keptOf(at) },
});
const byId = (pages: readonly ArrivedPage[]) => pages.map(({ page }) => page).sort(compareBytes);
const rejectsWith = (promise: Promise<unknown>, code: Code) =>
  assert.rejects(promise, (error) => isCoded(error, code));

/** Takes in, accepts and seals. */
async function sealed(store: PageStore, number: number, pages: readonly ArrivedPage[]) {
  await store.takeIn(pages);
  await store.settle(pages.map((page, at) => accept(page, at)));
  const batch = {
    ...{ trio, number, root: drawn('root', number), pages: byId(pages) },
    ...{ firstHour: 480_000, lastHour: 480_100 },
  };
  await store.planBatch(batch);
  await store.seal(batch);
  return batch;
}

/** What every page store does. */
export function describePageStore(name: string, open: OpenPageStore): void {
  describe(name, () => {
    test('a pseudonym belongs to one account, an account has one, and the highest counter counts', async (t) => {
      const { store, again } = await open(t);
      const [ana, ben] = [accountIdOf(drawn('ana')), accountIdOf(drawn('ben'))];
      const first = { pseudonym, account: ana, counter: 3, signed: drawn('first') };
      await store.register(first);
      await store.register(first);
      // Of two with one counter the same one stays, whichever came first.
      const others = Array.from({ length: 16 }, (_, at) => drawn('of the same counter', at));
      const isGreater = (a: Uint8Array, b: Uint8Array) => compareBytes(sha256(a), sha256(b)) > 0;
      const [least, greatest] = [false, true].map((it) =>
        others.find((signed) => isGreater(signed, first.signed) === it),
      );
      if (least === undefined || greatest === undefined) assert.fail();
      await rejectsWith(store.register({ ...first, signed: least }), 'REGISTRATION_OLD');
      await store.register({ ...first, signed: greatest });
      await rejectsWith(store.register(first), 'REGISTRATION_OLD');
      await rejectsWith(store.register({ ...first, account: ben, counter: 9 }), 'PSEUDONYM_TAKEN');
      const elsewhere = { ...first, pseudonym: drawn('p').slice(0, 16), counter: 9 };
      await rejectsWith(store.register(elsewhere), 'PSEUDONYM_TAKEN');
      const second = { ...first, counter: 4, signed: drawn('second') };
      await store.register(second);
      const reopened = await again();
      assert.deepEqual(await reopened.registration(pseudonym), second);
      const all = await reopened.registrationsSince(0);
      assert.deepEqual(all, [{ ...second, place: all[0]?.place }]);
      const place = all[0]?.place ?? 0;
      assert.deepEqual(await reopened.registrationsSince(place), []);
      await reopened.register({ ...elsewhere, account: ben });
      const [next] = await reopened.registrationsSince(place);
      assert.deepEqual([next?.account, (next?.place ?? 0) > place], [ben, true]);
      // One that changes comes again, after those that came since.
      await reopened.register({ ...second, counter: 5, signed: drawn('third') });
      const later = await reopened.registrationsSince(next?.place ?? 0);
      assert.deepEqual(
        later.map(({ account }) => account),
        [ana],
      );
      const some = await reopened.registrationsSince(place, 1);
      assert.deepEqual(
        some.map(({ account }) => account),
        [ben],
      );
      assert.equal(await reopened.registration(drawn('q').slice(0, 16)), undefined);
    });

    test('a registration may stand in the place of one of the same account, unless a page was accepted under that', async (t) => {
      const { store, again } = await open(t);
      const [ana, ben] = [accountIdOf(drawn('ana')), accountIdOf(drawn('ben'))];
      const first = { pseudonym, account: ana, counter: 9, signed: drawn('first') };
      const second = {
        pseudonym: drawn('p').slice(0, 16),
        account: ana,
        counter: 1,
        signed: drawn('2'),
      };
      const third = {
        ...second,
        pseudonym: drawn('q').slice(0, 16),
        counter: 2,
        signed: drawn('3'),
      };
      await store.register(first);
      await store.takeIn([pageOf(1), pageOf(2, { pseudonym: drawn('r').slice(0, 16) })]);
      await rejectsWith(store.register(second, drawn('another')), 'PSEUDONYM_TAKEN');
      await rejectsWith(
        store.register({ ...second, account: ben, pseudonym }, first.signed),
        'PSEUDONYM_TAKEN',
      );
      assert.deepEqual(await store.registrationOf(ana), first);
      await store.register(second, first.signed);
      const reopened = await again();
      assert.deepEqual(await reopened.registrationOf(ana), second);
      assert.equal(await reopened.registrationOf(ben), undefined);
      assert.equal(await reopened.registration(pseudonym), undefined);
      const after = await reopened.registrationsSince(1);
      assert.deepEqual(
        after.map((it) => it.counter),
        [1],
      );
      const [refused, waits] = [
        await reopened.page(pageOf(1).page),
        await reopened.page(pageOf(2).page),
      ];
      assert.deepEqual(
        [refused?.code, refused?.state, waits?.state],
        ['SENSOR_UNKNOWN', 'refused', 'waiting'],
      );
      assert.equal(await reopened.body(pageOf(1)), undefined);
      // Accepted, then sealed.
      const own = pageOf(3, { pseudonym: second.pseudonym });
      await reopened.takeIn([own]);
      await reopened.settle([accept(own, 1)]);
      await rejectsWith(reopened.register(third, second.signed), 'PSEUDONYM_TAKEN');
      await reopened.giveUp(own.page, 'PEER_DISAGREES');
      await reopened.register(third, second.signed);
      await sealed(reopened, 1, [pageOf(4, { pseudonym: third.pseudonym })]);
      await rejectsWith(reopened.register(second, third.signed), 'PSEUDONYM_TAKEN');
      assert.deepEqual(await reopened.registrationOf(ana), third);
      assert.deepEqual(await reopened.upkeep?.scrubWhole(false), []);
    });

    test('a page waits once, is replaced until the server has spoken of it, and after it was refused', async (t) => {
      const { store } = await open(t);
      const page = pageOf(1);
      await store.takeIn([page]);
      await store.takeIn([page]);
      assert.equal(await store.sentSince(page.sensor, 0), 1);
      const heard = { ...{ sensor: page.sensor, hour: page.startHour }, atMs: page.atMs, trio };
      const heardSince = (hour: number, panel = page.panel) =>
        store.heard(page.pseudonym, panel, hour);
      assert.deepEqual(await heardSince(page.startHour), [heard]);
      assert.deepEqual(await heardSince(page.startHour + 1), []);
      assert.deepEqual(await heardSince(0, page.panel + 1), []);
      const anew = { ...page, manifestHash: drawn('anew'), body: drawn('new body') };
      await store.takeIn([anew]);
      const { body, manifestHash, manifest } = anew;
      const named = { page: anew.page, manifestHash, manifest };
      assert.deepEqual(await store.waiting(trio, 9), [named]);
      assert.deepEqual(await store.body(anew), body);
      assert.equal(await store.body(page), undefined);
      const said = { page: page.page, manifestHash: anew.manifestHash, said: drawn('said') };
      await store.speak([said]);
      await store.speak([{ ...said, said: drawn('something else') }]);
      assert.deepEqual(await store.waiting(trio, 9), [{ ...named, said: drawn('said') }]);
      await rejectsWith(store.takeIn([page]), 'PAGE_WAITS');
      await store.takeIn([anew]);
      // A verdict of the one that was replaced is nobody's.
      await store.settle([{ page: page.page, manifestHash: page.manifestHash, code: 'NO' }]);
      assert.equal((await store.page(page.page))?.state, 'waiting');
      await store.settle([{ ...said, code: 'PROOF_REJECTED' }]);
      const refused = await store.page(page.page);
      assert.deepEqual([refused?.state, refused?.code], ['refused', 'PROOF_REJECTED']);
      assert.equal(await store.body(anew), undefined);
      await store.takeIn([anew]);
      assert.equal((await store.page(page.page))?.state, 'refused');
      await store.takeIn([page]);
      assert.equal((await store.page(page.page))?.state, 'waiting');
      await store.settle([accept(page, 1)]);
      await rejectsWith(store.takeIn([anew]), 'PAGE_REPLAYED');
      await store.takeIn([page]);
      assert.deepEqual(await store.waiting(trio, 9), []);
      assert.equal(await store.sentSince(page.sensor, page.atMs + 1), 0);
    });

    test('of several pages all are taken in or none', async (t) => {
      const { store, again } = await open(t);
      await store.takeIn([pageOf(1)]);
      await store.settle([accept(pageOf(1), 1)]);
      const other = pageOf(1, { manifestHash: drawn('another sharing') });
      await rejectsWith(store.takeIn([pageOf(0), other]), 'PAGE_REPLAYED');
      assert.equal(await (await again()).page(pageOf(0).page), undefined);
    });

    test('a batch is sealed once, whatever else was planned under its number', async (t) => {
      const { store, again } = await open(t);
      const pages = [pageOf(1), pageOf(2), pageOf(3)];
      await store.takeIn([...pages, pageOf(4, { trio: other })]);
      await store.settle([...pages, pageOf(4)].map((page, at) => accept(page, at)));
      assert.deepEqual(
        (await store.unsealed(trio, 9)).map(({ page }) => page),
        byId(pages),
      );
      assert.deepEqual(await store.trios(), [trio, other].sort());
      const times = { firstHour: 480_001, lastHour: 480_003 };
      const all = { trio, number: 1, root: drawn('all'), pages: byId(pages), ...times };
      const some = { ...all, root: drawn('some'), pages: byId(pages.slice(1)) };
      await store.planBatch(all);
      await store.planBatch(some);
      await store.planBatch(some);
      assert.equal((await store.plannedBatches(trio, 1)).length, 2);
      assert.equal(await store.newestBatch(trio), 0);
      assert.equal(await store.sealedBatch(trio, 1), undefined);
      await rejectsWith(store.seal({ ...all, root: drawn('neither') }), 'BATCH_UNKNOWN');
      await store.seal(some);
      const reopened = await again();
      await reopened.seal(some);
      assert.equal(await reopened.newestBatch(trio), 1);
      assert.equal(await reopened.newestBatch(other), 0);
      assert.deepEqual(await reopened.sealedBatch(trio, 1), some);
      assert.deepEqual(
        (await reopened.unsealed(trio, 9)).map(({ page }) => page),
        [pageOf(1).page],
      );
      await rejectsWith(reopened.seal(all), 'BATCH_UNKNOWN');
    });

    test('who has waited too long is refused, and its body is gone; who was accepted stays', async (t) => {
      const { store, again } = await open(t);
      const [old, late, done] = [pageOf(1), pageOf(2), pageOf(0)];
      const elsewhere = pageOf(3, { trio: other, atMs: 0 });
      await store.takeIn([old, late, done, elsewhere]);
      await store.settle([accept(done, 0)]);
      const of = { beforeMs: late.atMs, code: 'PEER_DISAGREES' };
      assert.equal(await store.expire(trio, of), 1);
      assert.equal(await store.expire(trio, of), 0);
      const reopened = await again();
      const states = await Promise.all(
        [old, late, done, elsewhere].map(async ({ page }) => (await reopened.page(page))?.state),
      );
      assert.deepEqual(states, ['refused', 'waiting', 'accepted', 'waiting']);
      assert.equal((await reopened.page(old.page))?.code, 'PEER_DISAGREES');
      await reopened.takeIn([pageOf(1, { manifestHash: drawn('another sharing') })]);
      assert.equal((await reopened.page(old.page))?.state, 'waiting');
    });

    test('what was accepted and sealed nowhere can be given up, and sent anew', async (t) => {
      const { store } = await open(t);
      await sealed(store, 1, [pageOf(1)]);
      await store.takeIn([pageOf(2)]);
      await store.settle([accept(pageOf(2), 2)]);
      await store.giveUp(pageOf(1).page, 'PEER_DISAGREES');
      await store.giveUp(pageOf(2).page, 'PEER_DISAGREES');
      assert.deepEqual((await store.page(pageOf(1).page))?.state, 'accepted');
      assert.deepEqual((await store.page(pageOf(2).page))?.code, 'PEER_DISAGREES');
      await store.takeIn([pageOf(2, { manifestHash: drawn('another sharing') })]);
      assert.equal((await store.page(pageOf(2).page))?.state, 'waiting');
    });

    test('questions find sealed pages of their panel, hours and batch, and day sums that agree', async (t) => {
      const { store, again } = await open(t);
      const elsewhere = pageOf(9, { panel: 2, startHour: 480_001 });
      await sealed(store, 1, [pageOf(1), pageOf(2), elsewhere]);
      await sealed(store, 2, [pageOf(3), pageOf(30)]);
      await store.takeIn([pageOf(5)]);
      const reopened = await again();
      const of = { trio, panel: 1, asOfBatch: 2, hours: { from: 480_000, until: 480_120 } };
      const found = async (more: Partial<typeof of> = {}) =>
        (await reopened.select({ ...of, ...more })).map(({ page }) => bytesToHex(page)).sort();
      const ids = (...at: number[]) => at.map((it) => bytesToHex(pageOf(it).page)).sort();
      assert.deepEqual(await found(), ids(1, 2, 3, 30));
      assert.deepEqual(await found({ asOfBatch: 1 }), ids(1, 2));
      assert.deepEqual(await found({ hours: { from: 480_002, until: 480_003 } }), ids(2));
      assert.deepEqual(await found({ trio: other }), []);
      const [second] = await reopened.shares([pageOf(2).page]);
      assert.deepEqual(second, { roll: keptOf(1).roll, histogram: keptOf(1).histogram });
      await rejectsWith(reopened.shares([pageOf(5).page]), 'NOT_FOUND');
      const daysOf = async (more: Partial<typeof of>, counters = false) => {
        const days: DaySums[] = [];
        for await (const day of reopened.days({ ...of, ...more }, { counters })) days.push(day);
        return days;
      };
      const hours = { from: 480_000, until: 480_024 };
      // Values 1, 2 of the first batch and 1 of the second.
      assert.deepEqual(await daysOf({ hours }, true), [
        {
          ...{ day: 20_000, batch: 1, patients: pseudonym, rolls: elements(20, 3) },
          digests: digestOfPages(byId([pageOf(1), pageOf(2)])),
          ...{ counts: concatBytes(u32be(2), u32be(120)), histograms: elements(160, 5) },
        },
        {
          ...{ day: 20_000, batch: 2, patients: pseudonym, rolls: elements(20, 1) },
          digests: digestOfPages(byId([pageOf(3)])),
          ...{ counts: concatBytes(u32be(1), u32be(60)), histograms: elements(160, 2) },
        },
      ]);
      const days = (await daysOf({})).map(({ day, batch, histograms }) => [day, batch, histograms]);
      assert.deepEqual(days, [
        [20_000, 1, undefined],
        [20_000, 2, undefined],
        [20_001, 2, undefined],
      ]);
      assert.equal((await daysOf({ asOfBatch: 1 })).length, 1);
      // A day that is not whole within the hours is none.
      assert.deepEqual(await daysOf({ hours: { from: 480_001, until: 480_047 } }), []);
      const read = await reopened.pagesOf(pseudonym, 1, { from: 480_002, until: 480_031 });
      assert.deepEqual(
        read.map(({ startHour, batch }) => [startHour, batch]),
        [
          [480_002, 1],
          [480_003, 2],
          [480_030, 2],
        ],
      );
      assert.deepEqual(read[0]?.kept, keptOf(1));
    });

    test('an envelope is kept once for its pages, and goes when the last of them is refused or replaced', async (t) => {
      const { store, again } = await open(t);
      const names = ['one', 'two', 'three', 'four', 'five'] as const;
      const pages = names.map((_, at) => pageOf(at, { atMs: at === 4 ? 1 : 1_000 }));
      const [accepted, refused, replaced, givenUp, expired] = pages as [
        ...[ArrivedPage, ArrivedPage, ArrivedPage, ArrivedPage, ArrivedPage],
      ];
      const envelopeOf = (name: string) => {
        const bytes = drawn(`envelope ${name}`);
        return { id: blobIdOf(bytes), bytes };
      };
      const [together, later] = [envelopeOf('together'), envelopeOf('later')];
      await store.takeIn(pages, together);
      await store.takeIn(pages, together);
      const held = async (of: PageStore, page: ArrivedPage) => of.envelopes([page.page]);
      assert.deepEqual(await store.envelopes(pages.map(({ page }) => page)), [together]);
      // What comes again under the same manifest brings no other envelope in.
      await store.takeIn([accepted], later);
      assert.deepEqual(await held(store, accepted), [together]);
      await store.takeIn([{ ...replaced, manifestHash: drawn('anew') }], later);
      assert.deepEqual(await held(store, replaced), [later]);
      await store.settle([
        accept(accepted, 0),
        accept(givenUp, 1),
        { page: refused.page, manifestHash: refused.manifestHash, code: 'PROOF_REJECTED' },
      ]);
      await store.giveUp(givenUp.page, 'PEER_DISAGREES');
      assert.equal(await store.expire(trio, { beforeMs: 2, code: 'PEER_DISAGREES' }), 1);
      const reopened = await again();
      for (const page of [refused, givenUp, expired])
        assert.deepEqual(await held(reopened, page), []);
      assert.deepEqual(await held(reopened, accepted), [together]);
      assert.deepEqual(await reopened.envelopes([pageOf(9).page]), []);
      // The last page of an envelope takes it along: it can come again with another sharing.
      await reopened.takeIn([{ ...replaced, manifestHash: drawn('third') }]);
      assert.deepEqual(await held(reopened, replaced), []);
      await reopened.takeIn([{ ...replaced, manifestHash: drawn('fourth') }], later);
      assert.deepEqual(await held(reopened, replaced), [later]);
    });

    test('a day’s sums are sums in the field, also of its largest elements, of each patient her own', async (t) => {
      const { store } = await open(t);
      const ben = drawn('pseudonym of ben').slice(0, 16);
      const pages = [1, 2, 3, 4].map((at) => pageOf(at, at > 2 ? { pseudonym: ben } : {}));
      const largest = elements(180, 0).map(
        (_, at) => [0, 0, 0, 0, 255, 255, 255, 255][at % 8] ?? 0,
      );
      const spread = Uint8Array.from({ length: 180 * 8 }, (_, at) => (at % 8 === 7 ? 200 : at));
      const shares = [largest, largest, largest, spread].map((it) => ({
        ...{ roll: it.slice(0, 160), histogram: it.slice(160) },
        ...{ clinical: drawn('clinical'), salt: drawn('salt') },
      }));
      await store.takeIn(pages);
      await store.settle(
        pages.map(({ page, manifestHash }, at) => ({
          ...{ page, manifestHash, kept: shares[at] ?? keptOf(at) },
        })),
      );
      const batch = { trio, number: 1, root: drawn('root'), pages: byId(pages) };
      const planned = { ...batch, firstHour: 480_001, lastHour: 480_004 };
      await store.planBatch(planned);
      await store.seal(planned);
      const [first] = await store.shares([pageOf(4).page]);
      assert.deepEqual([first?.roll, first?.histogram], [spread.slice(0, 160), spread.slice(160)]);
      const hours = { from: 480_000, until: 480_024 };
      const of = { trio, panel: 1, asOfBatch: 1, hours };
      const days: DaySums[] = [];
      for await (const day of store.days(of, { counters: true })) days.push(day);
      const people = [
        { name: pseudonym, sum: plainArithmetic.sum([largest, largest]) },
        { name: ben, sum: plainArithmetic.sum([largest, spread]) },
      ].sort((one, two) => compareBytes(one.name, two.name));
      assert.equal(days.length, 1);
      assert.deepEqual(days[0]?.patients, concatBytes(...people.map(({ name }) => name)));
      const sums = (from: number, to: number) =>
        concatBytes(...people.map(({ sum }) => sum.slice(from, to)));
      assert.deepEqual(days[0]?.rolls, sums(0, 160));
      assert.deepEqual(days[0]?.histograms, sums(160, 1_440));
    });

    test('a page that is mended came when its row says, and one that has none when it is said to', async (t) => {
      const { store, again } = await open(t);
      const [stands, waits, lost] = [pageOf(1), pageOf(2), pageOf(3)];
      const batch = await sealed(store, 1, [stands]);
      await store.takeIn([waits]);
      const pages = [stands, waits, lost].map((names, at) => ({
        ...{ names, atMs: 70_000 + at, kept: keptOf(at) },
      }));
      await store.upkeep?.mendBatch({ ...batch, pages: byId([stands, waits, lost]) }, pages);
      const heard = await (await again()).heard(pseudonym, 1, 0);
      assert.deepEqual(
        heard.map(({ atMs }) => atMs),
        [stands.atMs, waits.atMs, 70_002],
      );
    });

    test('what stands of many pages is told together, and a batch that is put right is what it is to be', async (t) => {
      const { store, again } = await open(t);
      // Of several days, and of one more than the pages of a row.
      const pages = Array.from({ length: 140 }, (_, at) => pageOf(at));
      const bytes = drawn('envelope');
      const envelope = { id: blobIdOf(bytes), bytes };
      await store.takeIn(pages.slice(0, 16), envelope);
      const batch = await sealed(store, 1, pages);
      const [accepted, waiting] = [pageOf(200), pageOf(201)];
      await store.takeIn([accepted, waiting]);
      await store.settle([accept(accepted, 200)]);
      const idOf = (at: number) => pageOf(at).page;
      const upkeep = store.upkeep ?? assert.fail();
      const asked = [9_999, 139, 200, 201, 0].map(idOf);
      const [third, first] = [keptOf(139), keptOf(0)];
      const kept = [undefined, third, keptOf(200), undefined, first];
      assert.deepEqual(await upkeep.shares(asked), kept);
      assert.deepEqual(await upkeep.shares([]), []);
      const leaves = [139, 200, 0].map((at) => pageOf(at).leaf);
      assert.deepEqual(await upkeep.leaves([139, 200, 0].map(idOf)), leaves);
      assert.equal(await upkeep.leaves([0, 9_999].map(idOf)), undefined);
      const order = pages.toSorted((a, b) => compareBytes(a.page, b.page));
      const mended = order.map(({ body: _, ...names }, at) => ({
        ...{ names, atMs: 2_000, kept: keptOf(at % 100) },
      }));
      await upkeep.mendBatch(batch, mended);
      const reopened = await again();
      const ids = order.map(({ page }) => page);
      const mendedShares = mended.map((it) => it.kept);
      assert.deepEqual(await reopened.upkeep?.shares(ids), mendedShares);
      assert.deepEqual(
        await reopened.upkeep?.leaves(ids),
        order.map((it) => it.leaf),
      );
      assert.deepEqual(await reopened.envelopes(pages.slice(0, 16).map((it) => it.page)), [
        envelope,
      ]);
      assert.deepEqual(await reopened.envelopes([idOf(16)]), []);
      assert.deepEqual(await reopened.upkeep?.scrubWhole(false), []);
      assert.deepEqual(await reopened.upkeep?.shares([idOf(200)]), [keptOf(200)]);
    });

    test('a value that is kept once stays', async (t) => {
      const { store, again } = await open(t);
      assert.deepEqual(await store.keepOnce('a', drawn('a')), drawn('a'));
      const reopened = await again();
      assert.deepEqual(await reopened.keepOnce('a', drawn('b')), drawn('a'));
      assert.equal(await reopened.kept('b'), undefined);
    });
  });
}
