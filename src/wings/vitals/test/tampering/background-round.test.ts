import assert from 'node:assert/strict';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { openKernel } from '../../crypto/pages/page-arithmetic-wasm.ts';
import { BackgroundRound, depth, stepRows } from '../../node/incidents/background-round.ts';
import {
  placeBytes,
  placeIn,
  type RoundPlace,
  type RoundStep,
  Scrub,
} from '../../node/incidents/scrubbing.ts';
import type { PageUpkeep } from '../../node/stores/page-store.ts';
import { loadPages } from '../bench/loaded-pages.ts';
import { ThreeServers } from '../settings/three-servers.ts';
import { tampered } from './tampered-file.ts';

const kernel = await openKernel();
const pages = 600;

async function loaded(t: TestContext): Promise<{ three: ThreeServers; path: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'salus-background-'));
  const three = await ThreeServers.open(folder, kernel);
  t.after(() => three.close());
  const { ledger, trio } = three;
  await loadPages({ store: three.store(0), ledger, trio, patients: 40, pages });
  return { three, path: join(folder, '0.db') };
}

/** Of a round in steps of the background what was found; `between`: after each step. */
async function round(
  scrubOf: () => Scrub,
  between: (step: RoundStep) => void | Promise<void> = () => {},
): Promise<RoundStep['bad']> {
  const bad: RoundStep['bad'][number][] = [];
  let place: RoundPlace | undefined;
  let steps = 0;
  do {
    const step = await scrubOf().step(place, stepRows, depth);
    bad.push(...step.bad);
    place = step.next && placeIn(placeBytes(step.next));
    await between(step);
    assert.ok(++steps < 500, JSON.stringify(place));
  } while (place !== undefined);
  return bad;
}
const namesOf = (bad: RoundStep['bad']) =>
  bad.map(({ store, table, bound }) => `${store} ${table} ${bound}`);

test('a round in the background looks at all of a server in steps of few rows, pages and leaves', async (t) => {
  const { three } = await loaded(t);
  const { base } = three.server(0);
  const { upkeep } = base.store;
  if (upkeep?.scrubWholeStep === undefined || upkeep.leavesAfter === undefined)
    return assert.fail();
  const { leavesAfter } = upkeep;
  let leaves = 0;
  let most = 0;
  const looked = {
    ...upkeep,
    scrub: upkeep.scrub.bind(upkeep),
    scrubWholeStep: upkeep.scrubWholeStep.bind(upkeep),
    async leavesAfter(of: Parameters<typeof leavesAfter>[0]) {
      const step = await leavesAfter.call(upkeep, of);
      leaves += step.leaves.length;
      most = Math.max(most, step.leaves.length);
      return step;
    },
    leaves: () => assert.fail('a batch at once'),
    scrubWhole: () => assert.fail('all of it at once'),
  };
  const store = new Proxy(base.store, {
    get: (target, name) => {
      const value: unknown = name === 'upkeep' ? looked : Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  const watched = { ...base, store };
  const scrub = new Scrub(watched);
  let rows = 0;
  const found = await round(
    () => scrub,
    (step) => {
      rows += step.rows;
      assert.ok(step.rows <= stepRows, JSON.stringify(step));
    },
  );
  assert.deepEqual(found, []);
  assert.equal(leaves, pages);
  assert.ok(most <= 256, String(most));
  assert.ok(rows > 2 * 40, String(rows));
});

test('a full round of a large store stops nothing, and tells once what is found aside; what fails there is looked at here', async (t) => {
  const { three } = await loaded(t);
  const { base } = three.server(0);
  const { upkeep = assert.fail() } = base.store;
  const badOf = (row: string) => ({ table: 'database', row, column: '', bound: 'index' });
  const [aside, here] = [badOf('aside'), badOf('here')];
  const overridden = <T extends object>(of: T, own: Partial<T>): T =>
    new Proxy(of, {
      get: (target, name) => {
        if (Object.hasOwn(own, name)) return Reflect.get(own, name);
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
  const roundWith = async (own: Partial<PageUpkeep>) => {
    const store = overridden(base.store, { upkeep: overridden(upkeep, own) });
    const told: RoundStep['bad'][number][] = [];
    const onStep = async ({ bad }: RoundStep) => {
      told.push(...bad);
    };
    const { bad } = await new Scrub({ ...base, store }).round(16, onStep);
    assert.deepEqual(bad, told);
    return bad.map(({ row }) => row);
  };
  const scrubWhole = () => assert.fail('all of it at once');
  assert.deepEqual(await roundWith({ lookAside: async () => [aside], scrubWhole }), ['aside']);
  const fails = () => Promise.reject(new Error('no such file'));
  const found = await roundWith({ lookAside: fails, scrubWhole: async () => [here] });
  assert.deepEqual(found, ['here']);
});

test('a process that ends in the middle of a table or a batch goes on, and says nothing wrong', async (t) => {
  const { three } = await loaded(t);
  const { base } = three.server(0);
  const scrub = new Scrub(base);
  let steps = 0;
  assert.deepEqual(await round(() => (++steps % 7 === 0 ? new Scrub(base) : scrub)), []);
});

for (const [what, sql, found] of [
  ['a row that is gone', 'DELETE FROM patients WHERE place = 7', ['pages patients row gone']],
  [
    'a row that is gone with its MAC',
    `DELETE FROM guard_patients WHERE pseudonym = (SELECT pseudonym FROM patients WHERE place = 7);
     DELETE FROM patients WHERE place = 7`,
    ['pages patients row count'],
  ],
  [
    'a count that is another one',
    "UPDATE guard_counts SET rows = rows - 1 WHERE name = 'patients'",
    ['pages patients row count'],
  ],
  [
    'a page that is found where there is none',
    "INSERT INTO sealed_pages VALUES (6400000, x'00112233445566778899aabbccddeeff')",
    ['pages sealed_pages row count'],
  ],
  [
    'a page of a batch that is found by another number',
    'UPDATE sealed_pages SET id = 6400000 WHERE id = (SELECT min(id) FROM sealed_pages)',
    ['pages sealed_pages sealed row', 'pages sealed_pages row count'],
  ],
] as const)
  test(`a round in the background finds ${what}`, async (t) => {
    const { three, path } = await loaded(t);
    const scrub = new Scrub(three.server(0).base);
    assert.deepEqual(await round(() => scrub), []);
    tampered(path, (db) => db.exec(sql));
    assert.deepEqual(namesOf(await round(() => scrub)), found);
  });

test('what the server itself writes while a table is counted is no change of it, and what was changed before is found all the same', async (t) => {
  const { three, path } = await loaded(t);
  const { base } = three.server(0);
  const scrub = new Scrub(base);
  let counter = 1;
  let between = 0;
  const [first] = await base.store.registrationsSince(0);
  if (first === undefined) return assert.fail();
  const written = async ({ next }: RoundStep) => {
    if (next?.place?.table !== 'guard_patients' || next.place.after.length === 0) return;
    between += 1;
    counter += 1;
    await base.store.register({ ...first, counter, signed: Uint8Array.of(counter) });
  };
  assert.deepEqual(await round(() => scrub, written), []);
  assert.ok(between > 1, String(between));
  tampered(path, (db) =>
    db.exec(`DELETE FROM guard_patients WHERE pseudonym = (SELECT pseudonym FROM patients WHERE place = 30);
      DELETE FROM patients WHERE place = 30`),
  );
  assert.deepEqual(namesOf(await round(() => scrub, written)), ['pages patients row count']);
});

test('a turn says what was spent in its steps, and not what others did between them', async () => {
  let spentMs = 0;
  let others = 0;
  const place: RoundPlace = { store: 'pages', place: { table: 'patients', after: [1] } };
  const none = { place: new Uint8Array(0), beganMs: 0, wholeMs: 0 };
  const background = new BackgroundRound({
    scrub: {
      step: async () => {
        spentMs += 3;
        setImmediate(() => {
          spentMs += 1_000;
          others += 1;
        });
        return { bad: [], rows: 1, bytes: 1, next: place };
      },
    },
    incidents: { round: async () => none, keepRound: async () => {} },
    now: () => 0,
    found: async () => {},
    isAnyApart: () => false,
    spentMs: () => spentMs,
  });
  assert.equal(await background.goOn(10), 12);
  assert.equal(others, 3, 'they had their turn between two steps');
});
