import assert from 'node:assert/strict';
import { test } from 'node:test';
import { accountOf } from '../../../../../test/world.ts';
import { isCoded } from '../../../../primitives/errors.ts';
import { statQueries } from '../../ledger/tables/stat-queries.ts';
import { statWithdrawn } from '../../ledger/tables/stat-withdrawn.ts';
import { askedStudy } from '../../test/settings/asked-study.ts';
import { idOf, withdrawAct, withdrawingLogs } from '../../test/settings/study.ts';
import type { RowWanted, SeenRows } from '../data-server-base.ts';
import type { DeskParts } from './desk-parts.ts';

/** Rows of a question that are asked for together, and taken again while nothing is newer. Source: vitals-servers.md, VS-2a. */

const own = await askedStudy({ logs: withdrawingLogs });

/** The world's rows, as of the moment in which each is read. */
function togetherOf(isNewest: () => boolean) {
  const asked: (readonly RowWanted[])[] = [];
  const ledger: DeskParts['ledger'] = {
    ...own.ledger,
    async together(wanted) {
      asked.push(wanted);
      const rows = new Map<string, unknown>();
      for (const { table, id } of wanted)
        rows.set(`${table.name}/${id}`, await own.ledger.row(table, id));
      const get: SeenRows['get'] = (table, id) => rows.get(`${table.name}/${id}`) as never;
      return { get, isNewest };
    },
  };
  return { ledger, asked };
}

test('all rows of a question are one call, the withdrawal before the payment', async () => {
  const { ledger, asked } = togetherOf(() => false);
  await own.again(1, { ledger }).check(await own.signed(own.manifest()));
  assert.equal(asked.length, 1);
  const names = asked[0]?.map(({ table }) => table.name) ?? [];
  assert.ok(names.indexOf(statWithdrawn.name) < names.indexOf(statQueries.name));
});

test('of a paid question the rows are taken again while no block is newer, and asked for anew after one', async () => {
  let isNewest = true;
  const { ledger, asked } = togetherOf(() => isNewest);
  const desk = own.again(1, { ledger });
  const manifest = own.manifest({ microRho: 1_000 });
  const question = await own.signed(manifest);
  await desk.check(question);
  own.pay(manifest);
  // What was not paid is asked for anew whatever is known of blocks.
  await desk.meetBlock();
  assert.equal(asked.length, 2);
  await desk.ask(question);
  assert.equal(asked.length, 2);
  isNewest = false;
  await desk.ask(question);
  assert.equal(asked.length, 3);
});

test('a block is one call, however many questions are expected', async () => {
  const { ledger, asked } = togetherOf(() => true);
  const desk = own.again(1, { ledger });
  const his = { researcher: accountOf('raul'), permit: idOf('permit raul') };
  await desk.check(await own.signed(own.manifest()));
  await desk.check(await own.signed(own.manifest(his), 'raul'));
  const before = asked.length;
  await Promise.all([desk.meetBlock(), desk.meetBlock(), desk.meetBlock()]);
  // One for the first block, and one for all that came while it looked.
  assert.equal(asked.length - before, 2);
  const names = asked.at(-1)?.map(({ table, id }) => `${table.name}/${id}`) ?? [];
  assert.equal(new Set(names).size, names.length);
  assert.equal(names.filter((it) => it.startsWith(statQueries.name)).length, 2);
});

test('seen to be withdrawn and not paid: PERMIT_WITHDRAWN; paid before: answered', async () => {
  const { ledger } = togetherOf(() => false);
  const desk = own.again(1, { ledger });
  const paid = own.manifest({ microRho: 1_000 });
  own.pay(paid);
  own.world.mustSend({ from: 'valley', acts: [withdrawAct(idOf('permit rosa'))] });
  assert.ok((await desk.ask(await own.signed(paid))).length > 0);
  const late = await own.signed(own.manifest());
  await assert.rejects(desk.check(late), (error) => isCoded(error, 'PERMIT_WITHDRAWN'));
  await assert.rejects(desk.ask(late), (error) => isCoded(error, 'PERMIT_WITHDRAWN'));
  const his = own.manifest({ researcher: accountOf('raul'), permit: idOf('permit raul') });
  await desk.check(await own.signed(his, 'raul'));
  await own.close();
});
