import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bytesToHex } from '../../primitives/bytes.ts';
import { aboutOfPatient } from '../records/import/identity.ts';
import { identityOf } from './patient-identity.ts';

/** Whose chart it is, by the Patients that its owner brought. Source: docs/protocol/items.md, rule I-17a. */
const at = (height: number, name: string, born: string) => ({
  ...{ height, name, born, about: bytesToHex(aboutOfPatient(name, born)) },
});

type Row = readonly [what: string, patients: ReturnType<typeof at>[], who: string | undefined];
const rows: readonly Row[] = [
  ['no Patient', [], undefined],
  ['one', [at(1, 'Ana Lima', '1970-01-31')], 'Ana Lima 1970-01-31'],
  [
    "somebody else's that came later",
    [at(1, 'Ana Lima', '1970-01-31'), at(2, 'Ben Cole', '1988-05-05')],
    'Ana Lima 1970-01-31',
  ],
  [
    'a newer one of the same person, under another name',
    [at(1, 'Ana Lima', '1970-01-31'), at(3, 'Ana Sousa', '1970-01-31')],
    'Ana Sousa 1970-01-31',
  ],
  [
    "one between that is somebody else's",
    [
      at(1, 'Ana Lima', '1970-01-31'),
      at(2, 'Ben Cole', '1988-05-05'),
      at(3, 'Lima, Ana', ''),
      at(4, 'Ben Cole', ''),
    ],
    'Lima, Ana ',
  ],
  [
    'several persons in the first anchor',
    [
      at(1, 'Ana Lima', '1970-01-31'),
      at(1, 'Ben Cole', '1988-05-05'),
      at(2, 'Ana Lima', '1970-01-31'),
    ],
    undefined,
  ],
  [
    'one person twice in the first anchor',
    [at(1, 'Ana Lima', '1970-01-31'), at(1, 'LIMA Ana', '1970-01-31')],
    'LIMA Ana 1970-01-31',
  ],
];
for (const [what, patients, who] of rows) {
  test(`${what}: ${who ?? 'not known'}`, () => {
    const found = identityOf(patients);
    assert.equal(found === undefined ? undefined : `${found.name} ${found.born}`, who);
  });
}
