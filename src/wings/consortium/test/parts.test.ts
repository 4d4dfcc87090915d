import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { type Json, refused, remove, salus, temporaryHome } from '../../../../test/cli/salus.ts';
import { signingKeyFromSeed } from '../../../crypto/signature.ts';
import { bytesToBase64url } from '../../../primitives/bytes.ts';
import { authorityOf } from '../../../server/member/certificates.ts';
import { serversOf } from '../../../server/process.ts';

/** Parts, proposals and lists of machines are files that others hand on: here each is changed on its way. */
const root = temporaryHome();
after(() => remove(root));

const portsOf = (at: number) => ({
  ...{ gateway: 8_500 + at, p2p: 8_600 + at, rpc: 8_700 + at, storage: 8_800 + at },
  peers: 8_900 + at,
});
const members = ['anna', 'bern'].map((short, at) => ({
  ...{ name: `Hospital ${short}`, short, url: `https://${short}.example`, host: '127.0.0.1' },
  ports: portsOf(at),
}));
const list = join(root, 'members.json');
writeFileSync(list, JSON.stringify({ chain: 'salus-parts-1', members }));
await salus(['consortium', 'init', '--members', list, '--out', join(root, 'homes')]);
const anna = join(root, 'homes', 'anna');
const inAnna = (...path: readonly string[]) => readFileSync(join(serversOf(anna), ...path), 'utf8');

async function partOf(short: string, at: number): Promise<string> {
  const out = join(root, `${short}.part.json`);
  const ports = Object.values(portsOf(at)).map(String);
  const flags = ['--port', '--p2p-port', '--rpc-port', '--storage-port', '--peers-port'];
  await salus(
    [
      ...['consortium', 'propose-genesis', '--chain', 'salus-parts-1', '--out', out],
      ...['--name', `Hospital ${short}`, '--short', short, '--url', `https://${short}.example`],
      ...['--host', '127.0.0.1', ...flags.flatMap((flag, n) => [flag, ports[n] ?? ''])],
    ],
    { home: join(root, short) },
  );
  return out;
}
const elm = await partOf('elm', 5);
const fir = await partOf('fir', 6);
const read = (file: string): Json => JSON.parse(readFileSync(file, 'utf8'));
const foreign = await signingKeyFromSeed(new Uint8Array(32).fill(7));
const foreignAuthority = await authorityOf(foreign, 'Hospital elm', Date.now());

let files = 0;
function written(value: unknown): string {
  const file = join(root, `changed-${files++}.json`);
  writeFileSync(file, JSON.stringify(value));
  return file;
}

/** What somebody on the way would want to be another. */
const changes: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  'the machine is elsewhere': { host: '10.6.6.6' },
  'the port is another': { ports: portsOf(9) },
  'the node is another': { nodeId: '00'.repeat(20) },
  'the store is another': { storageKey: bytesToBase64url(foreign.publicKey) },
  'the machine that orders is another': { validator: bytesToBase64url(foreign.publicKey) },
  'the authority is another': { authority: foreignAuthority },
  'two authorities': { authority: `${read(elm).authority}${foreignAuthority}` },
  'people are sent elsewhere': { url: 'https://elsewhere.example' },
  'the name is another': { title: 'Hospital bern-two' },
};
/** What settings, paths and addresses are made of: refused whoever signed it. */
const poison: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  'a host that writes settings': {
    host: 'x"\n[rpc]\nladdr = "tcp://0.0.0.0:26657"\nunsafe = true\n#',
  },
  'a host that lists a node': { host: `10.0.0.9:1,${'ab'.repeat(20)}@10.6.6.6` },
  'a name that is a path': { name: '../../anna' },
  'a name of another folder': { name: 'ledger' },
  'an address that is none': { url: 'javascript:alert(1)' },
  'a key that is none': { storageKey: 'AA' },
};

for (const [what, change] of Object.entries({ ...changes, ...poison })) {
  test(`${what}: a part that was changed on its way is admitted by nobody and put into no genesis`, async () => {
    const changed = written({ ...read(elm), ...change });
    const [before, known] = [inAnna('cometbft', 'config', 'config.toml'), inAnna('network.json')];
    const expected = { code: 'GENESIS_INVALID', exit: 3 };
    await refused(['consortium', 'admit', changed], expected, { home: anna });
    assert.equal(inAnna('cometbft', 'config', 'config.toml'), before);
    assert.equal(inAnna('network.json'), known);
    const out = join(root, `none-${files++}.json`);
    const together = ['consortium', 'propose-genesis', '--parts', changed, fir, '--out', out];
    await refused(together, expected);
  });

  test(`${what}: a genesis of which the parts were changed after it was put together is signed by nobody`, async () => {
    const out = join(root, `genesis-${files++}.json`);
    await salus(['consortium', 'propose-genesis', '--parts', elm, fir, '--out', out]);
    const proposal = read(out) as { readonly members: readonly Json[] };
    const changed = proposal.members.map((it) => (it.name === 'elm' ? { ...it, ...change } : it));
    const file = written({ ...proposal, members: changed });
    const expected = { code: 'GENESIS_INVALID', exit: 3 };
    await refused(['consortium', 'sign-genesis', file, '--yes'], expected, {
      home: join(root, 'fir'),
    });
  });
}

test('a list of machines that would write settings or paths is none, and a changed one has another hash', async () => {
  const genesis = join(serversOf(anna), 'genesis.cbor');
  const swarmKey = join(serversOf(anna), 'anna', 'storage', 'swarm.key');
  const network = JSON.parse(inAnna('network.json')) as { readonly members: readonly Json[] };
  const joining = (change: Json) => {
    const changed = network.members.map((it) => (it.name === 'bern' ? { ...it, ...change } : it));
    const file = written({ members: changed });
    return [
      ...['consortium', 'join', '--part', elm, '--genesis', genesis],
      ...['--network', file, '--swarm-key', swarmKey],
    ];
  };
  for (const change of Object.values(poison)) {
    const expected = { code: 'HOME_INVALID', exit: 3 };
    await refused(joining(change), expected, { home: join(root, 'elm') });
  }
  const { machines: known } = await salus(['consortium', 'admit', elm], { home: anna });
  const { machines } = await salus(joining({ nodeId: '00'.repeat(20) }), {
    home: join(root, 'elm'),
  });
  assert.match(String(machines), /^[0-9a-f]{64}$/);
  assert.notEqual(machines, known);
});

test('who joins and who admits see one hash of all machines', async () => {
  const oak = await partOf('oak', 7);
  const { machines } = await salus(['consortium', 'admit', oak], { home: anna });
  const joined = await salus(
    [
      ...['consortium', 'join', '--part', oak, '--genesis', join(serversOf(anna), 'genesis.cbor')],
      ...['--network', join(serversOf(anna), 'network.json')],
      ...['--swarm-key', join(serversOf(anna), 'anna', 'storage', 'swarm.key')],
    ],
    { home: join(root, 'oak') },
  );
  assert.equal(joined.machines, machines);
});
