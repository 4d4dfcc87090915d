import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sha256 } from '../../../crypto/hash.ts';
import { bytesToHex, utf8 } from '../../../primitives/bytes.ts';
import { isCoded } from '../../../primitives/errors.ts';
import { overlaps, patientsApart, requireNoOverlap } from './overlap.ts';
import { countingPages, patientPages } from './page-selection.ts';

const pagesOf = (patients: number, each: number, from = 0) =>
  Array.from({ length: patients * each }, (_, i) => ({
    patient: `patient ${from + (i % patients)}`,
    page: sha256(utf8(`page ${from + (i % patients)} ${i}`)).slice(0, 16),
  }));
const query = sha256(utf8('query'));
const of = { query, pagesPerPatient: 4, kMin: 20 };
const ids = (pages: readonly { readonly page: Uint8Array }[]) =>
  pages.map(({ page }) => bytesToHex(page));

test('three servers choose the same pages, in whatever order they keep them (pitfall 2)', () => {
  const pages = pagesOf(25, 10);
  const chosen = ids(countingPages(pages, of));
  assert.equal(chosen.length, 100);
  assert.deepEqual(ids(countingPages([...pages].reverse(), of)), chosen);
  const turned = [...pages].sort((a, b) => bytesToHex(a.page).localeCompare(bytesToHex(b.page)));
  assert.deepEqual(ids(countingPages(turned, of)), chosen);
});

test('another query counts other pages, so nobody who made a page knew which would count', () => {
  const pages = pagesOf(25, 10);
  const other = { ...of, query: sha256(utf8('another')) };
  assert.notDeepEqual(ids(countingPages(pages, other)), ids(countingPages(pages, of)));
});

test('no patient gives more than the cap', () => {
  const chosen = countingPages([...pagesOf(25, 2), ...pagesOf(1, 900, 100)], of);
  const most = Math.max(
    ...[...new Set(chosen.map(({ patient }) => patient))].map(
      (it) => chosen.filter(({ patient }) => patient === it).length,
    ),
  );
  assert.equal(most, 4);
});

for (const [patients, isRefused] of [
  [0, true],
  [19, true],
  [20, false],
  [21, false],
] as const) {
  test(`${patients} patients: ${isRefused ? 'COHORT_TOO_SMALL' : 'counted'}`, () => {
    const count = () => countingPages(pagesOf(patients, 5), of);
    if (!isRefused) return assert.equal(count().length, patients * 4);
    return assert.throws(count, (error) => isCoded(error, 'COHORT_TOO_SMALL'));
  });
}

const asked = patientPages(pagesOf(40, 3));
test('the pages of a question are those of its patients, in whatever order they stand', () => {
  const again = patientPages([...pagesOf(40, 3)].reverse());
  assert.equal(patientsApart(asked, again), 0);
  assert.equal(overlaps([asked], again, 20), false);
});

/** patients left out, patients added, whether it is refused. */
for (const [out, more, expected] of [
  [1, 0, true],
  [0, 1, true],
  [19, 0, true],
  [20, 0, false],
  [0, 20, false],
  [10, 9, true],
  [10, 10, false],
  [1, 1, true],
] as const) {
  test(`a question without ${out} of the patients and with ${more} others ${expected ? 'overlaps' : 'may be asked'}`, () => {
    const fewer = pagesOf(40, 3).filter(({ patient }) => Number(patient.slice(8)) >= out);
    const now = patientPages([...fewer, ...pagesOf(more, 3, 1_000)]);
    assert.equal(overlaps([asked], now, 20), expected);
    assert.equal(overlaps([patientPages([]), asked], now, 20), expected);
    assert.equal(overlaps([], now, 20), false);
  });
}

test('a question that overlaps is refused: COHORT_OVERLAP', () => {
  const now = patientPages(pagesOf(40, 3).slice(1));
  assert.throws(
    () => requireNoOverlap([asked], now, 20),
    (error) => isCoded(error, 'COHORT_OVERLAP'),
  );
  requireNoOverlap([asked], asked, 20);
});

test('one page more of one patient is a difference of one patient', () => {
  const now = patientPages([...pagesOf(40, 3), { patient: 'patient 3', page: query.slice(0, 16) }]);
  assert.equal(patientsApart(asked, now), 1);
  assert.equal(overlaps([asked], now, 20), true);
});
