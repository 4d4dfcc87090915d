import assert from 'node:assert/strict';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { rpcUrlOf } from '../../../src/engines/cometbft/node.ts';
import { readSync } from '../../../src/engines/cometbft/rpc/read-answers.ts';
import { CometRpc } from '../../../src/engines/cometbft/rpc/rpc.ts';
import { decodeShownBlock } from '../../../src/ledger/chain/shown-block.ts';
import { bytesToHex } from '../../../src/primitives/bytes.ts';
import { writeKeeping } from '../../../src/server/comet/keeping.ts';
import { freePorts } from '../../../src/story/free-ports.ts';
import { type Json, salus, text } from '../../cli/salus.ts';
import { initHomes, type MemberHome, startHome, stopHome, until } from './homes.ts';

/** Four hospitals whose nodes gave up their first blocks, and a fifth that joins by a snapshot of theirs. */
const names = ['anna', 'bern', 'chur', 'davos'] as const;
process.env.PATH = `${process.env.SALUS_SERVICE ?? ''}:${process.env.PATH ?? ''}`;
const snapshotEvery = 20;

let root = '';
let members: readonly MemberHome[] = [];
const homeOf = (name: string): MemberHome =>
  members.find((it) => it.name === name) ?? assert.fail(name);
const serversOf = (home: string) => join(home, 'servers');
const nodeOf = ({ home }: MemberHome) => join(serversOf(home), 'cometbft');
const sync = async (member: MemberHome) =>
  readSync(await new CometRpc(rpcUrlOf(nodeOf(member))).ask('status'));

/** Keeps as little as may be, and makes blocks although nothing is to be done. */
function hurry(home: string): void {
  writeKeeping(serversOf(home), { snapshotEvery, keepHeights: 3, keepMs: 0 });
  const path = join(serversOf(home), 'cometbft', 'config', 'config.toml');
  const config = readFileSync(path, 'utf8');
  const busy = config
    .replace('create_empty_blocks = false', 'create_empty_blocks = true')
    .replace('create_empty_blocks_interval = "300s"', 'create_empty_blocks_interval = "0s"');
  writeFileSync(path, busy);
}

before(async () => {
  const made = await initHomes(names);
  root = made.root;
  members = made.members;
  for (const { home } of members) hurry(home);
  await Promise.all(members.map((it) => startHome(it)));
});
after(async () => {
  await Promise.all(members.map(stopHome));
  rmSync(root, { recursive: true, force: true });
});

const status = (name: string) => salus(['consortium', 'status'], { home: homeOf(name).home });
const heightOf = (facts: Json): number => Number(((facts.machine as Json).node as Json).height);
const propose = (by: string, ...change: readonly string[]) =>
  salus(['consortium', 'propose', ...change, '--yes'], { home: homeOf(by).home });
const vote = (by: string, proposal: Json) =>
  salus(['consortium', 'vote', text(proposal, 'proposal'), 'yes', '--yes'], {
    home: homeOf(by).home,
  });

async function admitFifth(): Promise<{ readonly elm: MemberHome; readonly url: string }> {
  const elm: MemberHome = { name: 'elm', home: join(root, 'elm'), working: undefined };
  const part = join(root, 'elm.part.json');
  const [gateway, p2p, rpc, storage, peers] = (await freePorts(5)).map(String);
  const url = `http://127.0.0.1:${gateway}`;
  const who = ['--name', 'Hospital elm', '--short', 'elm', '--host', '127.0.0.1', '--url', url];
  const ports = {
    ...{ '--port': gateway, '--p2p-port': p2p, '--rpc-port': rpc },
    ...{ '--storage-port': storage, '--peers-port': peers },
  };
  const where = Object.entries(ports).flatMap(([flag, port]) => [flag, port ?? '']);
  const flags = ['--chain', 'salus-lakes-1', ...who, ...where, '--out', part];
  await salus(['consortium', 'propose-genesis', ...flags], { home: elm.home });
  for (const member of members) {
    await salus(['consortium', 'admit', part], { home: member.home });
    await stopHome(member);
    await startHome(member);
  }
  const proposal = await propose('anna', 'member-in', '--part', part);
  for (const name of ['bern', 'chur']) await vote(name, proposal);
  const of = (...path: readonly string[]) => join(serversOf(homeOf('anna').home), ...path);
  const given = ['--genesis', of('genesis.cbor'), '--network', of('network.json')];
  const swarm = ['--swarm-key', of('anna', 'storage', 'swarm.key')];
  await salus(['consortium', 'join', '--part', part, ...given, ...swarm], { home: elm.home });
  hurry(elm.home);
  return { elm, url: `${url}/elm` };
}

/** The first transaction of the ledger that a gateway shows, and its receipt there. */
async function firstReceipt(
  url: string,
): Promise<{ readonly txId: string; readonly receipt: string }> {
  for (let height = 1; height < 500; height++) {
    const shown = await fetch(`${url}/v1/blocks/${height}`);
    const block = decodeShownBlock(new Uint8Array(await shown.arrayBuffer()), height);
    const [tx] = block.txs;
    if (tx === undefined) continue;
    const txId = bytesToHex(tx.txId);
    const receipt = await fetch(`${url}/v1/tx/${txId}/receipt`);
    assert.equal(receipt.status, 200, await receipt.clone().text());
    return { txId, receipt: bytesToHex(new Uint8Array(await receipt.arrayBuffer())) };
  }
  return assert.fail('no transaction');
}

test('a fifth home joins by a snapshot while the nodes have given up their first blocks, and then has all of them', async () => {
  await propose('anna', 'member-change', '--member', 'davos', '--rights', 'serve');
  const { elm, url } = await admitFifth();
  for (const member of members) {
    await until(
      () => sync(member),
      ({ earliest }) => earliest > 3,
      120_000,
    );
  }
  const tip = heightOf(await status('anna'));
  const began = performance.now();
  await startHome(elm);
  members = [...members, elm];
  await until(
    () => sync(elm),
    ({ height, isCatchingUp }) => height >= tip && !isCatchingUp,
  );
  const seconds = (performance.now() - began) / 1_000;
  assert.ok(seconds < 60, `${seconds} s to the tip`);
  const { earliest } = await sync(elm);
  assert.ok(earliest > snapshotEvery && earliest % snapshotEvery === 1, `began at ${earliest}`);

  const health = async () => (await (await fetch(`${new URL(url).origin}/health`)).json()) as Json;
  await until(health, (it) => !JSON.stringify(it).includes('historyFrom'));
  const other = JSON.parse(
    readFileSync(join(serversOf(homeOf('anna').home), '..', 'trust.json'), 'utf8'),
  ) as Json;
  const own = JSON.parse(readFileSync(join(elm.home, 'trust.json'), 'utf8')) as Json;
  assert.deepEqual(own, other);
  const fromElm = await firstReceipt(url);
  assert.ok(fromElm.receipt.length > 100);
  const path = join(root, 'receipt.cbor');
  writeFileSync(path, Buffer.from(fromElm.receipt, 'hex'));
  const checked = await salus(['check-receipt', path, '--trust', join(elm.home, 'trust.json')]);
  assert.equal(checked.ok, true);

  const verified = await salus(['verify'], { home: elm.home });
  assert.ok(Number(verified.height) >= tip);
  assert.equal(verified.from, 1);
});
