import assert from 'node:assert/strict';
import { test } from 'node:test';
import { accountOf, day, t0, type World } from '../../../../../test/world.ts';
import { refusalOf } from '../../../../ledger/refusals.ts';
import { spineRights } from '../../../../ledger/rights.ts';
import { encodeRow, stateKey } from '../../../../ledger/table.ts';
import { organisations } from '../../../../ledger/tables/organisations.ts';
import { bytesToHex } from '../../../../primitives/bytes.ts';
import { statPermits } from '../../ledger/tables/stat-permits.ts';
import { statWithdrawn } from '../../ledger/tables/stat-withdrawn.ts';
import {
  approveAct,
  by,
  idOf,
  permitAct,
  queryAct,
  queryOf,
  sealAct,
  studyWorld,
  withdrawAct,
  withdrawingLogs,
} from '../settings/study.ts';
import { at, freeze, table } from './act-table.ts';

table('a permit', 'dataset', [
  ['for a researcher', by('north', permitAct()), 'accepted'],
  ['by a hospital without the right', by('elm', permitAct()), 'SENDER_WRONG'],
  ['twice', by('north', permitAct()), 'PERMIT_TAKEN', (w) => w.mustSend(by('valley', permitAct()))],
  ['of no dataset', by('north', permitAct({ dataset: idOf('none') })), 'DATASET_UNKNOWN'],
  ['for a patient', by('north', permitAct({ researcher: accountOf('ana') })), 'RESEARCHER_UNKNOWN'],
  ['for nobody', by('north', permitAct({ researcher: accountOf('nobody') })), 'RESEARCHER_UNKNOWN'],
  [
    'for a frozen researcher',
    by('north', permitAct()),
    'RESEARCHER_UNKNOWN',
    freeze('rosa', 'north'),
  ],
  ['for another purpose', by('north', permitAct({ purpose: 'trial' })), 'PURPOSE_NOT_ALLOWED'],
  ['of nothing', by('north', permitAct({ microRho: 0 })), 'PERMIT_TERMS'],
  ['of too much', by('north', permitAct({ microRho: 40_000_001 })), 'PERMIT_TERMS'],
  ['that has run out', by('north', permitAct({ notAfterMs: t0 })), 'PERMIT_TERMS'],
  [
    'for two years',
    by('north', permitAct({ notAfterMs: t0 + 730 * day })),
    'accepted',
    at(t0 + day),
  ],
  [
    'for more',
    by('north', permitAct({ notAfterMs: t0 + 731 * day + 1 })),
    'PERMIT_TERMS',
    at(t0 + day),
  ],
]);

table('an approval', 'permit', [
  ['by another hospital', by('valley', approveAct()), 'accepted'],
  ['by the same', by('north', approveAct()), 'APPROVAL_OWN'],
  ['by one without the right', by('elm', approveAct()), 'SENDER_WRONG'],
  ['of nothing', by('valley', approveAct(idOf('none'))), 'PERMIT_UNKNOWN'],
  [
    'twice',
    by('harbour', approveAct()),
    'APPROVAL_TAKEN',
    (w) => w.mustSend(by('valley', approveAct())),
  ],
  ['too late', by('valley', approveAct()), 'PERMIT_EXPIRED', at(t0 + 200 * day)],
  ['at the last moment', by('valley', approveAct()), 'accepted', at(t0 + 200 * day - 1)],
]);

const withdrawn = (from: string) => (world: World) => world.mustSend(by(from, withdrawAct()));
const stripped = (world: World) => {
  // North loses the right that it proposed by.
  const north = world.view.get(organisations, accountOf('north')) ?? assert.fail();
  const key = bytesToHex(stateKey(organisations, accountOf('north')));
  world.store.rows.set(key, encodeRow(organisations, { ...north, rights: [...spineRights] }));
};
table(
  'a permit taken back',
  'batch',
  [
    ['by who proposed it', by('north', withdrawAct()), 'accepted'],
    ['by who approved it', by('valley', withdrawAct()), 'accepted'],
    ['by another hospital with the right', by('harbour', withdrawAct()), 'SENDER_WRONG'],
    ['by its researcher', by('rosa', withdrawAct()), 'ROLE_WRONG'],
    ['by a data server', by('server north', withdrawAct()), 'ROLE_WRONG'],
    ['in the log of charts', by('north', withdrawAct(), { log: 'doc' }), 'LOG_WRONG'],
    ['of nothing', by('north', withdrawAct(idOf('none'))), 'PERMIT_UNKNOWN'],
    ['twice', by('valley', withdrawAct()), 'PERMIT_WITHDRAWN', withdrawn('north')],
    ['by who has lost the right', by('north', withdrawAct()), 'accepted', stripped],
    ['after it ran out', by('north', withdrawAct()), 'accepted', at(t0 + 300 * day)],
    ['and asked under', by('rosa', queryAct()), 'PERMIT_WITHDRAWN', withdrawn('valley')],
    ['and another in its place', by('north', permitAct()), 'PERMIT_TAKEN', withdrawn('valley')],
  ],
  withdrawingLogs,
);
table(
  'a proposal taken back',
  'permit',
  [
    ['by who proposed it', by('north', withdrawAct()), 'accepted'],
    ['by who could have approved it', by('valley', withdrawAct()), 'SENDER_WRONG'],
    ['and approved', by('valley', approveAct()), 'PERMIT_WITHDRAWN', withdrawn('north')],
  ],
  withdrawingLogs,
);

test('a ledger whose log was not told of it takes no permit back: LOG_WRONG', () => {
  const world = studyWorld('batch');
  assert.equal(world.send(by('north', withdrawAct())).answer, 'LOG_WRONG');
});

test('a permit that is taken back is as spent as it was, and what was paid is sealed all the same', () => {
  const world = studyWorld('asked', withdrawingLogs);
  const before = world.view.get(statPermits, idOf('permit'));
  world.mustSend(by('valley', withdrawAct()));
  const { height, timeMs } = world;
  const row = world.view.get(statWithdrawn, idOf('permit'));
  assert.deepEqual(row, { by: accountOf('valley'), height, timeMs });
  assert.deepEqual(world.view.get(statPermits, idOf('permit')), before);
  const { answer } = world.send(by('rosa', queryAct({ query: queryOf('b') })));
  assert.equal(answer, 'PERMIT_WITHDRAWN');
  assert.equal(world.send(by('server valley', sealAct())).answer, 'accepted');
});

test('a permit is taken back for what follows in the same block', () => {
  const world = studyWorld('batch', withdrawingLogs);
  const sent = [by('rosa', queryAct()), by('north', withdrawAct())] as const;
  const late = by('rosa', queryAct({ query: queryOf('b') }), {
    nonce: world.tx(sent[0]).body.nonce + 1,
  });
  const results = world.block([...sent, late].map((it) => world.verified(it)));
  assert.deepEqual(
    results.map(({ code }) => (code === 0 ? 'accepted' : refusalOf(code)?.code)),
    ['accepted', 'accepted', 'PERMIT_WITHDRAWN'],
  );
});
