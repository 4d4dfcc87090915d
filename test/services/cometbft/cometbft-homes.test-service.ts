import assert from 'node:assert/strict';
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { ownIn } from '../../../src/server/member/network.ts';
import { PeerConnections, peerUrl } from '../../../src/server/member/peer-fetch.ts';
import { formatSwarmKey } from '../../../src/storage/ipfs/swarm-key.ts';
import { freePorts } from '../../../src/story/free-ports.ts';
import { startProcess } from '../../cli/process.ts';
import { type Json, linesOf, list, refused, run, salus, text } from '../../cli/salus.ts';
import { initHomes, type MemberHome, serverText, startHome, stopHome, until } from './homes.ts';

/** Four hospitals as an operator has them: homes of `consortium init`, each served by a `salus up` of its own. */
const names = ['anna', 'bern', 'chur', 'davos'] as const;
process.env.PATH = `${process.env.SALUS_SERVICE ?? ''}:${process.env.PATH ?? ''}`;

let root = '';
let members: readonly MemberHome[] = [];
const homeOf = (name: string): MemberHome =>
  members.find((it) => it.name === name) ?? assert.fail(name);

before(async () => {
  const made = await initHomes(names);
  root = made.root;
  members = made.members;
  const ready = await Promise.all(members.map((it) => startHome(it)));
  for (const facts of ready) assert.equal(facts.ok, true);
});
after(async () => {
  await Promise.all(members.map(stopHome));
  rmSync(root, { recursive: true, force: true });
});

const status = (name: string) => salus(['consortium', 'status'], { home: homeOf(name).home });
const machineOf = (facts: Json): Json => facts.machine as Json;
const heightOf = (facts: Json): number =>
  Number((machineOf(facts).node as Json | undefined)?.height);
const connected = (facts: Json, of: string) =>
  (machineOf(facts)[of] as readonly Json[]).filter(({ isConnected }) => isConnected).length;
const replicas = (facts: Json) => machineOf(facts).replicas as Json | undefined;
const storesConnected = (facts: Json) =>
  ((replicas(facts)?.members ?? []) as readonly Json[]).filter(({ isConnected }) => isConnected)
    .length;
const validators = (facts: Json) => list(facts, 'validators');
const findings = async (name: string) => {
  const { stdout } = await run(['selfcheck', '--json'], { home: homeOf(name).home });
  return list(linesOf(stdout).at(-1) ?? {}, 'findings');
};
const finding = (of: readonly Json[], check: string) =>
  of.find((it) => it.check === check) ?? assert.fail(`${check} in ${JSON.stringify(of)}`);

async function propose(by: string, ...change: readonly string[]): Promise<Json> {
  return salus(['consortium', 'propose', ...change, '--yes'], { home: homeOf(by).home });
}
async function vote(by: string, proposal: Json): Promise<Json> {
  const id = text(proposal, 'proposal');
  return salus(['consortium', 'vote', id, 'yes', '--yes'], { home: homeOf(by).home });
}
/** Who proposes what nobody decides: a member has eight open proposals at most. */
let turn = 0;
/** Two proposals that nobody decides: each is a block, and two blocks later a decision is in force. */
async function twoBlocks(): Promise<void> {
  for (const rights of ['serve', 'batch']) {
    const by = names[turn++ % names.length] ?? 'anna';
    await propose(by, 'member-change', '--member', 'davos', '--rights', rights);
  }
}

/** The same home at other ports, as on another machine. */
async function moveTo({ home, name }: MemberHome, ports: readonly number[]): Promise<void> {
  const [p2p, rpc, storage, peers] = ports;
  const edit = (path: readonly string[], change: (text: string) => string) => {
    const file = join(home, 'servers', ...path);
    writeFileSync(file, change(readFileSync(file, 'utf8')));
  };
  edit(['cometbft', 'config', 'config.toml'], (text) =>
    text
      .replace(/(laddr = "tcp:\/\/127\.0\.0\.1:)\d+/, `$1${rpc}`)
      .replace(/(laddr = "tcp:\/\/0\.0\.0\.0:)\d+/, `$1${p2p}`),
  );
  edit([name, 'storage', 'settings.json'], (text) => text.replace(/tcp\/\d+/, `tcp/${storage}`));
  edit(['network.json'], (text) => {
    const { members } = JSON.parse(text) as {
      readonly members: readonly { readonly name: string; readonly ports: object }[];
    };
    const moved = members.map((it) =>
      it.name === name ? { ...it, ports: { ...it.ports, peers } } : it,
    );
    return JSON.stringify({ members: moved });
  });
}

test('status of each shows height, peers, votes, mempool, replicas and duties', async () => {
  for (const name of names) {
    const facts = await until(
      () => status(name),
      (it) => connected(it, 'peers') === 3 && storesConnected(it) === 3,
    );
    const { node } = machineOf(facts) as { readonly node: Json };
    assert.ok(Number(node.height) >= 1 && Number(node.lag) === 0, JSON.stringify(node));
    assert.deepEqual(node.mempool, { txs: 0, bytes: 0 });
    assert.equal(validators(facts).length, 4);
    assert.ok(validators(facts).filter(({ voted }) => voted === true).length >= 3);
    assert.equal(facts.quorum, 3);
    assert.deepEqual(replicas(facts)?.below, 0);
    assert.deepEqual(machineOf(facts).duties, []);
  }
});

test('selfcheck names peers, stores and the certificate', async () => {
  const found = await findings('chur');
  assert.match(String(finding(found, 'peers').value), /^3 of 3: anna, bern, davos$/);
  assert.match(String(finding(found, 'stores').value), /^3 of 3: anna, bern, davos$/);
  assert.match(String(finding(found, 'certificate').value), /holds for 8\d days$/);
});

test('members vote a validator out and in again, one that was away comes back to the tip', async () => {
  const before = await status('anna');
  const davos = list(before, 'members').find(({ name }) => name === 'Hospital davos') as Json;
  const own = validators(before).find(({ organisation }) => organisation === davos.account) as Json;
  const out = await propose('anna', 'validator-out', '--member', 'davos');
  assert.equal(out.outcome, 'open');
  const owed = await until(
    () => status('davos'),
    (it) => list(machineOf(it), 'duties').length > 0,
  );
  assert.deepEqual(machineOf(owed).duties, [{ duty: 'vote', proposal: out.proposal }]);
  assert.equal((await vote('bern', out)).outcome, 'open');
  assert.equal((await vote('chur', out)).outcome, 'accepted');
  await twoBlocks();
  assert.equal(validators(await status('anna')).length, 3);

  await stopHome(homeOf('davos'));
  const key = ['--member', 'davos', '--key', String(own.publicKey)];
  const back = await propose('anna', 'validator-in', ...key);
  await vote('bern', back);
  assert.equal((await vote('chur', back)).outcome, 'accepted');
  await propose('chur', 'member-change', '--member', 'davos', '--rights', 'serve');
  await propose('chur', 'member-change', '--member', 'davos', '--rights', 'batch');
  const away = await status('anna');
  assert.equal(validators(away).length, 4);
  assert.equal(connected(away, 'peers'), 2);
  assert.match(
    String(finding(await findings('anna'), 'peers').value),
    /^2 of 3: bern, chur; missing: davos$/,
  );

  await startHome(homeOf('davos'));
  const there = await until(
    () => status('davos'),
    (it) =>
      heightOf(it) >= heightOf(away) &&
      Number((machineOf(it).node as Json).lag) === 0 &&
      Number(it.height) >= Number(away.height),
  );
  assert.equal(validators(there).length, 4);
});

test('the port between gateways lets machines of members in, and nobody else', async () => {
  const [anna, bern] = [homeOf('anna').home, homeOf('bern').home];
  const own = ownIn(anna) ?? assert.fail();
  await assert.rejects(fetch(`${peerUrl(own)}/v1/genesis`));
  const machine = new PeerConnections(bern, ownIn(bern) ?? assert.fail());
  const answer = await machine.fetch(`${peerUrl(own)}/v1/genesis`, { method: 'GET' });
  machine.close();
  assert.equal(answer.status, 200);
  const { trustRoot } = (await answer.json()) as { readonly trustRoot: Json };
  assert.equal(trustRoot.chain, 'salus-lakes-1');
});

test('a store with another swarm key reaches nobody, and selfcheck says why that may be', async () => {
  const chur = homeOf('chur');
  await stopHome(chur);
  const path = join(chur.home, 'servers', 'chur', 'storage', 'swarm.key');
  const right = serverText(chur, 'chur', 'storage', 'swarm.key');
  writeFileSync(path, formatSwarmKey(new Uint8Array(32).fill(7)));
  await startHome(chur);
  const alone = async () => finding(await findings('chur'), 'stores');
  assert.match(String((await alone()).value), /^no peer answered: swarm key or address$/);
  await stopHome(chur);
  writeFileSync(path, right);
  await startHome(chur);
  await until(
    () => status('chur'),
    (it) => storesConnected(it) === 3,
  );
});

test('a home that is served already is not served twice: LEDGER_LOCKED', async () => {
  const { home } = homeOf('anna');
  const { stdout } = await startProcess(['up', '--port', '0', '--json'], { home }).ended;
  assert.equal(linesOf(stdout).at(-1)?.code, 'LEDGER_LOCKED', stdout);
});

test('a copy of a home on another machine reaches no node while the first one runs, and the ledger goes on', async () => {
  const chur = homeOf('chur');
  await stopHome(chur);
  const copy: MemberHome = { name: 'chur', home: join(root, 'copy'), working: undefined };
  cpSync(chur.home, copy.home, { recursive: true, filter: (it) => !it.endsWith('.sock') });
  await startHome(chur);
  await until(
    () => status('anna'),
    (it) => connected(it, 'peers') === 3,
  );
  await moveTo(copy, await freePorts(4));
  await startHome(copy, ['--port', '0']);
  try {
    const { stdout } = await run(['selfcheck', '--json'], { home: copy.home });
    const peers = finding(list(linesOf(stdout).at(-1) ?? {}, 'findings'), 'peers');
    assert.match(
      String(peers.value),
      /^no peer answered: .* another machine runs with this home's/,
    );
    await twoBlocks();
    const first = await status('chur');
    assert.equal(connected(first, 'peers'), 3);
    assert.deepEqual(first.cases, []);
    const second = await salus(['consortium', 'status'], { home: copy.home });
    assert.equal(connected(second, 'peers'), 0);
    assert.ok(heightOf(second) < heightOf(first));
  } finally {
    await stopHome(copy);
  }
});

test('a fifth hospital is voted in, comes to the tip by its peers, orders blocks, and leaves', async () => {
  const elm: MemberHome = { name: 'elm', home: join(root, 'elm'), working: undefined };
  const part = join(root, 'elm.part.json');
  const [gateway, p2p, rpc, storage, peers] = await freePorts(5);
  const ports = [
    '--port',
    gateway,
    '--p2p-port',
    p2p,
    '--rpc-port',
    rpc,
    '--storage-port',
    storage,
  ];
  const who = ['--name', 'Hospital elm', '--short', 'elm', '--host', '127.0.0.1'];
  const where = ['--url', `http://127.0.0.1:${gateway}`, ...ports, '--peers-port', peers];
  const flags = ['--chain', 'salus-lakes-1', ...who, ...where.map(String), '--out', part];
  const made = await salus(['consortium', 'propose-genesis', ...flags], { home: elm.home });
  for (const member of members) {
    await salus(['consortium', 'admit', part], { home: member.home });
    await stopHome(member);
    await startHome(member);
  }
  const decided = async (proposal: Json, ...by: readonly string[]) => {
    for (const name of by) await vote(name, proposal);
    await twoBlocks();
  };
  await decided(await propose('anna', 'member-in', '--part', part), 'bern', 'chur');
  const of = (...path: readonly string[]) => join(homeOf('anna').home, 'servers', ...path);
  const given = ['--genesis', of('genesis.cbor'), '--network', of('network.json')];
  const swarm = ['--swarm-key', of('anna', 'storage', 'swarm.key')];
  const join5 = ['consortium', 'join', '--part', part, ...given, ...swarm];
  const joined = await salus(join5, { home: elm.home });
  assert.deepEqual(joined.members, [...names, 'elm']);
  await startHome(elm);
  members = [...members, elm];
  const tip = heightOf(await status('anna'));
  const there = await until(
    () => status('elm'),
    (it) => heightOf(it) >= tip && connected(it, 'peers') === 4 && storesConnected(it) === 4,
  );
  assert.equal(list(there, 'members').length, 5);
  const key = ['--member', 'elm', '--key', text(made, 'validator')];
  await decided(await propose('anna', 'validator-in', ...key), 'bern', 'chur', 'elm');
  const ordering = await status('elm');
  assert.equal(validators(ordering).length, 5);

  const leaving = await salus(['consortium', 'leave', '--yes'], { home: elm.home });
  assert.equal(leaving.change, 'validator-out');
  await decided(leaving, 'anna', 'bern', 'chur');
  const dismiss = ['consortium', 'dismiss', 'elm'];
  await refused(dismiss, { code: 'MEMBER_STAYS', exit: 3 }, { home: homeOf('anna').home });
  const left = await salus(['consortium', 'leave', '--yes'], { home: elm.home });
  assert.equal(left.change, 'member-out');
  await decided(left, 'anna', 'bern', 'chur');
  const after = await status('anna');
  assert.deepEqual([validators(after).length, after.quorum], [4, 3]);
  members = members.filter((it) => it !== elm);
  await stopHome(elm);
  for (const member of members) {
    const dismissed = await salus(dismiss, { home: member.home });
    assert.deepEqual(dismissed.members, names);
    await stopHome(member);
    await startHome(member);
  }
  await until(
    () => status('anna'),
    (it) => connected(it, 'peers') === 3 && storesConnected(it) === 3,
  );
});

test('a hospital whose key was stolen serves and proposes by the key that the others voted in', async () => {
  const [anna, bern] = [homeOf('anna'), homeOf('bern')];
  const [file, key] = [join(root, 'bern.keys.json'), join(root, 'bern.key')];
  const made = ['--member', 'bern', '--out', file, '--key-out', key];
  await salus(['consortium', 'new-keys', ...made], { home: anna.home });
  const take = ['consortium', 'take-keys', '--key', key];
  await refused(take, { code: 'KEY_OTHER', exit: 3 }, { home: bern.home });
  const proposed = await propose('anna', 'member-keys', '--identity', file);
  for (const name of ['chur', 'davos']) await vote(name, proposed);
  const taken = await salus(take, { home: bern.home });
  assert.equal(taken.name, 'bern');
  await stopHome(bern);
  await startHome(bern);
  const change = ['member-change', '--member', 'chur', '--rights', 'batch'];
  assert.equal((await propose('bern', ...change)).by, 'bern');
  const verified = await run(['verify', '--json'], { home: bern.home });
  assert.equal(linesOf(verified.stdout).at(-1)?.ok, true, verified.stdout);
});

test('a home whose node was given another genesis is refused: GENESIS_WRONG', async () => {
  const { root: elsewhere, members: others } = await initHomes(['elm', 'fir']);
  try {
    const [elm, fir] = others;
    assert.ok(elm !== undefined && fir !== undefined);
    const genesis = ['cometbft', 'config', 'genesis.json'] as const;
    const path = join(elm.home, 'servers', ...genesis);
    writeFileSync(path, serverText(homeOf('anna'), ...genesis));
    const ran = await startProcess(['up', '--json'], { home: elm.home }).ended;
    const last = linesOf(ran.stdout).at(-1);
    assert.equal(last?.code, 'GENESIS_WRONG', ran.stdout + ran.stderr);
    assert.equal(typeof last?.sentence, 'string');
    writeFileSync(join(fir.home, 'servers', 'fir', 'storage', 'swarm.key'), 'none');
    await refused(
      [
        'storage',
        'migrate',
        '--swarm-key',
        join(fir.home, 'servers', 'fir', 'storage', 'swarm.key'),
      ],
      { code: 'SWARM_KEY_INVALID', exit: 3 },
      { home: fir.home },
    );
  } finally {
    rmSync(elsewhere, { recursive: true, force: true });
  }
});
