import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { accountOf, bytesOf, day, t0, type World } from '../../../../../test/world.ts';
import { statPermits } from '../../ledger/tables/stat-permits.ts';
import { queryRowId, statQueries } from '../../ledger/tables/stat-queries.ts';
import {
  quarterMs,
  quarterOf,
  spentByRowId,
  spentRowId,
  statSpent,
  statSpentBy,
} from '../../ledger/tables/stat-spent.ts';
import {
  approveAct,
  batchAct,
  by,
  datasetAct,
  idOf,
  permitAct,
  queryAct,
  queryOf,
  sealAct,
  studyWorld,
} from '../settings/study.ts';
import { at, table } from './act-table.ts';

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
