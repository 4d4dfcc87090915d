import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { Person } from '../../test/gateway/person.ts';
import { openTown, type Town } from '../../test/gateway/town.ts';
import { randomBytes } from '../crypto/random.ts';
import { openGateway } from './gateway.ts';
import { createMetrics } from './metrics.ts';
import { definePart } from './part.ts';
import { accounts } from './parts/accounts/accounts.ts';
import type { GatewayWing } from './wing.ts';

/** What the part of a wing saw, in its order. */
let seen: string[];
let town: Town;
beforeEach(async () => {
  seen = [];
  town = await openTown();
});
afterEach(() => town.close());

/** A part that counts who enrols, with everything that a part can bring. */
const counting = definePart({
  name: 'counting',
  store: {
    owner: 'counting',
    writes: ['counting'],
    migrations: ['CREATE TABLE counting_seen (account TEXT PRIMARY KEY) STRICT, WITHOUT ROWID'],
  },
  open(base, parts) {
    const { limit } = base.settingsOver({ limit: 5 });
    return { base, limit, custodians: parts.get(accounts) };
  },
  metrics: {
    seen_total: { kind: 'counter', help: 'Enrolments seen', labels: ['role'] },
    seen: {
      kind: 'gauge',
      help: 'Accounts seen',
      now: ({ base }) => base.db.all('SELECT 1 FROM counting_seen').length,
    },
  },
  keeps: {
    Enrol: async (_part, { height }) => {
      seen.push(`keeps ${height}`);
    },
  },
  onAct: {
    Enrol({ base }, { act, txId, height }) {
      seen.push(`act ${height}`);
      base.db.transaction('counting', () => {
        base.db.run('INSERT INTO counting_seen VALUES (?)', txId);
      });
      base.figures.add('seen_total', 1, { role: act.role });
    },
  },
  onRefused: {
    DataAnchor: (_part, { code, act }) => {
      seen.push(`refused ${code} ${act.kind}`);
    },
  },
  start: () => {
    seen.push('start');
  },
  every: ({ limit }) => [
    { what: 'counting', everyMs: limit, atStart: true, run: () => void seen.push('round') },
  ],
  close: () => {
    seen.push('close');
  },
});
const wing: GatewayWing = { name: 'tally', parts: [counting], handlers: [] };

/** The north hospital again, as a build with the wing. */
async function openNorth(options: { readonly faultPoint?: (name: string) => void } = {}) {
  await town.north.gateway.close();
  const metrics = createMetrics([wing]);
  return openGateway({
    ...town.north.gateway.options,
    ...{ metrics, wings: [wing], partSettings: { counting: { limit: 20 } } },
    ...options,
  });
}

test('a wing’s part meets what blocks say, counts, comes round, and ends with the gateway', async () => {
  const gateway = await openNorth();
  assert.equal(gateway.parts.get(counting).limit, 20);
  assert.deepEqual(seen.slice(0, 2), ['start', 'round']);
  const ana = await Person.enrolled(town, town.south, 'patient');
  const root = randomBytes(32);
  await ana.submit([{ kind: 'DataAnchor', consent: '', epoch: 9, root, count: 1 }]);
  await gateway.index.caughtUp();
  const met = seen.filter((what) => what !== 'round').slice(1);
  assert.equal(met.length, 3);
  assert.match(met.join(', '), /^keeps (\d+), act \1, refused [A-Z_]+ DataAnchor$/);
  await pause(60);
  assert.ok(seen.filter((what) => what === 'round').length > 1);
  await gateway.close();
  assert.equal(seen.at(-1), 'close');
});

test('figures of a wing have its name and each hospital’s label', async () => {
  const gateway = await openNorth();
  const { metrics } = gateway.options;
  await Person.enrolled(town, town.south, 'nurse');
  await gateway.index.caughtUp();
  const text = await metrics.registry.metrics();
  assert.match(text, /^salus_tally_seen_total\{hospital="north",role="nurse"\} 1$/m);
  const figures = metrics.figuresOf(counting, 'north');
  assert.throws(() => figures.add('other', 1), { code: 'INTERNAL' });
  assert.throws(() => figures.add('seen', 1), { code: 'INTERNAL' });
  assert.throws(() => createMetrics().figuresOf(counting, 'north'), { code: 'INTERNAL' });
  await gateway.close();
});

test('what a part wrote and the height of its block are one transaction', async () => {
  let isArmed = false;
  const gateway = await openNorth({
    faultPoint: (name) => {
      if (isArmed && name === 'index:commit') {
        isArmed = false;
        throw new Error('stopped');
      }
    },
  });
  isArmed = true;
  await Person.enrolled(town, town.south, 'lab');
  // The index tries the block again after a second.
  await gateway.index.reached(town.engine.status().height, 10_000);
  assert.equal(seen.filter((what) => what.startsWith('act')).length, 2);
  assert.equal(gateway.parts.get(counting).base.db.all('SELECT 1 FROM counting_seen').length, 1);
  await gateway.close();
});
