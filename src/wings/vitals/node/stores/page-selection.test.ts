import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sha256 } from '../../../../crypto/hash.ts';
import { bytesToHex, compareBytes, utf8 } from '../../../../primitives/bytes.ts';
import { isCoded } from '../../../../primitives/errors.ts';
import { overlaps, requireNoOverlap } from './overlap.ts';
import {
  countingPages,
  digestOfDays,
  digestOfPages,
  pageSetOf,
  patientsApart,
  patientsIn,
  requirePatients,
  selectionOf,
} from './page-selection.ts';

const name = (patient: number): Uint8Array => sha256(utf8(`patient ${patient}`)).slice(0, 16);
const idsOf = (patient: number, each: number): readonly Uint8Array[] =>
  Array.from({ length: each }, (_, i) => sha256(utf8(`page ${patient} ${i}`)).slice(0, 16));
const pagesOf = (patient: number, each: number) =>
  idsOf(patient, each).map((page) => ({ page, readings: 1 }));
/** So many patients with three pages each, of one day. */
const meant = (patients: number, from = 0, each = 3) =>
  Array.from({ length: patients }, (_, i) => ({
    ...{ patient: name(from + i), name: bytesToHex(name(from + i)), pages: each, readings: each },
    digest: digestOfDays(digestOfPages(idsOf(from + i, each))),
  })).sort((a, b) => compareBytes(a.patient, b.patient));
const query = sha256(utf8('query'));
const of = { query, pagesPerPatient: 4 };
const ids = (pages: readonly { readonly page: Uint8Array }[]) =>
  pages.map(({ page }) => bytesToHex(page));

test('three servers choose the same pages, in whatever order they keep them (pitfall 2)', () => {
  const pages = pagesOf(1, 10);
  const chosen = ids(countingPages(pages, of));
  assert.equal(chosen.length, 4);
  assert.deepEqual([...chosen].sort(), chosen);
  assert.deepEqual(ids(countingPages([...pages].reverse(), of)), chosen);
  assert.deepEqual(ids(countingPages([...pages.slice(5), ...pages.slice(0, 5)], of)), chosen);
});

test('another query counts other pages, so nobody who made a page knew which would count', () => {
  const pages = pagesOf(1, 10);
  const other = { ...of, query: sha256(utf8('another')) };
  assert.notDeepEqual(ids(countingPages(pages, other)), ids(countingPages(pages, of)));
});

test('a patient with no more pages than the cap gives them all', () => {
  assert.equal(countingPages(pagesOf(1, 4), of).length, 4);
  assert.equal(countingPages(pagesOf(1, 900), of).length, 4);
});

for (const [patients, isRefused] of [
  [0, true],
  [19, true],
  [20, false],
  [21, false],
] as const) {
  test(`${patients} patients: ${isRefused ? 'COHORT_TOO_SMALL' : 'counted'}`, () => {
    const count = () => requirePatients(meant(patients), 20);
    if (!isRefused) return assert.doesNotThrow(count);
    return assert.throws(count, (error) => isCoded(error, 'COHORT_TOO_SMALL'));
  });
}

const asked = pageSetOf(meant(40));
test('the pages of a question are those of its patients', () => {
  assert.equal(patientsIn(asked), 40);
  assert.equal(patientsApart(asked, pageSetOf(meant(40))), 0);
  assert.equal(overlaps(asked, pageSetOf(meant(40)), 20), false);
});

test('a selection is another for another query, and for one page more', () => {
  const selection = bytesToHex(selectionOf(query, asked));
  assert.equal(bytesToHex(selectionOf(query, pageSetOf(meant(40)))), selection);
  assert.notEqual(bytesToHex(selectionOf(sha256(utf8('another')), asked)), selection);
  const more = pageSetOf(
    [...meant(39), ...meant(1, 39, 4)].sort((a, b) => compareBytes(a.patient, b.patient)),
  );
  assert.notEqual(bytesToHex(selectionOf(query, more)), selection);
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
    const others = [...meant(40 - out, out), ...meant(more, 1_000)];
    const now = pageSetOf(others.sort((a, b) => compareBytes(a.patient, b.patient)));
    assert.equal(patientsApart(asked, now), out + more);
    assert.equal(overlaps(asked, now, 20), expected);
    assert.equal(overlaps(now, asked, 20), expected);
  });
}

test('a question that overlaps is refused: COHORT_OVERLAP', () => {
  const now = pageSetOf(meant(40).slice(1));
  assert.throws(
    () => requireNoOverlap(asked, now, 20),
    (error) => isCoded(error, 'COHORT_OVERLAP'),
  );
  requireNoOverlap(asked, asked, 20);
});

test('one page more of one patient is a difference of one patient', () => {
  const now = pageSetOf(
    meant(40).map((it, at) => (at === 7 ? { ...it, digest: digestOfDays(it.digest) } : it)),
  );
  assert.equal(patientsApart(asked, now), 1);
  assert.equal(overlaps(asked, now, 20), true);
});
