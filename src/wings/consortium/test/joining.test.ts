import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { list, refused, remove, salus, temporaryHome } from '../../../../test/cli/salus.ts';
import { peersOf } from '../../../engines/cometbft/node.ts';
import { isCoded } from '../../../primitives/errors.ts';
import { nodeHomeIn } from '../../../server/comet/places.ts';
import { openConsortium, requireKeys } from '../../../server/founding.ts';
import { genesisIn, heldKeys, takeNewKey, writeOwnMembers } from '../../../server/home-members.ts';
import { networkIn, ownIn } from '../../../server/member/network.ts';
import { serversOf } from '../../../server/process.ts';
import { isNetworked } from '../../../server/storage/settings.ts';
import { parseMembers } from '../../../storage/ipfs/members-file.ts';
import { dismissMember, machineOf } from '../server/joining.ts';
import { makeNewKeys } from '../server/new-keys.ts';

const code = (name: 'MEMBER_UNKNOWN' | 'MEMBER_STAYS') => (error: unknown) => isCoded(error, name);

const root = temporaryHome();
after(() => remove(root));
const portsOf = (at: number) => ({
  ...{ gateway: 7_500 + at, p2p: 7_600 + at, rpc: 7_700 + at, storage: 7_800 + at },
  peers: 7_900 + at,
});
const members = ['anna', 'bern'].map((short, at) => ({
  ...{ name: `Hospital ${short}`, short, url: `https://${short}.example`, host: '127.0.0.1' },
  ports: portsOf(at),
}));
const anna = join(root, 'homes', 'anna');
const elm = join(root, 'elm');
const part = join(root, 'elm.part.json');
const inAnna = (...path: readonly string[]) => join(serversOf(anna), ...path);

async function partOf(home: string, out: string, chain: string, at: number): Promise<void> {
  const { gateway, p2p, rpc, storage, peers } = portsOf(at);
  const who = ['--name', `Hospital ${at}`, '--short', 'elm', '--host', '127.0.0.1'];
  const ports = [gateway, p2p, rpc, storage, peers].map(String);
  const flags = ['--port', '--p2p-port', '--rpc-port', '--storage-port', '--peers-port'];
  const where = flags.flatMap((flag, n) => [flag, ports[n] ?? '']);
  const all = ['--chain', chain, '--url', 'https://elm.example', ...who, ...where, '--out', out];
  await salus(['consortium', 'propose-genesis', ...all], { home });
}

const file = join(root, 'members.json');
writeFileSync(file, JSON.stringify({ chain: 'salus-two-1', members }));
await salus(['consortium', 'init', '--members', file, '--out', join(root, 'homes')]);
await partOf(elm, part, 'salus-two-1', 5);

const joining = (changed: Readonly<Record<string, string>> = {}): string[] => {
  const given = {
    part,
    genesis: inAnna('genesis.cbor'),
    network: inAnna('network.json'),
    'swarm-key': inAnna('anna', 'storage', 'swarm.key'),
    ...changed,
  };
  return ['consortium', 'join', ...Object.entries(given).flatMap(([k, v]) => [`--${k}`, v])];
};

test('what does not fit is refused, and the home is not made ready', async () => {
  const other = join(root, 'other.part.json');
  await partOf(join(root, 'other'), other, 'salus-other-1', 6);
  const stranger = join(root, 'stranger.part.json');
  await partOf(join(root, 'stranger'), stranger, 'salus-two-1', 7);
  const twice = join(root, 'twice.json');
  const { members: known } = JSON.parse(readFileSync(inAnna('network.json'), 'utf8'));
  const own = JSON.parse(readFileSync(part, 'utf8'));
  writeFileSync(twice, JSON.stringify({ members: [known[0], { ...known[1], ports: own.ports }] }));
  for (const [changed, code] of [
    [{ part: other }, 'CHAIN_WRONG'],
    [{ part: stranger }, 'GENESIS_OTHER'],
    [{ network: twice }, 'MEMBERS_DUPLICATE'],
    [{ network: part }, 'HOME_INVALID'],
    [{ 'swarm-key': part }, 'SWARM_KEY_INVALID'],
  ] as const) {
    const exit = code === 'MEMBERS_DUPLICATE' ? 2 : 3;
    await refused(joining(changed), { code, exit }, { home: elm });
    assert.equal(isNetworked(join(serversOf(elm), 'elm')), false);
  }
});

test('a home joins with the genesis, the peers and the stores of a member, and opens as what was voted in', async () => {
  const joined = await salus(joining(), { home: elm });
  assert.deepEqual(joined.members, ['anna', 'bern', 'elm']);
  assert.deepEqual(
    readFileSync(join(serversOf(elm), 'genesis.cbor')),
    readFileSync(inAnna('genesis.cbor')),
  );
  const ids = networkIn(anna).map(({ nodeId }) => nodeId);
  assert.deepEqual([...peersOf(nodeHomeIn(serversOf(elm)))].toSorted(), ids.toSorted());
  requireKeys(serversOf(elm));
  const { hospitals } = await openConsortium(elm, { validatorKey: new Uint8Array(32), nowMs: 0 });
  assert.deepEqual(
    hospitals.map(({ name, account }) => [name, account]),
    [['elm', ownIn(elm)?.organisation]],
  );
  await refused(joining(), { code: 'HOME_FOUNDED', exit: 2 }, { home: elm });
});

test('a member that stands admits the new machine to node, stores and certificates, once', async () => {
  for (const _time of [1, 2]) {
    const admitted = await salus(['consortium', 'admit', part], { home: anna });
    assert.deepEqual(list(admitted, 'members'), ['anna', 'bern', 'elm']);
  }
  const own = ownIn(elm) ?? assert.fail();
  assert.ok(peersOf(nodeHomeIn(serversOf(anna))).has(own.nodeId));
  assert.equal(peersOf(nodeHomeIn(serversOf(anna))).size, 2);
  const stores = parseMembers(readFileSync(inAnna('anna', 'storage', 'members.json'), 'utf8'));
  assert.equal(stores.members.filter(({ account }) => account === own.organisation).length, 1);
  assert.ok(readFileSync(inAnna('tls', 'members.pem'), 'utf8').includes(own.authority));
});

test('a member that left is taken out of node, stores and certificates again, and nobody takes out itself', () => {
  const own = ownIn(elm) ?? assert.fail();
  assert.throws(() => machineOf(anna, 'fir'), code('MEMBER_UNKNOWN'));
  const mine = machineOf(anna, 'anna');
  assert.throws(() => dismissMember(anna, mine), code('MEMBER_STAYS'));
  const before = readFileSync(inAnna('network.json'), 'utf8');
  for (const named of ['elm', own.title, own.url, own.organisation]) {
    assert.equal(machineOf(anna, named).organisation, own.organisation);
  }
  const left = dismissMember(anna, machineOf(anna, 'elm'));
  assert.deepEqual(
    left.map(({ name }) => name),
    ['anna', 'bern'],
  );
  assert.deepEqual(networkIn(anna), left);
  assert.notEqual(readFileSync(inAnna('network.json'), 'utf8'), before);
  assert.equal(peersOf(nodeHomeIn(serversOf(anna))).has(own.nodeId), false);
  assert.equal(peersOf(nodeHomeIn(serversOf(anna))).size, 1);
  const config = readFileSync(inAnna('cometbft', 'config', 'config.toml'), 'utf8');
  assert.ok(!config.includes(own.nodeId));
  const stores = parseMembers(readFileSync(inAnna('anna', 'storage', 'members.json'), 'utf8'));
  assert.equal(stores.members.length, 2);
  assert.ok(stores.members.every(({ account }) => account !== own.organisation));
  assert.ok(!readFileSync(inAnna('tls', 'members.pem'), 'utf8').includes(own.authority));
});

test('a hospital that took another key keeps its account, and opens by that key', async () => {
  const options = { validatorKey: new Uint8Array(32), nowMs: 0 };
  const genesis = genesisIn(serversOf(anna));
  for (const [home, name] of [
    [anna, 'anna'],
    [elm, 'elm'],
  ] as const) {
    const [before] = (await openConsortium(home, options)).hospitals;
    assert.ok(before !== undefined);
    const { secret } = await makeNewKeys('salus-two-1', before.account);
    takeNewKey(home, before, secret);
    const [opened, more] = (await openConsortium(home, options)).hospitals;
    const [held] = await heldKeys(home, genesis);
    assert.equal(more, undefined);
    for (const it of [opened, held]) {
      assert.deepEqual([it?.name, it?.account], [name, before.account]);
      assert.notDeepEqual(it?.signingKey.publicKey, before.signingKey.publicKey);
    }
    // Any other key in the place of the first is nobody's.
    const { account, title } = before;
    writeOwnMembers(home, [name], name === 'elm' ? [{ name, title, account }] : []);
    await assert.rejects(openConsortium(home, options), (e) => isCoded(e, 'HOME_INVALID'));
  }
});
