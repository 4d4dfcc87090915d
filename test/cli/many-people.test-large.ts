import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { list } from './salus.ts';
import { startTown, type Town } from './town.ts';

let town: Town;
before(async () => {
  town = await startTown();
});
after(() => town.leave());

test('fifty people enrol at one address within the hour', async () => {
  for (let number = 1; number <= 50; number++) {
    const made = await town.salus('person', 'create', `val-${number}`, '--hospital', 'valley');
    assert.equal(list(made, 'accounts').length, 1);
  }
});
