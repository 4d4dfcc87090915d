import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Terminal } from '../../src/cli/surroundings.ts';
import { later } from '../later.ts';
import { linesOf, refused, remove, run, salus, start, temporaryHome } from './salus.ts';
import { startTown, type Town } from './town.ts';

let town: Town;
let other: string;
before(async () => {
  town = await startTown();
  other = temporaryHome();
});
after(async () => {
  await town.leave();
  remove(other);
});

/** Who types what a promise brings, whatever is asked. */
function typing(line: Promise<string>): Terminal {
  return { line: () => line, secret: async () => '', yes: async () => true };
}

const created = async (name: string): Promise<string> => {
  const made = await salus(['person', 'create', name, '--hospital', 'north'], { home: town.home });
  return String(made.recoveryCode);
};

async function joined(wallet: string): Promise<{ readonly oldSaid: string }> {
  const [digits, done] = [later<string>(), later<string>()];
  const old = start(['device', 'add', wallet], {
    ...{ home: town.home, terminal: typing(digits.promise) },
  });
  const link = await old.text(/salus:device#\S+/);
  const fresh = start(['device', 'join', wallet, link, '--device-name', 'Laptop'], {
    ...{ home: other, terminal: typing(done.promise) },
  });
  const shown = await fresh.text(/^ {2}\d{3} \d{3}$/m);
  digits.resolve(shown.replaceAll(/\D/g, ''));
  const added = await old.ended;
  assert.equal(added.code, 0, added.stderr);
  done.resolve('yes');
  const came = await fresh.ended;
  assert.equal(came.code, 0, came.stderr);
  return { oldSaid: added.stdout };
}

test('a device is added by its digits, listed on both, and removed by new keys', async () => {
  await created('ana');
  const { oldSaid } = await joined('ana');
  assert.match(oldSaid, /Laptop is a device of yours now/);
  const there = await salus(['device', 'list', 'ana'], { home: other });
  assert.equal(there.count, 2);
  const here = await run(['device', 'list', 'ana'], { home: town.home });
  assert.match(here.stdout, /Laptop/);
  assert.match(here.stdout, /this one/);
  const removed = await salus(['device', 'remove', 'ana', '--yes'], { home: town.home });
  assert.equal(removed.removed, 1);
  assert.equal((await salus(['device', 'list', 'ana'], { home: town.home })).count, 1);
  await refused(
    ['record', 'list', '--as', 'ana'],
    { code: 'KEY_NOT_CURRENT', exit: 3 },
    {
      home: other,
    },
  );
});

test('without a terminal digits and answers are lines of standard input; nonsense is refused at once', async () => {
  await created('bea');
  const digits = later<string>();
  const old = start(['device', 'add', 'bea'], {
    ...{ home: town.home, terminal: typing(digits.promise) },
  });
  const link = await old.text(/salus:device#\S+/);
  const fresh = start(['device', 'join', 'bea', link, '--json'], { home: other, stdin: 'yes\n' });
  digits.resolve(String((await fresh.line(({ event }) => event === 'digits')).digits));
  assert.equal((await fresh.ended).code, 0, (await fresh.ended).stdout);
  assert.equal((await old.ended).code, 0);
  await refused(
    ['device', 'join', 'bea', 'salus:device#AAAA'],
    {
      ...{ code: 'WALLET_EXISTS', exit: 2 },
    },
    { home: town.home },
  );
  await refused(
    ['device', 'join', 'new', 'salus:device#AAAA'],
    {
      ...{ code: 'DEVICE_LINK_INVALID', exit: 3 },
    },
    { home: town.home },
  );
});

test('a new printed code is shown before it counts; copies are listed and taken by either', async () => {
  const code = await created('cai');
  const old = town.file('old.txt', code);
  const made = await run(['person', 'new-code', 'cai', '--code-file', old, '--json'], {
    home: town.home,
  });
  assert.equal(made.code, 0, made.stdout);
  const [shown, result] = linesOf(made.stdout);
  assert.equal(shown?.event, 'code');
  assert.equal(result?.ok, true);
  const fresh = town.file('fresh.txt', String(shown?.recoveryCode));
  const from = ['--hospital', 'north', '--code-file'];
  const kept = await salus(['person', 'copies', ...from, fresh], { home: town.home });
  assert.ok(Array.isArray(kept.copies) && kept.copies.length > 0);
  await refused(
    ['person', 'copies', ...from, old],
    { code: 'RECOVERY_CODE_WRONG', exit: 3 },
    {
      home: town.home,
    },
  );
  const back = await salus(['person', 'recover', 'cai2', ...from, fresh], { home: town.home });
  assert.equal(back.ok, true);
  const waits = await run(['person', 'new-code', 'cai', '--json'], { home: town.home });
  assert.equal(linesOf(waits.stdout).at(-1)?.code, 'RECOVERY_NEEDED', 'keys of today');
  await refused(
    ['person', 'stop-code', 'cai'],
    { code: 'RECOVERY_UNKNOWN', exit: 3 },
    {
      home: town.home,
    },
  );
});
