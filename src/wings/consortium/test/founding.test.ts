import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { connect, createServer, type TLSSocket } from 'node:tls';
import {
  type Json,
  list,
  refused,
  remove,
  salus,
  temporaryHome,
  text,
} from '../../../../test/cli/salus.ts';
import { signingKeyFromSeed } from '../../../crypto/signature.ts';
import { validatorAddress } from '../../../ledger/chain/validators.ts';
import { genesisHash, parseGenesis } from '../../../ledger/genesis.ts';
import { bytesToHex } from '../../../primitives/bytes.ts';
import { accountIdOf } from '../../../primitives/ids.ts';
import { openConsortium, requireKeys } from '../../../server/founding.ts';
import { serversOf } from '../../../server/process.ts';
import { readSettings } from '../../../server/storage/settings.ts';
import { parseMembers } from '../../../storage/ipfs/members-file.ts';
import { parseSwarmKey } from '../../../storage/ipfs/swarm-key.ts';
import { openMember, storageMemberOf } from '../server/genesis-proposal.ts';
import { parseMember } from '../server/member.ts';

const folders: string[] = [];
const folder = (): string => {
  const made = temporaryHome();
  folders.push(made);
  return made;
};
after(() => folders.forEach(remove));

const names = ['anna', 'bern', 'chur', 'davos'] as const;
const member = (short: string, at: number) => ({
  name: `Hospital ${short}`,
  short,
  url: `https://${short}.example`,
  host: '127.0.0.1',
  ports: {
    gateway: 7_500 + at,
    p2p: 7_600 + at,
    rpc: 7_700 + at,
    storage: 7_800 + at,
    peers: 7_900 + at,
  },
});
const listed = { chain: 'salus-lakes-1', members: names.map(member) };

function membersFile(change: object = {}): string {
  const file = join(folder(), 'members.json');
  writeFileSync(file, JSON.stringify({ ...listed, ...change }));
  return file;
}

async function init(): Promise<{ readonly made: Json; readonly out: string }> {
  const out = join(folder(), 'homes');
  return {
    made: await salus(['consortium', 'init', '--members', membersFile(), '--out', out]),
    out,
  };
}
const serverFile = (home: string, ...path: readonly string[]) =>
  readFileSync(join(serversOf(home), ...path));

test('init makes a home for each, of one genesis, and each holds its own keys alone, for its owner', async () => {
  const { made, out } = await init();
  const homes = list(made, 'homes').map(({ home }) => String(home));
  assert.deepEqual(
    homes,
    names.map((name) => join(out, name)),
  );
  const [first = ''] = homes;
  const bytes = new Uint8Array(serverFile(first, 'genesis.cbor'));
  assert.equal(made.genesisHash, bytesToHex(genesisHash(bytes)));
  const genesis = parseGenesis(bytes);
  assert.deepEqual(
    genesis.validators.map(({ power }) => power),
    [10, 10, 10, 10],
  );
  assert.deepEqual(
    genesis.organisations.map(({ url }) => url),
    names.map((it) => `https://${it}.example/${it}`),
  );
  for (const [at, name] of names.entries()) {
    const home = join(out, name);
    assert.deepEqual(new Uint8Array(serverFile(home, 'genesis.cbor')), bytes);
    const secrets = [
      `${name}/organisation.key`,
      `${name}/desk.token`,
      `${name}/storage/storage.key`,
      `${name}/storage/swarm.key`,
      'tls/machine.key',
      'cometbft/config/node_key.json',
      'cometbft/config/priv_validator_key.json',
    ];
    for (const secret of secrets) {
      assert.equal(statSync(join(serversOf(home), secret)).mode & 0o777, 0o600, secret);
    }
    const others = names.filter((it) => it !== name);
    for (const other of others) assert.ok(!existsSync(join(serversOf(home), other)), other);
    const { address, pub_key: key } = JSON.parse(
      serverFile(home, 'cometbft', 'config', 'priv_validator_key.json').toString(),
    );
    const validator = genesis.validators[at]?.publicKey ?? new Uint8Array(0);
    assert.equal(key.value, Buffer.from(validator).toString('base64'));
    assert.equal(address, bytesToHex(validatorAddress(validator)).toUpperCase());
  }
});

test('init founds the storage network too: one swarm key, one list of all, and each listens at its own port', async () => {
  const { out } = await init();
  const storageFile = (name: string, file: string) =>
    serverFile(join(out, name), name, 'storage', file);
  const { chainId, members } = parseMembers(storageFile('anna', 'members.json').toString());
  assert.equal(chainId, 'salus-lakes-1');
  assert.deepEqual(
    members.map(({ addresses }) => addresses),
    [7_800, 7_801, 7_802, 7_803].map((port) => [`/ip4/127.0.0.1/tcp/${port}`]),
  );
  for (const [at, name] of names.entries()) {
    const folder = join(serversOf(join(out, name)), name);
    for (const file of ['members.json', 'swarm.key']) {
      assert.deepEqual(storageFile(name, file), storageFile('anna', file), `${file} of ${name}`);
    }
    parseSwarmKey(new Uint8Array(storageFile(name, 'swarm.key')));
    const { account, listen } = readSettings(folder);
    assert.deepEqual(listen, [`/ip4/0.0.0.0/tcp/${7_800 + at}`]);
    assert.equal(members[at]?.account, account);
    const { publicKey } = await signingKeyFromSeed(
      new Uint8Array(storageFile(name, 'storage.key')),
    );
    assert.deepEqual(members[at]?.storageKey, publicKey);
    assert.equal(existsSync(join(serversOf(join(out, name)), 'ipfs')), false);
  }
});

test('a machine under a name is dialled by its name, one with an address of IPv6 by that', async () => {
  const planned = parseMember(member('anna', 0));
  const part = await openMember(join(folder(), 'home'), 'c', planned, 0);
  const account = accountIdOf(new Uint8Array(32));
  const dialled = (host: string) => storageMemberOf(account, { ...part, host }).addresses;
  assert.deepEqual(dialled('node.anna.example'), ['/dns4/node.anna.example/tcp/7800']);
  assert.deepEqual(dialled('fd00::1'), ['/ip6/fd00::1/tcp/7800']);
});

test('CometBFT is told the same chain, validators and limits, and carries our genesis as it is', async () => {
  const { out } = await init();
  const home = join(out, 'bern');
  const genesis = new Uint8Array(serverFile(home, 'genesis.cbor'));
  const read = JSON.parse(serverFile(home, 'cometbft', 'config', 'genesis.json').toString());
  assert.deepEqual([read.chain_id, read.app_hash, read.initial_height], ['salus-lakes-1', '', '1']);
  assert.equal(read.consensus_params.block.max_bytes, '1048576');
  assert.equal(read.consensus_params.version.app, '1');
  assert.deepEqual(new Uint8Array(Buffer.from(read.app_state.genesis, 'base64')), genesis);
  assert.equal(Date.parse(read.genesis_time), parseGenesis(genesis).timeMs);
  const config = serverFile(home, 'cometbft', 'config', 'config.toml').toString();
  const peers = /^persistent_peers = "(.*)"$/m.exec(config)?.[1]?.split(',') ?? [];
  assert.equal(peers.length, 3);
  for (const peer of peers) assert.match(peer, /^[0-9a-f]{40}@127\.0\.0\.1:760[023]$/);
  for (const line of [
    'pex = false',
    'filter_peers = true',
    'create_empty_blocks = false',
    'timeout_commit = "100ms"',
  ]) {
    assert.ok(config.includes(line), line);
  }
});

test('a home opens with its own hospital alone, and not without its key', async () => {
  const { out } = await init();
  const home = join(out, 'chur');
  requireKeys(serversOf(home));
  const { hospitals } = await openConsortium(home, { validatorKey: new Uint8Array(32), nowMs: 0 });
  assert.deepEqual(
    hospitals.map(({ name }) => name),
    ['chur'],
  );
  remove(join(serversOf(home), 'chur'));
  assert.throws(() => requireKeys(serversOf(home)), { code: 'HOME_INVALID' });
});

test('machines know each other by certificates of their organisations, and nobody else', async () => {
  const { out } = await init();
  const tls = (name: string) => ({
    key: serverFile(join(out, name), 'tls', 'machine.key'),
    cert: serverFile(join(out, name), 'tls', 'machine.pem'),
    ca: serverFile(join(out, name), 'tls', 'members.pem'),
  });
  const stranger = await init();
  const other = join(stranger.out, 'anna');
  const foreign = {
    ...tls('bern'),
    key: serverFile(other, 'tls', 'machine.key'),
    cert: serverFile(other, 'tls', 'machine.pem'),
  };
  assert.equal(await speaks(tls('anna'), tls('bern')), 'Hospital bern');
  assert.equal(await speaks(tls('anna'), foreign), 'refused');
  const cert = new X509Certificate(tls('anna').cert);
  const authority = new X509Certificate(serverFile(join(out, 'anna'), 'tls', 'organisation.pem'));
  assert.ok(cert.checkIssued(authority) && cert.verify(authority.publicKey) && !cert.ca);
  assert.equal(cert.checkIP('127.0.0.1'), '127.0.0.1');
});

interface Pair {
  readonly key: Buffer;
  readonly cert: Buffer;
  readonly ca: Buffer;
}
/** Whom a server that asks for a certificate sees; or that it does not let the client in. */
function speaks(server: Pair, client: Pair): Promise<string> {
  return new Promise((resolve) => {
    const listening = createServer(
      { ...server, requestCert: true, rejectUnauthorized: true },
      (socket: TLSSocket) => {
        done(String(socket.getPeerCertificate().issuer.CN));
      },
    );
    const done = (said: string) => {
      listening.close();
      called?.destroy();
      resolve(said);
    };
    let called: TLSSocket | undefined;
    listening.on('tlsClientError', () => done('refused'));
    listening.listen(0, '127.0.0.1', () => {
      const at = listening.address();
      const port = typeof at === 'object' && at !== null ? at.port : 0;
      called = connect({ ...client, port, host: '127.0.0.1' });
      called.on('error', () => {});
    });
  });
}

for (const [name, change, code] of [
  [
    'one name twice',
    { members: [member('anna', 0), { ...member('bern', 1), short: 'anna' }] },
    'MEMBERS_DUPLICATE',
  ],
  [
    'one port twice',
    { members: [member('anna', 0), { ...member('bern', 1), ports: member('anna', 0).ports }] },
    'MEMBERS_DUPLICATE',
  ],
  [
    'one title twice',
    { members: [member('anna', 0), { ...member('bern', 1), name: 'Hospital anna' }] },
    'MEMBERS_DUPLICATE',
  ],
  ['no member', { members: [] }, 'MEMBERS_INVALID'],
  ['a word that is not known', { colour: 'red' }, 'MEMBERS_INVALID'],
  ['a host with a space', { members: [{ ...member('anna', 0), host: 'a b' }] }, 'MEMBERS_INVALID'],
  ['a chain of a character too many', { chain: 'c'.repeat(51) }, 'MEMBERS_INVALID'],
  [
    'a name that is a folder of ours',
    { members: [{ ...member('anna', 0), short: 'ledger' }] },
    'MEMBERS_INVALID',
  ],
] as const) {
  test(`a list of members with ${name}: ${code}`, async () => {
    const out = join(folder(), 'homes');
    await refused(['consortium', 'init', '--members', membersFile(change), '--out', out], {
      code,
      exit: 2,
    });
    assert.equal(existsSync(out), false);
  });
}

test('each makes its own key; the genesis is put together of public parts, signed by all, and the homes agree', async () => {
  const shared = folder();
  const homes = names.slice(0, 2).map((name) => [name, join(folder(), 'home')] as const);
  const parts: string[] = [];
  for (const [at, [name, home]] of homes.entries()) {
    const part = join(shared, `${name}.part.json`);
    const { ports, url, host } = member(name, at);
    const where = [
      '--port',
      String(ports.gateway),
      '--p2p-port',
      String(ports.p2p),
      '--rpc-port',
      String(ports.rpc),
      '--storage-port',
      String(ports.storage),
      '--peers-port',
      String(ports.peers),
    ];
    await salus(
      [
        'consortium',
        'propose-genesis',
        '--chain',
        'salus-two-1',
        '--name',
        name,
        '--url',
        url,
        '--host',
        host,
        ...where,
        '--out',
        part,
      ],
      { home },
    );
    parts.push(part);
    const handed = readFileSync(part, 'utf8');
    const secret = serverFile(home, name, 'organisation.key');
    for (const form of ['hex', 'base64', 'base64url'] as const)
      assert.ok(!handed.includes(secret.toString(form)));
  }
  const file = join(shared, 'genesis.json');
  const put = await salus(['consortium', 'propose-genesis', '--parts', ...parts, '--out', file]);
  const swarm = ['--swarm-key', text(put, 'swarmKeyFile')];
  const [[, anna] = ['', ''], [, bern] = ['', '']] = homes;
  const first = await salus(['consortium', 'sign-genesis', file, ...swarm], { home: anna });
  assert.deepEqual([first.ready, first.missing], [false, ['bern']]);
  assert.equal(existsSync(join(serversOf(anna), 'genesis.cbor')), false);
  const second = await salus(['consortium', 'sign-genesis', file, ...swarm], { home: bern });
  assert.deepEqual([second.ready, second.genesisHash], [true, put.genesisHash]);
  assert.equal(
    (await salus(['consortium', 'sign-genesis', file, ...swarm], { home: anna })).ready,
    true,
  );
  assert.deepEqual(serverFile(anna, 'genesis.cbor'), serverFile(bern, 'genesis.cbor'));
  const handed = readFileSync(text(put, 'swarmKeyFile'));
  assert.deepEqual(serverFile(anna, 'anna', 'storage', 'swarm.key'), handed);
  assert.deepEqual(
    serverFile(anna, 'anna', 'storage', 'members.json'),
    serverFile(bern, 'bern', 'storage', 'members.json'),
  );

  const stranger = join(folder(), 'home');
  await salus(
    [
      'consortium',
      'propose-genesis',
      '--chain',
      'salus-two-1',
      '--name',
      'chur',
      '--url',
      'https://c.example',
      '--host',
      'c',
      '--out',
      join(shared, 'c.json'),
    ],
    { home: stranger },
  );
  await refused(
    ['consortium', 'sign-genesis', file],
    { code: 'GENESIS_OTHER', exit: 3 },
    { home: stranger },
  );
});

test('a home is not made ready without the swarm key, nor with what is none: SWARM_KEY_INVALID', async () => {
  const home = join(folder(), 'home');
  const part = join(folder(), 'part.json');
  const file = join(folder(), 'genesis.json');
  const who = ['--chain', 'c', '--name', 'anna', '--url', 'https://a.example', '--host', 'a'];
  await salus(['consortium', 'propose-genesis', ...who, '--out', part], { home });
  await salus(['consortium', 'propose-genesis', '--parts', part, '--out', file]);
  const wrong = join(folder(), 'wrong.key');
  writeFileSync(wrong, 'no key');
  for (const flags of [[], ['--swarm-key', wrong]]) {
    await refused(
      ['consortium', 'sign-genesis', file, ...flags],
      { code: 'SWARM_KEY_INVALID', exit: 3 },
      { home },
    );
    assert.equal(existsSync(join(serversOf(home), 'genesis.cbor')), false);
  }
});

test('a proposal in which somebody changed a member is refused by all: GENESIS_INVALID', async () => {
  const home = join(folder(), 'home');
  const part = join(folder(), 'part.json');
  const file = join(folder(), 'genesis.json');
  await salus(
    [
      'consortium',
      'propose-genesis',
      '--chain',
      'c',
      '--name',
      'anna',
      '--url',
      'https://a.example',
      '--host',
      'a',
      '--out',
      part,
    ],
    { home },
  );
  await salus(['consortium', 'propose-genesis', '--parts', part, '--out', file]);
  const proposal = JSON.parse(readFileSync(file, 'utf8'));
  const [anna] = proposal.members;
  const changes = [
    { ...proposal, members: [{ ...anna, chain: 'other' }] },
    { ...proposal, signatures: [{ name: 'anna', signature: 'A'.repeat(86) }] },
    { ...proposal, members: [] },
    [],
  ];
  for (const changed of changes) {
    writeFileSync(file, JSON.stringify(changed));
    await refused(
      ['consortium', 'sign-genesis', file],
      { code: 'GENESIS_INVALID', exit: 3 },
      { home },
    );
  }
});
