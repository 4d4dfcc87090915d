import { defineAct } from '../../../src/ledger/act.ts';
import { accept, refuse } from '../../../src/ledger/outcome.ts';
import type { RefusalCode } from '../../../src/ledger/refusals.ts';
import { put, stateTable } from '../../../src/ledger/table.ts';
import type { LedgerWing } from '../../../src/ledger/wing.ts';
import { struct, uint } from '../../../src/primitives/shape.ts';
import type { newerCodes } from './codes.ts';

/** In the later version's catalogue it stands as every other code. */
const empty: keyof typeof newerCodes = 'NEWER_EMPTY';

const newerNotes = stateTable('newer-notes', struct({ value: uint }));

/** Anybody notes a number; it stands in a table that no other version has. */
const newerNote = defineAct({
  kind: 'NewerNote',
  number: 250,
  fields: { value: uint },
  log: 'user',
  senders: 'everybody',
  rules: [
    {
      fromVersion: 1,
      judge: (_view, { value }, { sender }) =>
        value === 0
          ? refuse(empty as string as RefusalCode)
          : accept([put(newerNotes, sender, { value })]),
    },
  ],
  facts: ({ value }) => ({ value }),
});

export const newer: LedgerWing = { name: 'newer', acts: [newerNote], tables: [newerNotes] };
