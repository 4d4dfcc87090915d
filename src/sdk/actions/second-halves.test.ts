import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeItemHeader, headlineBytes } from '../../api/item.ts';
import { currentSuite } from '../../api/signed.ts';
import { randomBytes } from '../../crypto/random.ts';
import { utf8 } from '../../primitives/bytes.ts';
import { CodedError } from '../../primitives/errors.ts';
import { consentIdOf, recordIdOf } from '../../primitives/ids.ts';
import type { LiveItem } from '../client/check-rows.ts';
import type { Context } from '../client/context.ts';
import { doubleWrapKind, encodeDoubleWrap } from '../records/double.ts';
import { withAskedHalves } from './second-halves.ts';

/** A doubly encrypted row under this lock. */
function rowUnder(lock: string): LiveItem {
  const recordId = recordIdOf(randomBytes(16));
  const wrap = encodeDoubleWrap({ kind: 1, wrap: randomBytes(60), lock: utf8(lock) });
  const about = { suite: currentSuite, recordId, headline: randomBytes(headlineBytes) };
  const header = encodeItemHeader({ ...about, epoch: 1, wrapKind: doubleWrapKind, wrap });
  return { recordId, header } as LiveItem;
}

test('a record whose half cannot be had, for whatever reason, keeps the half of no other from being asked for', async () => {
  const half = randomBytes(32);
  const rows = ['away', 'busy', 'lied', 'here'].map(rowUnder);
  const [first, second, third, last] = rows;
  const codes = { away: 'GATEWAY_UNREACHABLE', busy: 'STORE_BUSY', lied: 'GATEWAY_LIED' } as const;
  const seen: unknown[] = [];
  const keeper: Context['halfKeepers'][number] = {
    own: () => new Map(),
    async ask(_, { lock, away }) {
      seen.push(away);
      const code = codes[new TextDecoder().decode(lock) as keyof typeof codes];
      if (code !== undefined) throw new CodedError(code);
      return half;
    },
  };
  const keys = await withAskedHalves({ halfKeepers: [keeper] } as unknown as Context, {
    rows,
    keyOf: () => ({ kind: 'opening-secret', secret: randomBytes(32) }),
    look: async () => randomBytes(1),
  });
  for (const [row, code] of [
    [first, 'GATEWAY_UNREACHABLE'],
    [second, 'STORE_BUSY'],
    [third, 'GATEWAY_LIED'],
  ] as const) {
    const why = row && keys.get(row)?.half;
    assert.ok(why instanceof CodedError && why.code === code);
  }
  assert.equal(last && keys.get(last)?.half, half);
  assert.equal(new Set(seen).size, 1, 'one memory of who is away, for all of the look');
});

test('nobody asks for the half of a record that its owner did not anchor: who did chose whom to ask', async () => {
  let asked = 0;
  const keeper: Context['halfKeepers'][number] = {
    own: () => new Map(),
    async ask() {
      asked += 1;
      return randomBytes(32);
    },
  };
  const row = { ...rowUnder('mine'), consent: consentIdOf(randomBytes(16)) };
  const keys = await withAskedHalves({ halfKeepers: [keeper] } as unknown as Context, {
    rows: [row],
    keyOf: () => ({ kind: 'opening-secret', secret: randomBytes(32) }),
    look: async () => randomBytes(1),
  });
  assert.equal(keys.get(row)?.half, undefined);
  assert.equal(asked, 0);
});
