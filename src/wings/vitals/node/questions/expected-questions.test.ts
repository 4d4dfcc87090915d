import assert from 'node:assert/strict';
import { test } from 'node:test';
import { accountOf } from '../../../../../test/world.ts';
import { encodeManifest, type QueryManifest, queryIdOf } from '../../api/query-manifest.ts';
import { askedStudy } from '../../test/settings/asked-study.ts';
import { ExpectedQuestions } from './expected-questions.ts';

/** How much a server remembers of what was checked. Source: docs/protocol/vitals-statistics.md, rule VQ-32b. */

const study = await askedStudy();
await study.close();
const named = (manifest: QueryManifest) => ({
  manifest,
  query: queryIdOf(encodeManifest(manifest)),
});
const of = (researcher: string) => named(study.manifest({ researcher: accountOf(researcher) }));

test('of one researcher the newest two, and no other loses a place by his flood', () => {
  const expected = new ExpectedQuestions(() => 0);
  const his = of('raul');
  expected.expect(his, new Uint8Array(1));
  const flood = Array.from({ length: 100 }, () => of('rosa'));
  for (const it of flood) expected.expect(it, new Uint8Array(1));
  assert.deepEqual(
    expected.unready().map(({ query }) => query),
    [his, ...flood.slice(-2)].map(({ query }) => query),
  );
});

test('of all together 32, the oldest goes', () => {
  const expected = new ExpectedQuestions(() => 0);
  const all = Array.from({ length: 40 }, (_, at) => of(`researcher ${at}`));
  for (const it of all) expected.expect(it, new Uint8Array(1));
  assert.deepEqual(
    expected.unready().map(({ query }) => query),
    all.slice(-32).map(({ query }) => query),
  );
});

test('what is ready is looked for no more, and after a minute neither is there', () => {
  let nowMs = 0;
  const expected = new ExpectedQuestions(() => nowMs);
  const [one, other] = [of('rosa'), of('raul')];
  expected.expect(one, new Uint8Array(1));
  expected.expect(other, new Uint8Array(1));
  const none = new Uint8Array(0);
  expected.keep(one.query, { selection: none, share: [], under: '', answer: none });
  assert.deepEqual(
    expected.unready().map(({ query }) => query),
    [other.query],
  );
  assert.ok(expected.readyFor(one.query) !== undefined);
  nowMs = 60_000;
  assert.equal(expected.readyFor(one.query), undefined);
  assert.deepEqual(expected.unready(), []);
});
