import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { sha256, shake256 } from '../../../../crypto/hash.ts';
import { bytesToHex, compareBytes, hexToBytes, u32be, utf8 } from '../../../../primitives/bytes.ts';
import { accountIdOf } from '../../../../primitives/ids.ts';
import { encodeAs } from '../../../../primitives/shape.ts';
import { noSalt, registration, signedRegistration } from '../../api/registration.ts';
import { bytesToElements, field64, modulo } from '../../crypto/field.ts';
import { plainArithmetic } from '../../crypto/pages/page-arithmetic-plain.ts';
import { keptLength, rollLength } from '../../crypto/pages/page-layout.ts';
import { digestOfDays, digestOfPages } from '../stores/page-selection.ts';
import type { ArrivedPage, StoredShare } from '../stores/page-store.ts';
import { RowMacs } from '../stores/row-macs.ts';
import { SqlitePageStore } from '../stores/sqlite/sqlite-page-store.ts';
import { storedPages } from './stored-pages.ts';

const testMacs = new RowMacs(new Uint8Array(32));

const drawn = (name: string, at = 0): Uint8Array => sha256(utf8(name), u32be(at));
const trio = bytesToHex(drawn('trio'));
const dataset = bytesToHex(drawn('dataset')).slice(0, 32);
const firstHour = 480_000;
const hoursOfTest = 96;
const patients = 12;
const pseudonym = (who: number): Uint8Array => drawn('pseudonym', who).slice(0, 16);

/** Nearly all of a share's elements are as large as an element can be, so that a carry that is lost shows. */
function elements(count: number, at: number): Uint8Array {
  const bytes = shake256(u32be(at), 8 * count);
  for (let i = 0; i < count; i++) {
    bytes.fill(i % 2 === 0 ? 0xfe : 0xff, 8 * i + 5, 8 * i + 8);
    bytes[8 * i + 4] = 0xfe;
  }
  return bytes;
}

interface Kept {
  readonly page: ArrivedPage;
  readonly batch: number;
  readonly who: number;
  readonly share: StoredShare;
}

/** Pages of four days, two to five an hour, in batches that cut days anywhere. */
const kept: readonly Kept[] = Array.from({ length: hoursOfTest * 4 }, (_, at) => {
  const who = (at * 7 + Math.floor(at / 5)) % patients;
  const startHour = firstHour + ((at * 11) % hoursOfTest);
  return {
    ...{ who, batch: 1 + Math.floor(at / 70) },
    page: {
      ...{ page: drawn('page', at).slice(0, 16), trio, manifestHash: drawn('manifest', at) },
      ...{ manifest: drawn('bytes', at), signature: drawn('signature', at) },
      ...{ sensor: drawn('sensor', who), pseudonym: pseudonym(who), panel: 1, startHour },
      ...{ n: 1 + (at % 64), leaf: drawn('leaf', at), body: drawn('body', at), atMs: at },
    },
    share: {
      ...{ roll: elements(rollLength, at), histogram: elements(keptLength - rollLength, at) },
      ...{ clinical: drawn('clinical', at), salt: drawn('salt', at) },
    },
  };
});

const store = new SqlitePageStore(':memory:', plainArithmetic, testMacs);
after(() => store.close());
const ready = (async () => {
  for (let who = 0; who < patients; who++) {
    const bytes = encodeAs(registration, {
      ...{ account: accountIdOf(drawn('account', who)), pseudonym: pseudonym(who), counter: 1 },
      ...{ sex: 1 + (who % 2), ageBand: 4, region: 0, arm: 0, fromHour: 0, untilHour: 2 ** 32 - 1 },
      sensors: [{ key: drawn('sensor', who), panels: [1] }],
      pseudonymSalt: noSalt,
      // One patient takes part in nothing.
      datasets: who === 3 ? [] : [dataset],
    });
    await store.register({
      ...{ account: accountIdOf(drawn('account', who)), pseudonym: pseudonym(who), counter: 1 },
      signed: encodeAs(signedRegistration, { registration: bytes, signature: new Uint8Array(64) }),
    });
  }
  await store.takeIn(kept.map(({ page }) => page));
  await store.settle(
    kept.map(({ page, share }) => ({
      ...{ page: page.page, manifestHash: page.manifestHash, kept: share },
    })),
  );
  for (const number of new Set(kept.map(({ batch }) => batch))) {
    const pages = kept.filter(({ batch }) => batch === number).map(({ page }) => page.page);
    const batch = { trio, number, root: drawn('root', number), pages: pages.sort(compareBytes) };
    await store.planBatch({ ...batch, firstHour, lastHour: firstHour + hoursOfTest });
    await store.seal(batch);
  }
})();

const wanted = {
  ...{ dataset, trio, panel: 1, asOfBatch: 6, fromHour: firstHour, untilHour: firstHour + 96 },
  cohort: [] as const,
};

/** The same by going through all pages. */
function expected(of: typeof wanted, isMeant: (who: number) => boolean) {
  const own = kept.filter(
    ({ page, batch, who }) =>
      of.fromHour <= page.startHour &&
      page.startHour < of.untilHour &&
      batch <= of.asOfBatch &&
      who !== 3 &&
      isMeant(who),
  );
  const byDay = (of: readonly Kept[]): Uint8Array => {
    const days = [...new Set(of.map((it) => `${Math.floor(it.page.startHour / 24)} ${it.batch}`))];
    const digests = days.sort().map((day) => {
      const pages = of.filter((it) => `${Math.floor(it.page.startHour / 24)} ${it.batch}` === day);
      return digestOfPages(pages.map(({ page }) => page.page).sort(compareBytes));
    });
    return digestOfDays(Buffer.concat(digests));
  };
  const people = [...new Set(own.map(({ who }) => who))]
    .sort((a, b) => compareBytes(pseudonym(a), pseudonym(b)))
    .map((who) => {
      const pages = own.filter((it) => it.who === who);
      const readings = pages.reduce((sum, { page }) => sum + page.n, 0);
      return { patient: pseudonym(who), pages: pages.length, readings, digest: byDay(pages) };
    });
  const column = (part: 'roll' | 'histogram') => {
    const rows = own.map(({ share }) => bytesToElements(field64, share[part]) ?? []);
    return (rows[0] ?? []).map((_, at) =>
      modulo(
        field64,
        rows.reduce((sum, row) => sum + (row[at] ?? 0n), 0n),
      ),
    );
  };
  return { people, roll: column('roll'), counters: column('histogram') };
}

/** From the first hour, until, as of which batch. */
for (const [from, until, asOfBatch] of [
  [0, 96, 6],
  [0, 96, 2],
  [24, 72, 6],
  [5, 91, 6],
  [5, 91, 4],
  [5, 23, 6],
  [20, 30, 6],
  [24, 25, 6],
  [0, 1, 6],
] as const) {
  test(`hours ${from} to ${until} as of batch ${asOfBatch}: sums and digests are those of the pages one by one`, async () => {
    await ready;
    const of = {
      ...wanted,
      ...{ asOfBatch, fromHour: firstHour + from, untilHour: firstHour + until },
    };
    const pages = storedPages(store);
    for (const cohort of [[], [{ attribute: 'sex', from: 2, to: 2 }]] as const) {
      const isMeant = (who: number) => cohort.length === 0 || who % 2 === 1;
      const { people, roll, counters } = expected(of, isMeant);
      const found = await pages.select({ ...of, cohort });
      assert.deepEqual(
        found.map(({ patient, pages, readings, digest }) => ({ patient, pages, readings, digest })),
        people,
      );
      const sum = await pages.sum({ whole: found, pages: [] }, { ...of, cohort, counters: true });
      assert.deepEqual([...sum.sums, ...sum.products], roll);
      assert.deepEqual(sum.counters, counters);
    }
  });
}

test('of a patient above the cap single pages count, and of the others all', async () => {
  await ready;
  const pages = storedPages(store);
  const [first, ...rest] = await pages.select(wanted);
  assert.ok(first !== undefined);
  const own = await pages.pagesOf(first.patient, wanted);
  assert.equal(own.length, first.pages);
  const some = own.slice(0, 2);
  const sum = await pages.sum(
    { whole: rest, pages: some.map(({ page }) => page) },
    { ...wanted, counters: true },
  );
  const ids = new Set(some.map(({ page }) => bytesToHex(page)));
  const counted = kept.filter(
    ({ who, page }) =>
      ids.has(bytesToHex(page.page)) ||
      rest.some(({ patient }) => bytesToHex(patient) === bytesToHex(pseudonym(who))),
  );
  const total = counted.reduce(
    (at, { share }) => at + (bytesToElements(field64, share.roll)?.[0] ?? 0n),
    0n,
  );
  assert.equal(sum.sums[0], modulo(field64, total));
});

test('who leaves a study is not meant any more, from the next question on', async () => {
  await ready;
  const pages = storedPages(store);
  const before = await pages.select(wanted);
  const [who] = kept;
  const account = accountIdOf(drawn('account', who?.who));
  assert.equal(await pages.isInDataset(account, dataset), true);
  const bytes = encodeAs(registration, {
    ...{ account, pseudonym: pseudonym(who?.who ?? 0), counter: 2, sex: 1, ageBand: 4, region: 0 },
    ...{ arm: 0, fromHour: 0, untilHour: 2 ** 32 - 1, sensors: [], datasets: [] },
    pseudonymSalt: noSalt,
  });
  await store.register({
    ...{ account, pseudonym: pseudonym(who?.who ?? 0), counter: 2 },
    signed: encodeAs(signedRegistration, { registration: bytes, signature: new Uint8Array(64) }),
  });
  const after = await pages.select(wanted);
  const gone = bytesToHex(pseudonym(who?.who ?? 0));
  assert.deepEqual(
    after.map(({ patient }) => bytesToHex(patient)),
    before.map(({ patient }) => bytesToHex(patient)).filter((it) => it !== gone),
  );
  assert.equal(await pages.isInDataset(account, dataset), false);
  assert.ok(hexToBytes(gone) !== undefined);
});
