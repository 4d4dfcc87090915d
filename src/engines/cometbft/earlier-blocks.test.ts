import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { makeBody, makeGenesis, makePerson, realChecks, signTx } from '../../../test/builders.ts';
import { temporaryLedger } from '../../../test/fakes/counter-ledger.ts';
import { sha256 } from '../../crypto/hash.ts';
import type { Validator } from '../../ledger/chain/validators.ts';
import { encodeGenesis, parseGenesis } from '../../ledger/genesis.ts';
import { executeGenesis } from '../../ledger/ledger.ts';
import type { Act } from '../../ledger/protocol.ts';
import { utf8 } from '../../primitives/bytes.ts';
import { isCoded } from '../../primitives/errors.ts';
import { BlockStore } from '../blocks/block-store.ts';
import { encodeKeptBlock } from '../blocks/kept-block.ts';
import type { StoredBlock } from '../blocks/stored-block.ts';
import { engineGenesis, openEmbeddedEngine, validatorKeyOf } from '../embedded/open.ts';
import { openLedgerApplication } from '../ledger-application/open.ts';
import { ownThread } from '../threads/curves.ts';
import { EarlierBlocks, type ShowKept } from './earlier-blocks.ts';
import { ValidatorSets } from './validator-sets.ts';
import { verifyConsortiumLedger } from './verify-ledger.ts';

/** Blocks of a ledger of one validator: as CometBFT's, in what is checked here. */
const folder = temporaryLedger();
const folders = [folder];
const blocks: StoredBlock[] = [];
let validators: readonly Validator[] = [];
let genesisAppHash = new Uint8Array(0);
let chain = '';
const startMs = 1_700_000_000_000;

before(async () => {
  const hospital = await makePerson('hospital', 'organisation');
  validators = [{ publicKey: validatorKeyOf(folder).publicKey, power: 1 }];
  const template = parseGenesis(await makeGenesis([hospital], startMs));
  const genesis = encodeGenesis({ ...template, validators });
  chain = template.chainId;
  genesisAppHash = new Uint8Array(executeGenesis(parseGenesis(genesis)).appHash);
  const path = join(folder, 'state.db');
  const engine = await openEmbeddedEngine({
    ...{ directory: folder, genesis: engineGenesis(genesis), verifyVote: ownThread.verifyVote },
    openApplication: () => openLedgerApplication({ path, genesis, verify: realChecks }),
    timing: { windowMs: 2, idleWindowMs: 0, proofDelayMs: 0 },
  });
  for (let n = 1; n <= 25; n++) {
    const act: Act = {
      ...{ kind: 'BatchAnchor', batch: 'refusal', root: sha256(utf8(`${n}`)), count: 1 },
      ...{ firstMs: startMs - 2, lastMs: startMs - 1 },
    };
    const body = makeBody(hospital.account, n, Date.now() + 3_600_000, [act]);
    const { txId } = await engine.submit(await signTx({ ...body, log: 'doc' }, hospital.key));
    await engine.receipt(txId, 10_000);
  }
  await engine.close();
  const store = new BlockStore(join(folder, 'blocks.db'), { readOnly: true });
  blocks.push(...[...store.blocks()].map(({ read }) => read()));
  store.close();
});
after(() => {
  for (const each of folders) rmSync(each, { recursive: true, force: true });
});

/** A home that has nothing but the newest block. */
function late() {
  const own = temporaryLedger();
  folders.push(own);
  const store = new BlockStore(join(own, 'blocks.db'));
  const sets = new ValidatorSets(join(own, 'validators.db'));
  const newest = blocks.at(-1) ?? assert.fail();
  store.append(newest, []);
  sets.add(validators);
  return { store, sets };
}

const shown = (height: number, change: Partial<StoredBlock> = {}): Uint8Array => {
  const block = blocks.find((it) => it.height === height) ?? assert.fail();
  return encodeKeptBlock({ block: { ...block, ...change }, validators });
};
const honest: ShowKept = async (height) => shown(height);
const away: ShowKept = async () => assert.fail('away');

async function fetchAll(
  sources: readonly ShowKept[],
  genesis = genesisAppHash,
): Promise<BlockStore> {
  const { store, sets } = late();
  const earlier = new EarlierBlocks({
    ...{ store, sets, chainId: chain, genesisAppHash: genesis, genesisValidators: validators },
    ...{ verifyVote: ownThread.verifyVote, sources },
    onKept: () => store.firstHeight() === 1 && done(),
  });
  let done: () => void = () => {};
  let fail: (error: unknown) => void = () => {};
  const whole = new Promise<void>((resolve, reject) => {
    done = resolve;
    fail = reject;
  });
  earlier.start(fail);
  await whole.finally(() => earlier.close());
  sets.close();
  return store;
}

function placeOf(store: BlockStore, txId: Uint8Array) {
  const { height, index } = store.find(txId) ?? assert.fail();
  return { height, index };
}

function requireAll(store: BlockStore): void {
  assert.equal(store.firstHeight(), 1);
  assert.deepEqual(
    [...store.blocks()].map(({ read }) => read()),
    blocks,
  );
  for (const { height, txs } of blocks) {
    for (const [index, tx] of txs.entries()) {
      assert.deepEqual(placeOf(store, sha256(tx)), { height, index });
    }
  }
  store.close();
}

test('all blocks before the first that is kept come from others, and every transaction is found in its own', async () => {
  requireAll(await fetchAll([honest]));
});

test('who is away, has only some, or lies in any field is passed over for the next', async () => {
  const other = blocks[5] ?? assert.fail();
  const changed = new Uint8Array(32).fill(9);
  const lies: readonly ((height: number) => Uint8Array)[] = [
    () => utf8('garbage'),
    () => new Uint8Array(0),
    (height) => shown(height, { txs: [], results: [] }),
    (height) => shown(height, { txs: [...other.txs, utf8('x')] }),
    (height) => shown(height, { results: [{ code: 1, data: new Uint8Array(0) }] }),
    (height) => shown(height, { appHash: changed }),
    (height) => shown(height, { timeMs: 5 }),
    (height) => shown(height, { header: other.header }),
    (height) => shown(height, { commit: other.commit }),
    (height) =>
      shown(height, { misbehaviour: [{ validatorAddress: changed.slice(12), height: 1 }] }),
    (height) =>
      encodeKeptBlock({
        block: blocks.find((it) => it.height === height) ?? assert.fail(),
        validators: [{ publicKey: changed, power: 1 }],
      }),
    (height) => shown(Math.max(1, height - 1)),
  ];
  for (const [at, lie] of lies.entries()) {
    let lied = 0;
    const liar: ShowKept = async (height) => {
      lied += 1;
      return lie(height);
    };
    const store = await fetchAll([liar, away, honest]);
    assert.ok(lied > 0, String(at));
    requireAll(store);
  }
});

test('a history that is of another genesis is a fault', async () => {
  await assert.rejects(
    fetchAll([honest], new Uint8Array(32).fill(1)),
    (error) => isCoded(error, 'NODE_WRONG') && error.details.what === 'genesis',
  );
});

test('a transaction that was refused higher up is found at its first place once that is here', async () => {
  const { store, sets } = late();
  const again = blocks.find(({ txs }) => txs.length === 1) ?? assert.fail();
  const [tx] = again.txs;
  assert.ok(tx !== undefined);
  const txId = sha256(tx);
  const newest = blocks.at(-1) ?? assert.fail();
  const height = newest.height + 1;
  const refused = { ...newest, height, txs: [tx], results: [{ code: 5, data: new Uint8Array(0) }] };
  store.append(refused, [txId]);
  assert.deepEqual(placeOf(store, txId), { height, index: 0 });
  const below = blocks.slice(0, -1).toReversed();
  store.prepend(below);
  assert.deepEqual(placeOf(store, txId), { height: again.height, index: 0 });
  assert.equal(store.indexedTxs(), blocks.flatMap(({ txs }) => txs).length);
  store.close();
  sets.close();
});

test('of a home that lacks earlier blocks links, data, results and votes are verified, from its first block on', async () => {
  const from = 10;
  const verify = (change: (block: StoredBlock) => StoredBlock = (it) => it) => {
    const own = temporaryLedger();
    folders.push(own);
    const store = new BlockStore(join(own, 'blocks.db'));
    store.setIdentity({
      chainId: chain,
      genesisHash: new Uint8Array(32),
      genesisMs: 1,
      validators,
    });
    for (const block of blocks.filter(({ height }) => height >= from)) {
      store.append(change(block), []);
    }
    store.close();
    const sets = new ValidatorSets(join(own, 'validators.db'));
    sets.add(validators);
    sets.close();
    return verifyConsortiumLedger({
      ...{ directory: own, verifyVote: ownThread.verifyVote },
      openApplication: () => assert.fail('nothing is executed'),
    });
  };
  const last = blocks.at(-1) ?? assert.fail();
  const sound = await verify();
  assert.ok(sound.ok);
  assert.deepEqual([sound.height, sound.from], [last.height, from]);
  const at = (height: number, change: Partial<StoredBlock>) => (block: StoredBlock) =>
    block.height === height ? { ...block, ...change } : block;
  const other = blocks[20] ?? assert.fail();
  for (const [what, height, change] of [
    ['data', 12, { txs: [utf8('x')] }],
    ['result', 12, { results: [{ code: 7, data: new Uint8Array(0) }] }],
    ['state', 13, { appHash: new Uint8Array(32) }],
    ['signature', 12, { commit: other.commit }],
    ['chain', 12, { header: other.header }],
  ] as const) {
    const changed = what === 'state' ? 12 : height;
    assert.deepEqual(await verify(at(changed, change)), { ok: false, height, what });
  }
});
