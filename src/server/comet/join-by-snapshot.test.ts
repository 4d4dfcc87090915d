import assert from 'node:assert/strict';
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { makeBody, makeGenesis, makePerson, realChecks, signTx } from '../../../test/builders.ts';
import { temporaryLedger } from '../../../test/fakes/counter-ledger.ts';
import { sha256 } from '../../crypto/hash.ts';
import { readSigned, readTurns, readValidators } from '../../engines/cometbft/rpc/read-answers.ts';
import { CometRpc } from '../../engines/cometbft/rpc/rpc.ts';
import { engineGenesis, openEmbeddedEngine, validatorKeyOf } from '../../engines/embedded/open.ts';
import { openLedgerApplication } from '../../engines/ledger-application/open.ts';
import { ownThread } from '../../engines/threads/curves.ts';
import { type Commit, decodeCommit, voteAbsent } from '../../ledger/chain/commit.ts';
import { decodeHeader, headerHashBytes } from '../../ledger/chain/header.ts';
import type { SignedHeaderParts } from '../../ledger/chain/light-client.ts';
import { encodeGenesis, parseGenesis } from '../../ledger/genesis.ts';
import type { Act } from '../../ledger/protocol.ts';
import { bytesToHex, utf8 } from '../../primitives/bytes.ts';
import { CodedError, isCoded } from '../../primitives/errors.ts';
import { beginJoining } from './join-by-snapshot.ts';
import { writeKeeping } from './keeping.ts';
import { LightServer } from './light-server.ts';
import { nodeKeys, writeNodeSettings } from './node-home.ts';
import type { OtherMember } from './other-members.ts';

/** A ledger of 23 blocks, another one that the same key signed, and members of which each shows one in its own way. */
const folder = temporaryLedger();
const other = temporaryLedger();
const folders = [folder, other];
let headers: readonly SignedHeaderParts[] = [];
let forkedHeaders: readonly SignedHeaderParts[] = [];
let genesis = new Uint8Array(0);
const startMs = 1_700_000_000_000;

before(async () => {
  const hospital = await makePerson('hospital', 'organisation');
  const validators = [{ publicKey: validatorKeyOf(folder).publicKey, power: 1 }];
  const template = parseGenesis(await makeGenesis([hospital], startMs));
  genesis = new Uint8Array(encodeGenesis({ ...template, validators }));
  headers = await ledgerIn(folder, hospital, 'one');
  copyFileSync(join(folder, 'validator.key'), join(other, 'validator.key'));
  forkedHeaders = await ledgerIn(other, hospital, 'other');
});
after(() => {
  for (const each of folders) rmSync(each, { recursive: true, force: true });
});

async function ledgerIn(
  at: string,
  hospital: Awaited<ReturnType<typeof makePerson>>,
  name: string,
): Promise<readonly SignedHeaderParts[]> {
  const path = join(at, 'state.db');
  const engine = await openEmbeddedEngine({
    ...{ directory: at, genesis: engineGenesis(genesis), verifyVote: ownThread.verifyVote },
    openApplication: () => openLedgerApplication({ path, genesis, verify: realChecks }),
    timing: { windowMs: 2, idleWindowMs: 0, proofDelayMs: 0 },
  });
  for (let n = 1; n <= 11; n++) {
    const act: Act = {
      ...{ kind: 'BatchAnchor', batch: 'refusal', root: sha256(utf8(`${name} ${n}`)), count: 1 },
      ...{ firstMs: startMs - 2, lastMs: startMs - 1 },
    };
    const body = makeBody(hospital.account, n, Date.now() + 3_600_000, [act]);
    const { txId } = await engine.submit(await signTx({ ...body, log: 'doc' }, hospital.key));
    await engine.receipt(txId, 10_000);
  }
  const made: SignedHeaderParts[] = [];
  for (let height = 1; height <= engine.status().height; height++) {
    const signed = await engine.signedHeader(height);
    const parts = { header: decodeHeader(signed.header), commit: decodeCommit(signed.commit) };
    made.push({ ...parts, validators: signed.validators });
  }
  await engine.close();
  return made;
}

const member = (name: string, change: Partial<OtherMember> = {}): OtherMember => ({
  name,
  header: async (height) => {
    const at = height === 'latest' ? headers.length : height;
    const parts = headers[at - 1];
    if (parts === undefined) throw new CodedError('HEIGHT_UNKNOWN', { height });
    return parts;
  },
  turns: async () => [0],
  kept: async () => assert.fail('no block is asked for'),
  ...change,
});
const away = member('away', {
  header: async () => {
    throw new CodedError('GATEWAY_UNREACHABLE');
  },
});

/** A home whose node has nothing yet. */
function freshHome(): {
  readonly home: string;
  readonly config: () => string;
  readonly node: string;
} {
  const home = temporaryLedger();
  folders.push(home);
  const node = join(home, 'servers', 'cometbft');
  mkdirSync(join(home, 'servers'), { recursive: true });
  nodeKeys(node);
  const address = '127.0.0.1:1';
  const settings = {
    ...{ moniker: 'x', p2pListen: address, p2pAddress: address, rpcAddress: address, peers: [] },
  };
  writeNodeSettings(node, { genesisBytes: genesis, settings });
  writeKeeping(join(home, 'servers'), { snapshotEvery: 5 });
  const config = () => readFileSync(join(node, 'config', 'config.toml'), 'utf8');
  return { home, config, node };
}

const fieldOf = (config: string, name: string) =>
  new RegExp(`^${name} = "?([^"\\n]*)"?$`, 'm').exec(config)?.[1];

test('a node that has nothing is told to trust a header below the snapshots, and whom to ask; then no more', async () => {
  const { home, config } = freshHome();
  const before = config();
  const joining = await beginJoining(home, genesis, [away, member('anna'), member('bern')]);
  assert.ok(joining !== undefined);
  const during = config();
  assert.equal(fieldOf(during, 'enable'), 'true');
  assert.equal(fieldOf(during, 'trust_height'), '15');
  const trusted = headers[14] ?? assert.fail();
  assert.equal(fieldOf(during, 'trust_hash'), bytesToHex(headerHashBytes(trusted.header)));
  const urls = fieldOf(during, 'rpc_servers')?.split(',') ?? [];
  assert.equal(urls.length, 2);
  for (const url of urls) {
    const { header } = readSigned(await new CometRpc(url).ask('commit', { height: '20' }));
    assert.deepEqual(header, headers[19]?.header);
  }
  assert.ok(existsSync(join(home, 'trust.json')));
  // Begun again, as after a crash: not written twice.
  const again = await beginJoining(home, genesis, [member('anna'), member('bern')]);
  assert.equal(config().split('[statesync]').length, 2);
  await again?.end();
  await joining.end();
  assert.equal(config().trimEnd(), before.trimEnd());
});

test('an attempt that ended in between begins anew with nothing, what was signed apart; after three all blocks are taken', async () => {
  const { home, config, node } = freshHome();
  const both = [member('anna'), member('bern')];
  const signed = join(node, 'data', 'priv_validator_state.json');
  const before = readFileSync(signed, 'utf8');
  const state = join(home, 'servers', 'ledger', 'state.db');
  const left = join(node, 'data', 'blockstore.db');
  for (let tries = 1; tries <= 3; tries++) {
    const joining = await beginJoining(home, genesis, both);
    assert.ok(joining !== undefined, String(tries));
    assert.equal(existsSync(left), false);
    assert.equal(existsSync(state), false);
    mkdirSync(left);
    writeFileSync(state, 'half');
    await joining.end();
  }
  assert.equal(await beginJoining(home, genesis, both), undefined);
  assert.equal(existsSync(left) || existsSync(state), false);
  assert.equal(readFileSync(signed, 'utf8'), before);
  // It began to take them: that is not thrown away.
  mkdirSync(left);
  assert.equal(await beginJoining(home, genesis, both), undefined);
  assert.ok(existsSync(left));
  assert.doesNotMatch(config(), /statesync/);
});

test('nothing is joined where the node has blocks, the ledger no snapshot, or fewer than two others answer', async () => {
  const both = [member('anna'), member('bern')];
  const fresh = freshHome();
  assert.equal(await beginJoining(fresh.home, genesis, [member('anna'), away]), undefined);
  assert.equal(await beginJoining(fresh.home, genesis, []), undefined);
  writeKeeping(join(fresh.home, 'servers'), { snapshotEvery: 1_000 });
  assert.equal(await beginJoining(fresh.home, genesis, both), undefined);
  writeKeeping(join(fresh.home, 'servers'), { snapshotEvery: 5 });
  const restored = freshHome();
  const ledger = join(restored.home, 'servers', 'ledger', 'blocks.db');
  copyFileSync(join(folder, 'blocks.db'), ledger);
  assert.equal(await beginJoining(restored.home, genesis, both), undefined);
  assert.doesNotMatch(restored.config(), /statesync/);
  mkdirSync(join(fresh.node, 'data', 'blockstore.db'));
  assert.equal(await beginJoining(fresh.home, genesis, both), undefined);
  assert.doesNotMatch(fresh.config(), /statesync/);
});

/** One that shows something else at this height. */
const liar = (at: number | 'latest', change: (parts: SignedHeaderParts) => SignedHeaderParts) =>
  member('liar', {
    header: async (height) => {
      const real = await member('x').header(height);
      return height === at ? change(real) : real;
    },
  });
const changedHash = sha256(utf8('other'));
const changed = (parts: SignedHeaderParts): SignedHeaderParts => ({
  ...parts,
  header: { ...parts.header, appHash: changedHash },
});
const lies: Readonly<Record<string, () => OtherMember>> = {
  'another genesis': () => liar(1, changed),
  'other validators': () =>
    liar(1, (it) => ({ ...it, validators: [{ publicKey: changedHash, power: 1 }] })),
  'a header that nobody signed': () => liar(15, changed),
  'votes of another header': () =>
    liar(15, (it) => ({ ...it, commit: (headers[0] ?? assert.fail()).commit })),
  'a header of another height': () => liar(15, () => headers[3] ?? assert.fail()),
  'a height that there is not': () =>
    liar('latest', (it) => ({ ...it, header: { ...it.header, height: 9_000_000 } })),
  'an old header as the newest': () => liar('latest', () => headers[2] ?? assert.fail()),
};

for (const [what, lying] of Object.entries(lies)) {
  test(`a member that shows ${what} keeps nobody from joining, and calls nobody a fork, wherever it stands`, async () => {
    for (const at of [0, 1, 2]) {
      const { home, config } = freshHome();
      const others = [member('anna'), member('bern')];
      others.splice(at, 0, lying());
      const joining = await beginJoining(home, genesis, others);
      assert.ok(joining !== undefined, `liar at ${at}`);
      const trusted = headers[14] ?? assert.fail();
      assert.equal(fieldOf(config(), 'trust_hash'), bytesToHex(headerHashBytes(trusted.header)));
      await joining.end();
    }
    // One honest member alone is not enough.
    const { home, config } = freshHome();
    assert.equal(await beginJoining(home, genesis, [lying(), member('bern')]), undefined);
    assert.doesNotMatch(config(), /statesync/);
  });
}

test('one that lies only to the light client costs an attempt: the next asks another two', async () => {
  const { home, config } = freshHome();
  const others = [member('anna'), member('bern'), member('chur')];
  const asked: string[] = [];
  const listening = others.map((it) => ({
    ...it,
    turns: async () => {
      asked.push(it.name);
      return [0];
    },
  }));
  const pairs: string[] = [];
  for (let tries = 1; tries <= 3; tries++) {
    const joining = await beginJoining(home, genesis, listening);
    const [url = ''] = fieldOf(config(), 'rpc_servers')?.split(',') ?? [];
    asked.length = 0;
    await new CometRpc(url).ask('validators', { height: '15' });
    pairs.push(asked.toSorted().join());
    await joining?.end();
  }
  assert.deepEqual(pairs, ['anna,bern', 'bern,chur', 'anna,chur']);
});

test('two members that show two ledgers, both signed: LEDGER_FORKED', async () => {
  const { home, config } = freshHome();
  const fork = member('fork', {
    header: async (height) =>
      forkedHeaders[(height === 'latest' ? forkedHeaders.length : height) - 1] ?? assert.fail(),
  });
  await assert.rejects(beginJoining(home, genesis, [member('anna'), fork]), (error) =>
    isCoded(error, 'LEDGER_FORKED'),
  );
  assert.doesNotMatch(config(), /statesync/);
});

test('the light client’s server answers three questions as CometBFT does, and nothing else', async (t) => {
  const absent: Commit['signatures'][number] = {
    ...{ flag: voteAbsent, address: new Uint8Array(0), signature: new Uint8Array(0) },
    time: { seconds: -62_135_596_800, nanos: 0 },
  };
  const withAbsent = (parts: SignedHeaderParts): SignedHeaderParts => ({
    ...parts,
    commit: { ...parts.commit, signatures: [...parts.commit.signatures, absent] },
  });
  const from = member('anna', {
    header: async (height) => withAbsent(await member('x').header(height)),
  });
  const server = await LightServer.open({
    ...{ from, consensusParams: { block: { max_bytes: '1' } } },
    turns: async (height) => {
      if (height === 7) throw new CodedError('GATEWAY_LIED', { height });
      return [-5];
    },
  });
  t.after(() => server.close());
  const rpc = new CometRpc(server.url);
  const signed = readSigned(await rpc.ask('commit', { height: '9' }));
  assert.deepEqual(signed, {
    header: headers[8]?.header,
    commit: withAbsent(headers[8] ?? assert.fail()).commit,
  });
  const set = await rpc.ask('validators', { height: '9', page: '1', per_page: '100' });
  assert.deepEqual(readValidators(set).validators, headers[8]?.validators);
  assert.deepEqual(readTurns(set), [-5]);
  const second = await rpc.ask('validators', { height: '9', page: '2', per_page: '100' });
  assert.deepEqual(readValidators(second), { validators: [], total: 1 });
  assert.deepEqual(await rpc.ask('consensus_params', { height: '9' }), {
    ...{ block_height: '9', consensus_params: { block: { max_bytes: '1' } } },
  });
  const why = async (method: string, params: Record<string, unknown>) => {
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params });
    const answer = await fetch(server.url, { method: 'POST', body });
    return ((await answer.json()) as { readonly error?: { readonly data: string } }).error?.data;
  };
  assert.match((await why('commit', { height: '999' })) ?? '', /must be less than or equal to/);
  assert.match((await why('validators', { height: '7' })) ?? '', /is not available/);
  for (const method of ['broadcast_tx_sync', 'abci_query', 'status', 'unsafe_flush_mempool']) {
    assert.match((await why(method, {})) ?? '', /is not available/);
  }
  for (const params of [{ height: '-1' }, { height: 'x' }, { height: {} }]) {
    assert.equal(await why('commit', params), 'invalid request');
  }
  await assert.rejects(fetch(server.url, { method: 'POST', body: 'x'.repeat(100_000) }));
});
