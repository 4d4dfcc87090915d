import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { isCoded } from '../../../../primitives/errors.ts';
import { panelOf, panels } from '../../crypto/panels.ts';
import { rowsOfSensor } from '../../sdk/sensor/reading.ts';
import { readingsOfFile } from '../../sdk/sensor/recorded.ts';

/** Every value of every recorded series is in a row or refused with a code; of each panel, what there is. */
const shared = process.env.SALUS_SHARED;
if (shared === undefined) throw new Error('SALUS_SHARED names the folder of the shared data');
const folder = join(shared, 'data', 'vitals');

/** Rows, and refused readings by code, of a sensor that measures this one panel. */
type Counts = Readonly<Record<string, number>>;
const expected: Readonly<Record<string, Readonly<Record<string, Counts>>>> = {
  'fitbit/heartrate-user-2022484408.csv': {
    'heart-rate': { rows: 8_418 },
    'vital-signs': { rows: 0, ROW_INCOMPLETE: 8_418 },
    oximeter: { rows: 0, VITAL_UNKNOWN: 8_418 },
  },
  // 45 minutes without any lead, 1,929 of 1,936 without an arterial line; mean pressures are no vital sign here.
  'icu-s00001/numerics.csv': {
    'heart-rate': { rows: 1_890, VALUE_ABSENT: 46, VITAL_UNKNOWN: 12_072 },
    oximeter: { rows: 1_572, VALUE_ABSENT: 726, ROW_INCOMPLETE: 2, VITAL_UNKNOWN: 10_136 },
    'blood-pressure': { rows: 159, VALUE_ABSENT: 3_858, VITAL_UNKNOWN: 9_832 },
    'vital-signs': { rows: 0, VALUE_ABSENT: 2_338, ROW_INCOMPLETE: 5_558, VITAL_UNKNOWN: 6_112 },
    glucose: { rows: 0, VITAL_UNKNOWN: 14_008 },
  },
};

const files = readdirSync(folder, { recursive: true, withFileTypes: true })
  .filter((it) => it.isFile())
  .map((it) => join(it.parentPath, it.name))
  .sort();

test('every value of every file is in a row or refused, and none is both', () => {
  const unreadable: string[] = [];
  for (const path of files) {
    const name = path.slice(folder.length + 1);
    const found = inputOf(readFileSync(path, 'utf8'));
    if (found === undefined) {
      unreadable.push(name);
      continue;
    }
    const all = found.readings.length + found.refused.length;
    assert.ok(all > 0, name);
    for (const { number, name: panel, vitals } of panels) {
      const [of] = rowsOfSensor([number], found);
      const { rows = [], refused = [] } = of ?? {};
      assert.equal(rows.length * vitals.length + refused.length, all, `${name} ${panel}`);
    }
  }
  // Waveforms are no vital signs, and their headers no readings.
  assert.deepEqual(
    unreadable.map((it) => it.split('.').at(-1)),
    ['dat', 'hea', 'dat', 'hea'],
  );
});

function inputOf(text: string) {
  try {
    return readingsOfFile(text, Date.UTC(2026, 0)).input;
  } catch (error) {
    if (isCoded(error, 'REQUEST_INVALID')) return undefined;
    throw error;
  }
}

for (const [file, ofPanels] of Object.entries(expected)) {
  test(`${file}: drop-outs and columns as they came`, () => {
    const input = inputOf(readFileSync(join(folder, file), 'utf8')) ?? assert.fail();
    for (const [panel, counts] of Object.entries(ofPanels)) {
      const number = panels.find(({ name }) => name === panel)?.number ?? 0;
      assert.equal(panelOf(number).name, panel);
      const [found] = rowsOfSensor([number], input);
      const counted: Record<string, number> = { rows: found?.rows.length ?? 0 };
      for (const { code } of found?.refused ?? []) counted[code] = (counted[code] ?? 0) + 1;
      assert.deepEqual(counted, counts, panel);
    }
  });
}
