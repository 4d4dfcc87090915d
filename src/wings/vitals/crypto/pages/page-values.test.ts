import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { edgesOf, edgesVersion, histogramBin, histogramBins } from '../histogram-edges.ts';
import { paddedPanel, panelOf, panels } from '../panels.ts';
import {
  clinicalCode,
  clinicalValue,
  statisticsCode,
  statisticsStep,
  statisticsValue,
  type VitalName,
  vitalSigns,
} from '../vital-signs.ts';
import { sizeOf } from './page-head.ts';
import { encodePage, pageRows, withBlankRows } from './page-values.ts';

const all = Object.entries(vitalSigns) as [VitalName, (typeof vitalSigns)[VitalName]][];
const rangeOf = (name: VitalName) => {
  const { low, high } = vitalSigns[name].clinical;
  return { min: low / 100_000, max: high / 100_000, noNaN: true };
};

test('there are eight vital signs, each with a LOINC code of its own', () => {
  assert.equal(all.length, 8);
  const codes = all.flatMap(([, { loinc }]) => loinc);
  assert.equal(new Set(codes).size, codes.length);
  for (const code of codes) assert.match(code, /^\d{4,5}-\d$/);
});

for (const [name, vital] of all) {
  test(`${name}: every value of its range becomes 16 bits and comes back within half a step`, () => {
    fc.assert(
      fc.property(fc.double(rangeOf(name)), (value) => {
        const code = clinicalCode(vital, value, vital.unit);
        assert.ok(Number.isInteger(code) && code >= 0 && code < 65_536);
        const step = vital.clinical.step / 100_000;
        assert.ok(Math.abs(clinicalValue(vital, code) - value) <= step / 2 + 1e-9);
        assert.equal(clinicalCode(vital, clinicalValue(vital, code), vital.unit), code);
      }),
    );
  });

  test(`${name}: what is outside its range, or no number, is refused and not cut off`, () => {
    const { min, max } = rangeOf(name);
    const outside = [min - 0.001, max + 0.001, Number.NaN, Number.POSITIVE_INFINITY, -1e300];
    for (const value of outside) {
      assert.throws(() => clinicalCode(vital, value, vital.unit), { code: 'VALUE_RANGE' });
    }
    for (const unit of ['', 'mmHg', '1', 'constructor', `${vital.unit} `]) {
      assert.throws(() => clinicalCode(vital, min, unit), { code: 'VALUE_UNIT' });
    }
  });

  test(`${name}: its statistics code is a byte, within half a step inside its window, and cut off outside`, () => {
    const step = statisticsStep(vital);
    const [first, last] = [statisticsValue(vital, 0), statisticsValue(vital, 255)];
    fc.assert(
      fc.property(fc.double(rangeOf(name)), (value) => {
        const code = clinicalCode(vital, value, vital.unit);
        const byte = statisticsCode(vital, code);
        assert.ok(Number.isInteger(byte) && byte >= 0 && byte < 256);
        const near = Math.min(last, Math.max(first, clinicalValue(vital, code)));
        assert.ok(Math.abs(statisticsValue(vital, byte) - near) <= step / 2 + 1e-9);
      }),
    );
  });

  test(`${name}: 31 ascending edges within its range make 32 bins, and every value has one`, () => {
    const edges = edgesOf(name, edgesVersion);
    assert.equal(edges.length, histogramBins - 1);
    assert.deepEqual(
      edges,
      edges.toSorted((a, b) => a - b),
    );
    fc.assert(
      fc.property(fc.double(rangeOf(name)), (value) => {
        const code = clinicalCode(vital, value, vital.unit);
        const bin = histogramBin(name, code, edgesVersion);
        const half = vital.clinical.step / 200_000 + 1e-9;
        const [below = -Infinity, above = Infinity] = [edges[bin - 1], edges[bin]];
        assert.ok(value >= below - half && value <= above + half);
      }),
    );
    for (const [at, edge] of edges.entries()) {
      assert.equal(histogramBin(name, clinicalCode(vital, edge, vital.unit), edgesVersion), at + 1);
    }
    assert.throws(() => histogramBin(name, 0, 9), { code: 'EDGES_VERSION' });
  });
}

for (const [name, value, unit, stored] of [
  ['glucose', 99.088, 'mg/dL', 5.5],
  ['glucose', 180.16, 'mg/dL', 10],
  ['temperature', 98.6, '[degF]', 37],
  ['temperature', 104, '[degF]', 40],
] as const) {
  test(`${value} ${unit} of ${name} is ${stored}`, () => {
    const vital = vitalSigns[name];
    assert.equal(clinicalValue(vital, clinicalCode(vital, value, unit)), stored);
  });
}

test('the windows of the statistics code are those of the protocol', () => {
  const window = (name: VitalName) => [
    statisticsValue(vitalSigns[name], 0),
    statisticsValue(vitalSigns[name], 255),
  ];
  assert.deepEqual(window('heartRate'), [14, 141.5]);
  assert.deepEqual(window('diastolic'), [12, 139.5]);
  assert.deepEqual(window('oxygenSaturation'), [75.2, 100.7]);
  assert.deepEqual(window('glucose'), [0, 25.5]);
  assert.deepEqual(window('respiratoryRate'), [-14, 49.75]);
});

const reading = (panel: number) =>
  panelOf(panel).vitals.map((name) => {
    const { clinical, unit } = vitalSigns[name];
    return { value: (clinical.low + clinical.high) / 200_000, unit };
  });

for (const { number, name, vitals } of panels) {
  test(`a page of panel ${name} has a code of every vital sign in every row, and each counted once`, () => {
    const page = encodePage([reading(number), reading(number)], { panel: number, edges: 1 });
    assert.equal(page.n, 2);
    assert.equal(page.clinical.length, 2 * vitals.length);
    assert.equal(page.statistics.length, 2 * vitals.length);
    for (let v = 0; v < vitals.length; v++) {
      const counters = page.counters.subarray(32 * v, 32 * v + 32);
      assert.equal(
        counters.reduce((a, b) => a + b, 0),
        2,
      );
    }
  });
}

test('a row that misses a vital sign is refused, and so are no rows and more than 64', () => {
  const of = { panel: 1, edges: 1 };
  assert.throws(() => encodePage([reading(1).slice(1)], of), { code: 'ROW_INCOMPLETE' });
  assert.throws(() => encodePage([[undefined, ...reading(1).slice(1)]], of), {
    code: 'ROW_INCOMPLETE',
  });
  assert.throws(() => encodePage([], of), { code: 'BODY_LENGTH' });
  assert.throws(
    () =>
      encodePage(
        Array.from({ length: 65 }, () => reading(1)),
        of,
      ),
    { code: 'BODY_LENGTH' },
  );
  assert.throws(() => encodePage([reading(1)], { panel: 6, edges: 1 }), { code: 'PANEL_UNKNOWN' });
  assert.throws(() => encodePage([reading(1)], { panel: 1, edges: 2 }), { code: 'EDGES_VERSION' });
});

for (const { number, name, vitals } of panels) {
  test(`a padded page of ${name} is full, its blank rows are all codes 0, and a shorter one is none`, () => {
    const panel = paddedPanel(number);
    const row = vitals.map((vital) => {
      const { clinical, unit } = vitalSigns[vital];
      return { value: clinical.high / 100_000, unit };
    });
    const page = encodePage(withBlankRows(panel, [row, row]), { panel, edges: edgesVersion });
    assert.equal(page.n, pageRows);
    const k = vitals.length;
    assert.ok(page.clinical.subarray(0, 2 * k).every((code) => code > 0));
    assert.ok(page.clinical.subarray(2 * k).every((code) => code === 0));
    const head = { page: new Uint8Array(16), nonce: new Uint8Array(16), edges: edgesVersion };
    assert.deepEqual(sizeOf({ ...head, panel, n: pageRows }), { n: pageRows, k });
    for (const n of [1, pageRows - 1, pageRows + 1])
      assert.throws(() => sizeOf({ ...head, panel, n }), { code: 'BODY_LENGTH' });
    assert.deepEqual(withBlankRows(number, [row]), [row]);
  });
}

test('there is a padded panel of each, and none of a padded one', () => {
  assert.throws(() => panelOf(paddedPanel(6)), { code: 'PANEL_UNKNOWN' });
  assert.throws(() => panelOf(paddedPanel(paddedPanel(1))), { code: 'PANEL_UNKNOWN' });
  assert.throws(() => panelOf(paddedPanel(0)), { code: 'PANEL_UNKNOWN' });
});
