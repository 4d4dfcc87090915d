import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  type Answer,
  accountOf,
  bytesOf,
  day,
  enrolAct,
  type Sent,
  t0,
  type World,
} from '../../../../test/world.ts';
import { decodeTx, encodeTx } from '../../../ledger/codec.ts';
import { foundingLogs } from '../../../ledger/protocol.ts';
import { refusalOf } from '../../../ledger/refusals.ts';
import { spineRights } from '../../../ledger/rights.ts';
import { encodeRow, stateKey } from '../../../ledger/table.ts';
import { organisations } from '../../../ledger/tables/organisations.ts';
import { bytesToHex } from '../../../primitives/bytes.ts';
import { batchRowId, statBatches } from '../ledger/tables/stat-batches.ts';
import { statPermits } from '../ledger/tables/stat-permits.ts';
import {
  type Quarantine,
  quarantineRowId,
  statQuarantines,
} from '../ledger/tables/stat-quarantines.ts';
import { queryRowId, statQueries } from '../ledger/tables/stat-queries.ts';
import {
  quarterMs,
  quarterOf,
  spentByRowId,
  spentRowId,
  statSpent,
  statSpentBy,
} from '../ledger/tables/stat-spent.ts';
import { statTrios } from '../ledger/tables/stat-trios.ts';
import { statWithdrawn } from '../ledger/tables/stat-withdrawn.ts';
import { modelTrioId, vitalsTest } from './index.ts';
import {
  approveAct,
  batchAct,
  by,
  datasetAct,
  guardingLogs,
  idOf,
  incidentAct,
  permitAct,
  quarantineAct,
  queryAct,
  queryOf,
  rebuiltAct,
  sealAct,
  signedBy,
  studyLogs,
  studyWorld,
  trio,
  trioOf,
  withdrawAct,
  withdrawingLogs,
} from './study.ts';

type Until = Parameters<typeof studyWorld>[0];
type Row = readonly [
  name: string,
  sent: Sent,
  expected: Answer,
  prepare?: (world: World) => unknown,
];

function table(kind: string, until: Until, rows: readonly Row[], logs = studyLogs): void {
  for (const [name, sent, expected, prepare] of rows) {
    test(`${kind}, ${name}: ${expected}`, () => {
      const world = studyWorld(until, logs);
      prepare?.(world);
      assert.equal(world.send(sent).answer, expected);
    });
  }
}

const freeze = (name: string, organisation: string) => (world: World) =>
  world.mustSend({ from: organisation, acts: [{ kind: 'RevokeKey', account: accountOf(name) }] });
const at = (timeMs: number) => (world: World) => {
  world.timeMs = timeMs - 1_000;
};
const of = (...names: readonly string[]) => ({ servers: names.map(accountOf) });

table('a dataset', 'enrolled', [
  ['of three hospitals', by('north', datasetAct()), 'accepted'],
  ['by a hospital without the right', by('elm', datasetAct()), 'SENDER_WRONG'],
  ['by a researcher', by('rosa', datasetAct()), 'ROLE_WRONG'],
  [
    'twice',
    by('north', datasetAct()),
    'DATASET_TAKEN',
    (w) => w.mustSend(by('valley', datasetAct())),
  ],
  [
    'two servers of one hospital',
    by('north', datasetAct(of('server north', 'twin', 'server valley'))),
    'DOMAIN_OVERLAP',
  ],
  ['one server three times', by('north', datasetAct(of('twin', 'twin', 'twin'))), 'DOMAIN_OVERLAP'],
  [
    'a server of a hospital without the right',
    by('north', datasetAct(of('lone', 'twin', 'server valley'))),
    'SERVER_UNKNOWN',
  ],
  [
    'a server that is none',
    by('north', datasetAct(of('rosa', 'server harbour', 'server valley'))),
    'SERVER_UNKNOWN',
  ],
  [
    'a server that nobody enrolled',
    by('north', datasetAct(of('nobody', 'server harbour', 'server valley'))),
    'SERVER_UNKNOWN',
  ],
  [
    'a frozen server',
    by('north', datasetAct()),
    'SERVER_UNKNOWN',
    freeze('server valley', 'valley'),
  ],
  ['19 patients', by('north', datasetAct({ kMin: 19 })), 'DATASET_TERMS'],
  ['a million patients', by('north', datasetAct({ kMin: 1_000_000 })), 'accepted'],
  ['more', by('north', datasetAct({ kMin: 1_000_001 })), 'DATASET_TERMS'],
  ['no page of a patient', by('north', datasetAct({ pagesPerPatient: 0 })), 'DATASET_TERMS'],
  ['a year of pages', by('north', datasetAct({ pagesPerPatient: 8_784 })), 'accepted'],
  ['more pages', by('north', datasetAct({ pagesPerPatient: 8_785 })), 'DATASET_TERMS'],
  ['no budget', by('north', datasetAct({ researcherCap: 0 })), 'DATASET_TERMS'],
  ['more for one than for all', by('north', datasetAct({ researcherCap: 801 })), 'DATASET_TERMS'],
  [
    'a budget that protects nobody',
    by('north', datasetAct({ datasetCap: 10_000_001 })),
    'DATASET_TERMS',
  ],
  ['no purpose', by('north', datasetAct({ purposes: [] })), 'DATASET_TERMS'],
  ['purposes twice', by('north', datasetAct({ purposes: ['trial', 'trial'] })), 'DATASET_TERMS'],
  [
    'purposes out of order',
    by('north', datasetAct({ purposes: ['quality', 'research'] })),
    'DATASET_TERMS',
  ],
]);

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

const hour = Math.floor(t0 / 3_600_000);
table('a batch', 'dataset', [
  ['by a server', by('server harbour', batchAct()), 'accepted'],
  ['by the hospital that runs one', by('valley', batchAct()), 'accepted'],
  ['by a server that is none of the three', by('twin', batchAct()), 'SENDER_WRONG'],
  ['by a hospital that runs none', by('elm', batchAct()), 'SENDER_WRONG'],
  ['by a researcher', by('rosa', batchAct()), 'ROLE_WRONG'],
  ['in the log of patients', by('north', batchAct(), { log: 'user' }), 'LOG_WRONG'],
  [
    'of servers that no dataset names',
    by('north', batchAct({ trio: trioOf(['twin', ...trio.slice(1)]) })),
    'TRIO_UNKNOWN',
  ],
  [
    'of the three in another order',
    by('north', batchAct({ trio: trioOf([...trio].reverse()) })),
    'TRIO_UNKNOWN',
  ],
  ['empty', by('north', batchAct({ pages: 0 })), 'BATCH_TIMES'],
  ['of 4,096 pages', by('north', batchAct({ pages: 4_096 })), 'accepted'],
  ['of more', by('north', batchAct({ pages: 4_097 })), 'BATCH_TIMES'],
  ['turned round', by('north', batchAct({ firstHour: 500_000, lastHour: 499_999 })), 'BATCH_TIMES'],
  ['of this hour', by('north', batchAct({ lastHour: hour })), 'accepted'],
  ['of the next', by('north', batchAct({ lastHour: hour + 1 })), 'BATCH_TIMES'],
  ['with a number left out', by('north', batchAct({ number: 2 })), 'BATCH_NUMBER'],
  ['number 0', by('north', batchAct({ number: 0 })), 'BATCH_NUMBER'],
  [
    'a number twice',
    by('north', batchAct({ root: bytesOf('others') })),
    'BATCH_NUMBER',
    (w) => w.mustSend(by('north', batchAct())),
  ],
  [
    'the next',
    by('north', batchAct({ number: 2 })),
    'accepted',
    (w) => w.mustSend(by('north', batchAct())),
  ],
  [
    'with a signature that does not hold',
    by('north', batchAct(), { identityHolds: false }),
    'SIGNATURE_WRONG',
  ],
  [
    'signed in another order',
    by('north', batchAct({ signatures: signedBy(...[...trio].reverse()) })),
    'BATCH_SIGNERS',
  ],
  [
    'signed by two and another',
    by('north', batchAct({ signatures: signedBy(trio[0], trio[1], 'twin') })),
    'BATCH_SIGNERS',
  ],
  [
    'signed by one three times',
    by('north', batchAct({ signatures: signedBy(trio[0], trio[0], trio[0]) })),
    'BATCH_SIGNERS',
  ],
  [
    'with a frozen server',
    by('north', batchAct()),
    'BATCH_SIGNERS',
    freeze('server valley', 'valley'),
  ],
]);

const otherPermit = (world: World) =>
  world
    .mustSend(by('north', permitAct({ permit: idOf('raul'), researcher: accountOf('raul') })))
    .mustSend(by('harbour', approveAct(idOf('raul'))));
const asksAll = (world: World) => {
  world.mustSend(by('rosa', queryAct({ query: queryOf('first'), microRho: 500 })));
};
table('a question', 'batch', [
  ['under a permit', by('rosa', queryAct()), 'accepted'],
  ['by a hospital', by('north', queryAct()), 'ROLE_WRONG'],
  ['under no permit', by('rosa', queryAct({ permit: idOf('none') })), 'PERMIT_UNKNOWN'],
  ['under the permit of another', by('raul', queryAct()), 'PERMIT_UNKNOWN'],
  [
    'of another dataset',
    by('rosa', queryAct({ dataset: idOf('other') })),
    'PERMIT_UNKNOWN',
    (w) => w.mustSend(by('north', datasetAct({ dataset: idOf('other') }))),
  ],
  ['too late', by('rosa', queryAct()), 'PERMIT_EXPIRED', at(t0 + 200 * day)],
  ['for another purpose', by('rosa', queryAct({ purpose: 'quality' })), 'PURPOSE_NOT_ALLOWED'],
  ['twice', by('rosa', queryAct()), 'QUERY_TAKEN', (w) => w.mustSend(by('rosa', queryAct()))],
  ['of no batch', by('rosa', queryAct({ asOfBatch: 0 })), 'BATCH_UNKNOWN'],
  ['of a batch to come', by('rosa', queryAct({ asOfBatch: 2 })), 'BATCH_UNKNOWN'],
  ['for nothing', by('rosa', queryAct({ microRho: 0 })), 'BUDGET_SPENT'],
  ['all that she may in a quarter', by('rosa', queryAct({ microRho: 500 })), 'accepted'],
  ['one more', by('rosa', queryAct({ microRho: 501 })), 'BUDGET_SPENT'],
  [
    'more than numbers count',
    by('rosa', queryAct({ microRho: Number.MAX_SAFE_INTEGER })),
    'BUDGET_SPENT',
  ],
  ['when hers is spent', by('rosa', queryAct({ microRho: 1 })), 'BUDGET_SPENT', asksAll],
  [
    'of another, within the dataset’s',
    by('raul', queryAct({ permit: idOf('raul'), microRho: 300 })),
    'accepted',
    (w) => {
      otherPermit(w);
      asksAll(w);
    },
  ],
  [
    'of another, beyond the dataset’s',
    by('raul', queryAct({ permit: idOf('raul'), microRho: 301 })),
    'BUDGET_SPENT',
    (w) => {
      otherPermit(w);
      asksAll(w);
    },
  ],
  [
    'in the next quarter',
    by('rosa', queryAct({ microRho: 100 })),
    'accepted',
    (w) => {
      asksAll(w);
      at((quarterOf(t0) + 1) * quarterMs)(w);
    },
  ],
  [
    'in the next quarter, beyond the permit',
    by('rosa', queryAct({ microRho: 101 })),
    'BUDGET_SPENT',
    (w) => {
      asksAll(w);
      at((quarterOf(t0) + 1) * quarterMs)(w);
    },
  ],
  [
    'a millisecond before it',
    by('rosa', queryAct({ microRho: 100 })),
    'BUDGET_SPENT',
    (w) => {
      asksAll(w);
      at((quarterOf(t0) + 1) * quarterMs - 1)(w);
    },
  ],
]);

test('a question under a permit that one hospital alone wants: APPROVAL_MISSING', () => {
  const world = studyWorld('permit');
  world.mustSend(by('server north', batchAct()));
  assert.equal(world.send(by('rosa', queryAct())).answer, 'APPROVAL_MISSING');
});

test('who sees another’s question on its way cannot take its place', () => {
  const world = studyWorld('batch');
  otherPermit(world);
  world.mustSend(by('raul', queryAct({ permit: idOf('raul') })));
  assert.equal(world.send(by('rosa', queryAct())).answer, 'accepted');
});

table('a seal', 'asked', [
  ['by a server of the three', by('server valley', sealAct()), 'accepted'],
  [
    'by each of them',
    by('server valley', sealAct()),
    'accepted',
    (w) => w.mustSend(by('server north', sealAct())),
  ],
  ['by another server', by('twin', sealAct()), 'SENDER_WRONG'],
  ['by a hospital', by('north', sealAct()), 'ROLE_WRONG'],
  ['of no question', by('server valley', sealAct({ query: queryOf('none') })), 'QUERY_UNKNOWN'],
  [
    'of another’s question',
    by('server valley', sealAct({ researcher: accountOf('raul') })),
    'QUERY_UNKNOWN',
  ],
  [
    'of another answer',
    by('server valley', sealAct({ answer: bytesOf('lie') })),
    'SEAL_TAKEN',
    (w) => w.mustSend(by('server valley', sealAct())),
  ],
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

table(
  'an incident',
  'enrolled',
  [
    ['of a data server', by('server north', incidentAct()), 'accepted'],
    ['of a hospital that keeps no statistics', by('elm', incidentAct()), 'accepted'],
    ['of a patient', by('ana', incidentAct()), 'ROLE_WRONG'],
    ['in the log of charts', by('north', incidentAct(), { log: 'doc' }), 'LOG_WRONG'],
    ['twice', by('north', incidentAct()), 'INCIDENT_TAKEN', reported('north')],
    ['as another said it', by('valley', incidentAct()), 'accepted', reported('north')],
  ],
  guardingLogs,
);

/** Who was told of, each with a report of his own. */
function reported(...names: readonly string[]) {
  return (world: World) => {
    for (const name of names) world.mustSend(by(name, incidentAct()));
  };
}
const quarantinedBy = (...names: readonly string[]) => {
  return (world: World) => {
    for (const name of names) {
      reported(name)(world);
      world.mustSend(by(name, quarantineAct()));
    }
  };
};
const wide = quarantineAct({ firstBatch: 0 });
table(
  'a quarantine',
  'batch',
  [
    ['by the server', by('server north', quarantineAct()), 'accepted', reported('server north')],
    ['by its hospital', by('north', quarantineAct()), 'accepted', reported('north')],
    [
      'by another of the three',
      by('server valley', quarantineAct()),
      'accepted',
      reported('server valley'),
    ],
    ['by a server of elsewhere', by('lone', quarantineAct()), 'SENDER_WRONG', reported('lone')],
    ['by a patient', by('ana', quarantineAct()), 'ROLE_WRONG'],
    ['without a report', by('north', quarantineAct()), 'INCIDENT_UNKNOWN'],
    [
      'with a report of another',
      by('north', quarantineAct()),
      'INCIDENT_UNKNOWN',
      reported('valley'),
    ],
    [
      'of three that nobody named',
      by('north', quarantineAct({ trio: '00'.repeat(32) })),
      'TRIO_UNKNOWN',
    ],
    ['of a fourth', by('north', quarantineAct({ server: accountOf('twin') })), 'SERVER_UNKNOWN'],
    ['of a batch to come', by('north', quarantineAct({ lastBatch: 2 })), 'BATCH_UNKNOWN'],
    ['turned round', by('north', quarantineAct({ lastBatch: 0 })), 'BATCH_UNKNOWN'],
    ['again', by('north', quarantineAct()), 'QUARANTINE_TAKEN', quarantinedBy('north')],
    ['wider, by its own', by('north', wide), 'accepted', quarantinedBy('north')],
    ['accused by one, again', by('valley', wide), 'QUARANTINE_TAKEN', quarantinedBy('valley')],
    [
      'wider, by another',
      by('valley', wide),
      'QUARANTINE_TAKEN',
      (world) => {
        quarantinedBy('north')(world);
        reported('valley')(world);
      },
    ],
    [
      'with the report of before it was rebuilt',
      by('north', quarantineAct()),
      'INCIDENT_OLD',
      (world) => {
        quarantinedBy('north')(world);
        world.mustSend(by('north', rebuiltAct()));
      },
    ],
  ],
  guardingLogs,
);
table(
  'a server rebuilt',
  'batch',
  [
    ['by itself', by('server north', rebuiltAct()), 'accepted', quarantinedBy('north')],
    ['by its hospital', by('north', rebuiltAct()), 'accepted', quarantinedBy('server north')],
    ['that was accused', by('north', rebuiltAct()), 'accepted', quarantinedBy('valley')],
    ['by another of the three', by('valley', rebuiltAct()), 'SENDER_WRONG', quarantinedBy('north')],
    ['that stands in no quarantine', by('north', rebuiltAct()), 'QUARANTINE_UNKNOWN'],
    [
      'with another root',
      by('north', rebuiltAct({ roots: [bytesOf('b')] })),
      'ROOT_DIFFERS',
      quarantinedBy('north'),
    ],
    ['with none', by('north', rebuiltAct({ roots: [] })), 'ROOT_DIFFERS', quarantinedBy('north')],
    [
      'from a later batch',
      by('north', rebuiltAct({ fromBatch: 2 })),
      'ROOT_DIFFERS',
      quarantinedBy('north'),
    ],
    [
      'beyond it',
      by('north', rebuiltAct({ roots: [bytesOf('pages'), bytesOf('pages')] })),
      'ROOT_DIFFERS',
      quarantinedBy('north'),
    ],
    [
      'of three that nobody named',
      by('north', rebuiltAct({ trio: '00'.repeat(32) })),
      'TRIO_UNKNOWN',
    ],
    ['of a fourth', by('north', rebuiltAct({ server: accountOf('twin') })), 'SERVER_UNKNOWN'],
    [
      'twice',
      by('north', rebuiltAct()),
      'QUARANTINE_UNKNOWN',
      (world) => {
        quarantinedBy('north')(world);
        world.mustSend(by('north', rebuiltAct()));
      },
    ],
  ],
  guardingLogs,
);

const quarantineIn = (world: World): Quarantine | undefined =>
  world.view.get(statQuarantines, quarantineRowId(trioOf(), accountOf('server north')));

test('one other hospital accuses and takes nothing out; two do; and one that has accused alone does so for nothing', () => {
  const world = studyWorld('batch', guardingLogs);
  quarantinedBy('server harbour')(world);
  assert.equal(quarantineIn(world)?.state, 'accused');
  assert.equal(world.send(by('harbour', incidentAct())).answer, 'accepted');
  assert.equal(world.send(by('harbour', quarantineAct())).answer, 'QUARANTINE_TAKEN');
  quarantinedBy('valley')(world);
  const row = quarantineIn(world);
  assert.equal(row?.state, 'quarantined');
  assert.deepEqual(row?.by, [accountOf('harbour'), accountOf('valley')]);
  world.mustSend(by('server north', rebuiltAct()));
  assert.equal(quarantineIn(world)?.state, 'rebuilt');
});

test('a quarantine shrinks by the batches that hold again, and what is in no batch goes with the last', () => {
  const world = studyWorld('batch', guardingLogs);
  world.mustSend(by('north', batchAct({ number: 2, root: bytesOf('more') })));
  reported('north')(world);
  world.mustSend(by('north', quarantineAct({ firstBatch: 0, lastBatch: 2 })));
  world.mustSend(by('north', rebuiltAct()));
  assert.deepEqual(
    [quarantineIn(world)?.state, quarantineIn(world)?.firstBatch],
    ['quarantined', 2],
  );
  world.mustSend(by('north', rebuiltAct({ fromBatch: 2, roots: [bytesOf('more')] })));
  assert.equal(quarantineIn(world)?.state, 'rebuilt');
  world.mustSend(by('north', incidentAct({ report: bytesOf('another') })));
  const unsealed = { incident: queryOf('another'), firstBatch: 0, lastBatch: 0 };
  world.mustSend(by('north', quarantineAct(unsealed)));
  world.mustSend(by('north', rebuiltAct({ roots: [] })));
  assert.equal(quarantineIn(world)?.state, 'rebuilt');
});

test('a question that was paid stands on the ledger with what it cost, and without what it asks', () => {
  const world = studyWorld('asked');
  const { view, height, timeMs } = world;
  const quarter = quarterOf(timeMs);
  const rosa = accountOf('rosa');
  assert.deepEqual(view.get(statQueries, queryRowId(rosa, queryOf('query'))), {
    ...{ permit: idOf('permit'), dataset: idOf('dataset'), purpose: 'research', asOfBatch: 1 },
    ...{ microRho: 100, quarter, height, timeMs },
  });
  assert.equal(view.get(statPermits, idOf('permit'))?.spent, 100);
  assert.equal(view.get(statSpent, spentRowId(idOf('dataset'), quarter))?.microRho, 100);
  assert.equal(view.get(statSpentBy, spentByRowId(idOf('dataset'), quarter, rosa))?.microRho, 100);
});

test('the second dataset of three servers goes on with their batches', () => {
  const world = studyWorld('batch');
  world.mustSend(by('valley', datasetAct({ dataset: idOf('second') })));
  assert.equal(world.view.get(statTrios, trioOf())?.newestBatch, 1);
  assert.equal(world.view.get(statBatches, batchRowId(trioOf(), 1))?.pages, 3);
  assert.equal(modelTrioId(trio.map(accountOf)), trioOf());
});

test('of several questions in one transaction all are debited or none', () => {
  const world = studyWorld('batch');
  const acts = [queryAct({ microRho: 400 }), queryAct({ query: queryOf('b'), microRho: 400 })];
  assert.equal(world.send({ from: 'rosa', acts }).answer, 'BUDGET_SPENT');
  assert.equal(world.view.get(statPermits, idOf('permit'))?.spent, 0);
  assert.equal(world.send(by('rosa', queryAct({ microRho: 500 }))).answer, 'accepted');
});

test('no interleaving of researchers, permits, quarters and blocks overspends', () => {
  const step = fc.record({
    who: fc.constantFrom('rosa', 'raul'),
    permit: fc.nat(2),
    query: fc.nat(30),
    microRho: fc.integer({ min: 1, max: 400 }),
    passedMs: fc.constantFrom(0, 0, 0, 1_000, day, 40 * day),
  });
  const runs = process.env.SLOW === '1' ? 500 : 30;
  let [paid, refused] = [0, 0];
  fc.assert(
    fc.property(fc.array(step, { minLength: 5, maxLength: 40 }), (steps) => {
      const world = studyWorld('batch');
      for (const [number, who] of ['rosa', 'rosa', 'raul'].entries()) {
        const permit = { permit: idOf(`p${number}`), researcher: accountOf(who) };
        world.mustSend(by('north', permitAct({ ...permit, notAfterMs: t0 + 600 * day })));
        world.mustSend(by('harbour', approveAct(permit.permit)));
      }
      const spent = new Map<string, number>();
      const add = (key: string, cap: number, microRho: number) => {
        const sum = (spent.get(key) ?? 0) + microRho;
        assert.ok(sum <= cap, `${key}: ${sum}`);
        spent.set(key, sum);
      };
      for (let first = 0; first < steps.length; ) {
        // What follows at once stands in one block; a sender's numbers rise.
        const more = steps.slice(first + 1).findIndex(({ passedMs }) => passedMs > 0);
        const until = more < 0 ? steps.length : first + 1 + more;
        const here = steps.slice(first, until);
        const timeMs = world.timeMs + 1 + (here[0]?.passedMs ?? 0);
        world.timeMs = timeMs;
        const numbers = new Map<string, number>();
        const sent = here.map(({ who, permit, query, microRho }) => {
          const act = { permit: idOf(`p${permit}`), query: queryOf(`${query}`), microRho };
          const { nonce } = world.tx(by(who, queryAct(act))).body;
          const number = (numbers.get(who) ?? nonce - 1) + 1;
          numbers.set(who, number);
          return world.verified(by(who, queryAct(act), { nonce: number }));
        });
        const results = world.block(sent, timeMs);
        for (const [index, { code }] of results.entries()) {
          const { who, permit, microRho } = here[index] ?? assert.fail();
          if (code !== 0) {
            refused++;
            continue;
          }
          paid++;
          const quarter = quarterOf(timeMs);
          add(`permit ${permit}`, 600, microRho);
          add(`${who} ${quarter}`, 500, microRho);
          add(`all ${quarter}`, 800, microRho);
        }
        first = until;
      }
    }),
    { numRuns: runs },
  );
  assert.ok(paid > runs && refused > runs, `${paid} ${refused}`);
});

test('what the model draws are acts of the wing, and are written and read as they were', () => {
  const world = studyWorld('enrolled');
  for (const act of vitalsTest.acts) {
    for (const small of [0, 1, 6]) {
      for (const twist of [0, 1, 5, 11]) {
        const tx = world.tx(by('north', act.draw({ small, twist }) as never));
        assert.deepEqual(decodeTx(encodeTx(tx)), tx);
      }
    }
  }
});

test('a ledger that is founded now takes the acts of the wing at once, each in its log', () => {
  const takes = (log: string) => foundingLogs.find(({ name }) => name === log)?.acts ?? [];
  for (const act of [40, 41, 42, 44, 45, 46, 47, 48, 49]) assert.ok(takes('user').includes(act));
  assert.ok(takes('doc').includes(43));
});

test('a data server is enrolled as everybody is', () => {
  const world = studyWorld('enrolled');
  const sent = { from: 'valley', acts: [enrolAct('another', 'data-server')] };
  assert.equal(world.send(sent).answer, 'accepted');
});
