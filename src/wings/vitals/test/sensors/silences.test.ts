import assert from 'node:assert/strict';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { CodedError } from '../../../../primitives/errors.ts';
import type { AccountId } from '../../../../primitives/ids.ts';
import { decodeAs } from '../../../../primitives/shape.ts';
import { type Silence, silenceNotice, silenceWord } from '../../api/silence-notice.ts';
import { signedStatement, statement } from '../../api/statement.ts';
import { openKernel } from '../../crypto/pages/page-arithmetic-wasm.ts';
import { DataServer } from '../../node/data-server.ts';
import { habitOf } from '../../node/incidents/silences.ts';
import type { HeardHour } from '../../node/stores/page-store.ts';
import { valuesOf } from '../settings/pages.ts';
import { hour, ThreeServers } from '../settings/three-servers.ts';

/** When a sensor that used to send sends nothing. Source: docs/protocol/vitals-reading.md, rule VR-35. */

const kernel = await openKernel();
const hourMs = 3_600_000;
const turnMs = 300_000;
const places = [0, 1, 2] as const;

interface Scene {
  readonly three: ThreeServers;
  /** What the hospital was told, by the place of the server. */
  readonly told: {
    readonly place: number;
    readonly trio: string;
    readonly silences: readonly Silence[];
  }[];
  isAway: boolean;
  sequence: number;
  /** The sensor sends a page of the hour that began last, to these servers. */
  send(to?: readonly (0 | 1 | 2)[]): Promise<void>;
  /** So many hours pass, turn by turn, at these servers. */
  pass(hours: number, at?: readonly (0 | 1 | 2)[]): Promise<void>;
}

async function opened(t: TestContext): Promise<Scene> {
  const folder = mkdtempSync(join(tmpdir(), 'salus-silences-'));
  const three = await ThreeServers.open(folder, kernel);
  t.after(() => three.close());
  await three.registerEverywhere();
  const scene: Scene = {
    ...{ three, told: [], isAway: false, sequence: 0 },
    async send(to = places) {
      const startHour = Math.floor(three.now / hourMs) - 1;
      const page = await three.sign(valuesOf(1, 2, 1), scene.sequence++, startHour);
      const uploads = await three.uploads([page]);
      for (const place of to) await three.server(place).upload(uploads[place]);
    },
    async pass(hours, at = places) {
      for (let n = 0; n < (hours * hourMs) / turnMs; n++) {
        three.now += turnMs;
        for (const place of at) {
          await three.server(place).silences.turn(turnMs);
          await three.server(place).silences.tell(async (_organisation, signed) => {
            if (scene.isAway) throw new CodedError('GATEWAY_UNREACHABLE');
            const said = decodeAs(statement, decodeAs(signedStatement, signed).statement);
            assert.equal(said.word, silenceWord);
            scene.told.push({ place, ...decodeAs(silenceNotice, said.payload) });
          });
        }
      }
    },
  };
  return scene;
}

/** An hour after the other, a page in each. */
async function hourly(scene: Scene, hours: number): Promise<void> {
  for (let n = 0; n < hours; n++) {
    await scene.send();
    await scene.pass(1);
  }
}

const accountsIn = ({ told }: Scene): readonly (readonly [number, AccountId])[] =>
  told.flatMap(({ place, silences }) => silences.map(({ account }) => [place, account] as const));

test('a sensor that sent each hour and sends nothing for three is told by each server, once, under one name', async (t) => {
  const scene = await opened(t);
  await hourly(scene, 8);
  assert.equal(scene.told.length, 0, 'it sends');
  await scene.pass(1.75);
  assert.equal(scene.told.length, 0, 'three hours are not over');
  await scene.pass(0.5);
  const { account } = scene.three.ana;
  assert.deepEqual(accountsIn(scene), [
    [0, account],
    [1, account],
    [2, account],
  ]);
  const ids = scene.told.map(({ silences }) => Buffer.from(silences[0]?.id ?? []).toString('hex'));
  assert.equal(new Set(ids).size, 1);
  assert.ok(scene.told.every(({ trio }) => trio === scene.three.trio));
  await scene.pass(30);
  assert.equal(scene.told.length, 3, 'and not again');
  // It sends again, and stops again: another silence.
  await hourly(scene, 7);
  await scene.pass(48);
  assert.equal(
    scene.told.length,
    3,
    'its rests were longer than a day: nobody knows when it is expected',
  );
});

test('a second silence is another, and a sensor that was ended is not missed', async (t) => {
  const scene = await opened(t);
  await hourly(scene, 8);
  await scene.pass(3);
  await scene.send();
  await scene.pass(30);
  assert.equal(scene.told.length, 6);
  const ids = scene.told.map(({ silences }) => Buffer.from(silences[0]?.id ?? []).toString('hex'));
  assert.equal(new Set(ids).size, 2);
  const { three } = scene;
  await scene.send();
  const ended = await three.register({ counter: 2, sensors: [] });
  for (const place of places) await three.server(place).register(ended);
  await scene.pass(60);
  assert.equal(scene.told.length, 6);
});

test('a hospital that does not answer is told in a later turn, and one that hears of the sensor again before that is not', async (t) => {
  const scene = await opened(t);
  await hourly(scene, 8);
  scene.isAway = true;
  await scene.pass(4);
  assert.equal(scene.told.length, 0);
  scene.isAway = false;
  await scene.pass(0.25);
  assert.equal(scene.told.length, 3);
  await scene.send();
  scene.isAway = true;
  await scene.pass(15);
  await scene.send();
  scene.isAway = false;
  await scene.pass(1);
  assert.equal(scene.told.length, 3);
});

test('a server that was away, slept or had its clock set has missed nobody', async (t) => {
  const scene = await opened(t);
  const { three } = scene;
  await hourly(scene, 8);
  // All were off over night.
  for (const place of places) await three.kill(place);
  three.now += 9 * hourMs;
  await scene.pass(2.5);
  assert.equal(scene.told.length, 0);
  await scene.pass(1);
  assert.equal(scene.told.length, 3, 'three hours after they are there again');
  await scene.send();
  // Another clock, by two days.
  three.now += 48 * hourMs;
  await scene.pass(2);
  assert.equal(scene.told.length, 3);
});

test('two servers that the sensor reaches say nothing of what the third misses, and the third is one alone', async (t) => {
  const scene = await opened(t);
  await hourly(scene, 8);
  for (let n = 0; n < 6; n++) {
    await scene.send([0, 1]);
    await scene.pass(1);
  }
  assert.deepEqual(
    accountsIn(scene).map(([place]) => place),
    [2],
  );
});

test('where its operator lets nobody be told, nobody is', async (t) => {
  const scene = await opened(t);
  await hourly(scene, 8);
  const { base } = scene.three.server(0);
  for (const [silentAfter, found] of [
    [0, 0],
    [3, 1],
  ] as const) {
    const { silences } = new DataServer({ ...base, settings: { ...base.settings, silentAfter } });
    let count = 0;
    for (let n = 0; n < 40; n++) {
      scene.three.now += turnMs;
      count += await silences.turn(turnMs);
    }
    assert.equal(count, found);
  }
});

const sensor = new Uint8Array(32).fill(1);
const heardAt = (hours: readonly number[], late = 0): HeardHour[] =>
  hours.map((it) => ({ sensor, hour: it, atMs: (it + 1) * hourMs + late, trio: 'ab' }));
const run = (from: number, count: number, step = 1): number[] =>
  Array.from({ length: count }, (_, at) => from + at * step);

for (const [name, hours, restHours] of [
  ['each hour', run(hour, 24), 1],
  ['each third hour', run(hour, 10, 3), 3],
  ['each hour but for eight in the night', [...run(hour, 10), ...run(hour + 18, 10)], 9],
  ['five hours in all', run(hour, 5), undefined],
  ['twice a week', run(hour - 24 * 14, 5, 84), undefined],
  ['nothing', [] as number[], undefined],
] as const)
  test(`A sensor that sends ${name} is expected after ${restHours ?? 'nobody knows how many'} hours`, () => {
    const habit = habitOf(heardAt(hours), hour + 40);
    assert.equal(habit?.restMs, restHours === undefined ? undefined : restHours * hourMs);
  });

test('a hub that hands in a day at once is expected after a day, and what stopped a week ago is not', () => {
  const days = [...run(hour, 24), ...run(hour + 24, 24)];
  const together = days.map((it, at) => ({
    ...{ sensor, hour: it, trio: 'ab' },
    atMs: (hour + (at < 24 ? 24 : 48)) * hourMs,
  }));
  assert.equal(habitOf(together, hour + 60)?.restMs, 24 * hourMs);
  assert.equal(habitOf(heardAt(run(hour, 24)), hour + 24 + 24 * 7), undefined);
});
