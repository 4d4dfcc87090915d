import assert from 'node:assert/strict';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { refused, salus } from '../../../../test/cli/salus.ts';
import { BlockStore } from '../../../engines/blocks/block-store.ts';
import { openLedgerApplication } from '../../../engines/ledger-application/open.ts';
import { follows } from '../../../ledger/chain/hand-over.ts';
import { decodeHeader, headerHashBytes } from '../../../ledger/chain/header.ts';
import { bytesToHex } from '../../../primitives/bytes.ts';
import { handedTo, handoverIn } from '../../../server/comet/handover.ts';
import { blocksIn } from '../../../server/comet/places.ts';
import { signatureChecks } from '../../../server/ledger.ts';
import { serversOf } from '../../../server/process.ts';
import { type Embedded, embeddedLedger, handOver, takeOver } from './migrated-homes.ts';

let ledger: Embedded;
let said: Readonly<Record<string, unknown>>;
before(async () => {
  ledger = await embeddedLedger();
  said = await handOver(ledger);
});
after(() => ledger?.remove());

const home = (name: string) => ledger.homes.get(name) ?? assert.fail();

test('the last header is empty, names the four, and nothing is added after it', async () => {
  const store = new BlockStore(join(ledger.out, 'blocks.db'));
  const { header, txs } = store.block(store.lastHeight()) ?? assert.fail();
  const last = decodeHeader(header);
  store.close();
  assert.deepEqual([txs, last.height], [[], said.height]);
  assert.notDeepEqual(last.nextValidatorsHash, last.validatorsHash);
  assert.equal(bytesToHex(headerHashBytes(last)), said.headerHash);
  const up = ['up', '--port', '0'];
  await refused(up, { code: 'ENGINE_WRONG', exit: 3 }, { home: ledger.operator });
  // Again for the same machines it says the same.
  const again = { ...ledger, out: `${ledger.out}-again` };
  assert.equal((await handOver(again)).headerHash, said.headerHash);
  const fewer = { ...ledger, out: `${ledger.out}-fewer`, parts: ledger.parts.slice(1) };
  const { parts, out, operator } = fewer;
  const args = ['consortium', 'migrate', '--parts', ...parts, '--out', out, '--yes'];
  await refused(args, { code: 'ENGINE_WRONG', exit: 3 }, { home: operator });
});

test('each takes over what it verified: the same state, at a height that the node begins after', async () => {
  const taken = await takeOver(ledger, home('bern'));
  assert.deepEqual([taken.headerHash, taken.appHash], [said.headerHash, said.appHash]);
  const servers = serversOf(home('bern'));
  const handover = handoverIn(servers) ?? assert.fail();
  const application = await openLedgerApplication({
    path: join(servers, 'ledger', 'state.db'),
    genesis: new Uint8Array(readFileSync(join(servers, 'genesis.cbor'))),
    verify: signatureChecks,
    handedTo: handedTo(handover),
  });
  const { height, appHash } = application.info();
  application.close();
  assert.deepEqual([height, bytesToHex(appHash)], [said.height, said.appHash]);
  const node = JSON.parse(
    readFileSync(join(servers, 'cometbft', 'config', 'genesis.json'), 'utf8'),
  );
  assert.equal(node.initial_height, String(Number(said.height) + 1));
  assert.equal(node.validators.length, 4);
  assert.equal(node.app_state.prev_header_hash, said.headerHash);
  assert.equal(node.app_state.snapshot_hash, said.snapshotHash);
});

test('what does not fit is not taken over', async () => {
  const from = join(ledger.operator, 'changed');
  const args = ['consortium', 'migrate', '--from', from, '--swarm-key', `${ledger.out}.swarm-key`];
  const trusting = [...args, '--trust', ledger.trust];
  const no = async (code: string, exit: number, change: (folder: string) => void) => {
    cpSync(ledger.out, from, { recursive: true, force: true });
    change(from);
    await refused(trusting, { code, exit }, { home: home('chur') });
  };
  const edit =
    (file: string, change: (value: Record<string, unknown>) => void) => (folder: string) => {
      const value = JSON.parse(readFileSync(join(folder, file), 'utf8'));
      change(value);
      writeFileSync(join(folder, file), JSON.stringify(value));
    };
  const handover = (change: (value: Record<string, unknown>) => unknown) =>
    edit('handover.json', change);
  await no(
    'LEDGER_CORRUPT',
    4,
    handover((it) => Object.assign(it, { headerHash: 'ab'.repeat(32) })),
  );
  await no(
    'LEDGER_CORRUPT',
    4,
    handover((it) => Object.assign(it, { appHash: 'ab'.repeat(32) })),
  );
  await no(
    'SNAPSHOT_WRONG',
    4,
    handover((it) => Object.assign(it, { snapshotHash: 'ab'.repeat(32) })),
  );
  await no(
    'GENESIS_OTHER',
    3,
    handover((it) => void (it.validators as unknown[]).pop()),
  );
  const chunk = join('snapshot', String(said.height), '0.chunk');
  await no('SNAPSHOT_WRONG', 4, (folder) => writeFileSync(join(folder, chunk), 'other bytes'));
  const wrong = join(ledger.operator, 'other-trust.json');
  const trust = JSON.parse(readFileSync(ledger.trust, 'utf8'));
  writeFileSync(wrong, JSON.stringify({ ...trust, genesisHash: 'ab'.repeat(32) }));
  const trustsOther = [...args.slice(0, 3), ledger.out, ...args.slice(4), '--trust', wrong];
  await refused(trustsOther, { code: 'TRUST_ROOT_WRONG', exit: 4 }, { home: home('chur') });
});

test('only the first header of those who were named follows without naming the one before', () => {
  const store = new BlockStore(blocksIn(serversOf(ledger.operator)));
  const height = store.lastHeight();
  const at = (n: number) => decodeHeader(store.signed(n)?.header ?? assert.fail());
  const [last, earlier] = [at(height), at(height - 1)];
  store.close();
  const none = { hash: new Uint8Array(0), parts: { total: 0, hash: new Uint8Array(0) } };
  const first = { ...last, height: height + 1, lastBlockId: none };
  const next = { ...first, validatorsHash: last.nextValidatorsHash };
  const hash = headerHashBytes(last);
  assert.ok(follows(last, hash, next));
  assert.ok(!follows(last, hash, first), 'the old operator');
  assert.ok(!follows(last, hash, { ...next, appHash: new Uint8Array(32) }), 'another state');
  assert.ok(!follows(earlier, headerHashBytes(earlier), next), 'after no hand-over');
});

test('a receipt of before holds as it did', async () => {
  const checked = await salus(['check-receipt', ledger.receipt, '--trust', ledger.trust], {
    home: ledger.operator,
  });
  assert.equal(checked.outcome, 'accepted');
});
