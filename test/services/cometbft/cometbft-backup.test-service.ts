import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { startProcess } from '../../cli/process.ts';
import { type Json, linesOf, list, salus, text } from '../../cli/salus.ts';
import { initHomes, type MemberHome, serverText, startHome, stopHome, until } from './homes.ts';

process.env.PATH = `${process.env.SALUS_SERVICE ?? ''}:${process.env.PATH ?? ''}`;

let root = '';
let members: readonly MemberHome[] = [];
before(async () => {
  const made = await initHomes(['anna', 'bern', 'chur', 'davos']);
  root = made.root;
  members = made.members;
  await Promise.all(members.map((it) => startHome(it)));
});
after(async () => {
  await Promise.all(members.map(stopHome));
  rmSync(root, { recursive: true, force: true });
});

const homeOf = (name: string): MemberHome =>
  members.find((it) => it.name === name) ?? assert.fail(name);
const status = (of: MemberHome) => salus(['consortium', 'status'], { home: of.home });
const nodeOf = (facts: Json): Json => (facts.machine as Json).node as Json;
const by = (name: string) => ({ home: homeOf(name).home });

/** Two proposals that nobody decides: a block each, and what was decided is in force. */
async function twoBlocks(): Promise<void> {
  for (const rights of ['serve', 'batch']) {
    const change = ['member-change', '--member', 'davos', '--rights', rights, '--yes'];
    await salus(['consortium', 'propose', ...change], by('anna'));
  }
}

async function decided(proposal: Json, ...names: readonly string[]): Promise<void> {
  for (const name of names) {
    await salus(['consortium', 'vote', text(proposal, 'proposal'), 'yes', '--yes'], by(name));
  }
}

test('a member is restored of a backup that was made while it ran: it refuses to be a twin, catches up from the others, and orders blocks by a new key', async () => {
  const [davos] = [homeOf('davos')];
  const out = join(root, 'backups');
  const backup = await salus(['backup', '--out', out], { home: davos.home });
  const folder = text(backup, 'folder');
  const files = globSync('**/*', { cwd: folder });
  assert.deepEqual(
    files.filter((it) => /priv_validator|\.wal|cometbft\/data/.test(it)),
    [],
  );
  // What the backup has not.
  await twoBlocks();
  await stopHome(davos);

  const restored: MemberHome = { name: 'davos', home: join(root, 'again'), working: undefined };
  const made = await salus(['restore', folder], { home: restored.home });
  assert.equal(made.mayServe, false);
  const key = text(made, 'validator');
  assert.notEqual(
    serverText(restored, 'cometbft', 'config', 'priv_validator_key.json'),
    serverText(davos, 'cometbft', 'config', 'priv_validator_key.json'),
  );
  assert.equal(
    serverText(restored, 'cometbft', 'config', 'node_key.json'),
    serverText(davos, 'cometbft', 'config', 'node_key.json'),
  );
  const settings = JSON.parse(readFileSync(join(davos.home, 'salus.json'), 'utf8')) as Json;
  const gateway = String(settings.port);
  const flags = ['--port', gateway];
  const refused = await startProcess(['up', '--json', ...flags], { home: restored.home }).ended;
  assert.equal(linesOf(refused.stdout).at(-1)?.code, 'RESTORED_TWIN', refused.stdout);

  await startHome(restored, [...flags, '--old-stopped']);
  members = [...members.filter(({ name }) => name !== 'davos'), restored];
  const tip = Number(nodeOf(await status(homeOf('anna'))).height);
  const there = await until(
    () => status(restored),
    (it) => Number(nodeOf(it)?.height) >= tip && nodeOf(it)?.lag === 0,
  );
  assert.equal(list(there, 'open').length, 2);

  const change = ['validator-in', '--member', 'davos', '--key', key, '--yes'];
  const proposal = await salus(['consortium', 'propose', ...change], by('anna'));
  await decided(proposal, 'bern', 'chur');
  await twoBlocks();
  const ordering = await until(
    () => status(restored),
    (it) => list(it, 'validators').some(({ publicKey }) => publicKey === key),
  );
  assert.equal(list(ordering, 'validators').length, 4);
  assert.deepEqual(ordering.cases, []);
  assert.ok(
    existsSync(join(restored.home, 'servers', 'cometbft', 'data', 'priv_validator_state.json')),
  );
});
