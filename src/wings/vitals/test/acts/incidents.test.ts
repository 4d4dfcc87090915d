import assert from 'node:assert/strict';
import { test } from 'node:test';
import { accountOf, bytesOf, type World } from '../../../../../test/world.ts';
import {
  type Quarantine,
  quarantineRowId,
  statQuarantines,
} from '../../ledger/tables/stat-quarantines.ts';
import {
  batchAct,
  by,
  guardingLogs,
  incidentAct,
  quarantineAct,
  queryOf,
  rebuiltAct,
  studyWorld,
  trioOf,
} from '../settings/study.ts';
import { table } from './act-table.ts';

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
