import assert from 'node:assert/strict';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { list, run, text } from './salus.ts';
import { startTown, type Town } from './town.ts';

/** What a command says while no hospital answers, and with --offline. Source: docs/protocol/commands.md, rule CL-34. */
let town: Town;
before(async () => {
  town = await startTown();
});
after(() => town.leave());

async function withRecord(words: string) {
  const ana = await town.patient();
  const as = ['--as', ana.name] as const;
  const added = await town.salus('record', 'add', town.file(`${words}.txt`, words), ...as);
  const recordId = text(list(added, 'items')[0] ?? {}, 'recordId');
  return { ana, as, recordId };
}

async function sharedWith(ana: { readonly name: string }) {
  const doctor = await town.doctor();
  await town.salus('grant', doctor.name, '--as', ana.name, '--class', 'other', '--until', '+12h');
  return { doctor, as: ['--as', doctor.name] as const };
}

const printed = (...args: readonly string[]) => run(args, { home: town.home });

test('--offline opens and lists what was opened here, says so, and asks nobody', async () => {
  const { ana, as, recordId } = await withRecord('ferritin');
  await town.no('NOT_KEPT', 3, 'record', 'open', recordId, '--offline', ...as);
  await town.no('NOT_KEPT', 3, 'record', 'list', '--offline', ...as);
  const online = await town.salus('record', 'open', recordId, ...as);
  assert.equal(online.fromDevice, undefined);
  const again = await town.salus('record', 'open', 'ferritin', '--offline', ...as);
  const { asOfMs, noAnswer } = Object(again.fromDevice);
  assert.ok(asOfMs > 0);
  assert.equal(noAnswer, null);
  for (const field of ['recordId', 'sha256', 'text', 'by', 'height', 'txId', 'title']) {
    assert.deepEqual(again[field], online[field], field);
  }
  const [line, ...others] = await town.lines('record', 'list', '--offline', ...as);
  assert.deepEqual([line?.recordId, line?.asOfMs, others], [recordId, asOfMs, []]);
  const folder = join(town.home, 'people', `${ana.name}.items`);
  assert.equal(statSync(folder).mode & 0o777, 0o700);
  for (const it of readdirSync(folder))
    assert.equal(statSync(join(folder, it)).mode & 0o777, 0o600);
});

test('record kept tells what is here, and --drop lets it go', async () => {
  const { ana, as, recordId } = await withRecord('asthma');
  const { doctor, as: asDoctor } = await sharedWith(ana);
  await town.salus('record', 'open', recordId, ...asDoctor);
  const kept = await town.salus('record', 'kept', ...asDoctor);
  const [record] = list(kept, 'records');
  assert.deepEqual([record?.recordId, record?.patientName], [recordId, ana.fullName]);
  assert.ok(Number(record?.endMs) > Number(record?.openedMs));
  assert.equal((await town.salus('record', 'kept', '--drop', ...asDoctor)).dropped, 1);
  assert.equal((await town.salus('record', 'kept', ...asDoctor)).count, 0);
  await town.no('NOT_KEPT', 3, 'record', 'open', recordId, '--offline', ...asDoctor);
  assert.deepEqual(readdirSync(join(town.home, 'people', `${doctor.name}.items`)), ['list.sealed']);
  assert.ok(!existsSync(join(town.home, 'people', `${ana.name}.items`)), as.join(' '));
});

test('Where no hospital answers the commands go on from the device, own and shared, and name who did not answer', async () => {
  const away = await startTown();
  try {
    const here = town;
    town = away;
    const { ana, as, recordId } = await withRecord('hepatitis');
    const { as: asDoctor } = await sharedWith(ana);
    await town.salus('record', 'open', recordId, ...as);
    await town.salus('record', 'open', recordId, ...asDoctor);
    const { recordId: unopened } = await withRecord('other');
    await town.stop();
    const own = await town.salus('record', 'open', recordId, ...as);
    assert.equal(own.text, 'hepatitis');
    assert.match(text(Object(own.fromDevice), 'noAnswer'), /North/);
    const shared = await town.salus(
      'record',
      'open',
      recordId,
      '--patient',
      ana.fullName,
      ...asDoctor,
    );
    assert.equal(shared.text, 'hepatitis');
    assert.match(text(Object(shared.fromDevice), 'noAnswer'), /Harbour/);
    const shown = await printed('record', 'list', ...asDoctor);
    assert.match(
      shown.stdout,
      /From this device, as of \d{4}-\d\d-\d\d \d\d:\d\d \S+; .*Harbour.* did not answer\./,
    );
    assert.match(shown.stdout, /hepatitis/);
    await town.no('GATEWAY_UNREACHABLE', 5, 'record', 'open', unopened, ...as);
    await town.no('GATEWAY_UNREACHABLE', 5, 'inbox', ...asDoctor);
    town = here;
  } finally {
    await away.leave();
  }
});
