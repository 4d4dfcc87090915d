import assert from 'node:assert/strict';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type Json, linesOf, list, run, salus } from '../../../../test/cli/salus.ts';
import {
  initHomes,
  type MemberHome,
  startHome,
  stopHome,
} from '../../../../test/services/cometbft/homes.ts';

/**
 * Two machines that order blocks with one key, as after a theft of the key or two machines set up from one backup: homes of
 * `consortium init`, each served by `salus up`. The second machine is another member's, so that the others let it in.
 */
process.env.PATH = `${process.env.SALUS_SERVICE ?? ''}:${process.env.PATH ?? ''}`;
const names = ['anna', 'bern', 'chur', 'davos'] as const;
let root = '';
let members: readonly MemberHome[] = [];

before(async () => {
  const made = await initHomes(names);
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
const status = (name: string) => salus(['consortium', 'status'], { home: homeOf(name).home });
const addressOf = async (name: string) => {
  const network = JSON.parse(
    readFileSync(join(homeOf(name).home, 'servers', 'network.json'), 'utf8'),
  );
  return (network.members as readonly Json[]).find((it) => it.name === name) ?? assert.fail(name);
};

interface NodeKey {
  readonly key: string;
  readonly state: string;
}
const keyFiles = ({ home }: MemberHome): NodeKey => ({
  key: join(home, 'servers', 'cometbft', 'config', 'priv_validator_key.json'),
  state: join(home, 'servers', 'cometbft', 'data', 'priv_validator_state.json'),
});
const nodeKey = (member: MemberHome): NodeKey => {
  const { key, state } = keyFiles(member);
  return { key: readFileSync(key, 'utf8'), state: readFileSync(state, 'utf8') };
};
const nothingSigned = `${JSON.stringify({ height: '0', round: 0, step: 0 })}\n`;

/** The machine goes on with this key, and what was signed with it as far as it knows. */
async function orderWith(member: MemberHome, { key, state }: NodeKey): Promise<void> {
  await stopHome(member);
  const files = keyFiles(member);
  writeFileSync(files.key, key);
  writeFileSync(files.state, state);
  await startHome(member);
}

/** A proposal that nobody decides is a transaction, which is a block. A member has eight open ones at most. */
let sent = 0;
async function block(): Promise<void> {
  const by = homeOf(names[sent % 3] ?? 'anna');
  const rights = [['serve'], ['batch'], ['enrol'], ['serve', 'batch']][sent % 4] ?? [];
  const member = names[(sent >> 2) % 4] ?? 'anna';
  sent += 1;
  const change = ['member-change', '--member', member, '--rights', ...rights];
  await run(['consortium', 'propose', ...change, '--yes'], { home: by.home });
}

/** Blocks are made until the ledger tells so many cases, as this member's gateway shows it. */
async function untilCases(count: number, asked: string): Promise<Json> {
  for (;;) {
    const said = await status(asked);
    if (list(said, 'cases').length >= count) return said;
    assert.ok(sent < 22, `no evidence: ${JSON.stringify(said)}`);
    await block();
  }
}

async function requireSound(asked: string, trusting: string): Promise<Json> {
  const { url } = await addressOf(asked);
  const at = ['--remote', `${String(url)}/${asked}`];
  await salus(['verify', ...at], { home: homeOf(trusting).home });
  return salus(['verify', ...at, '--blocks'], { home: homeOf(trusting).home });
}

/** The state after the newest block stands in the header that is still to come. */
function requireExecuted({ executed, height, heldBack }: Json): void {
  assert.equal(heldBack, 0);
  assert.ok(Number(executed) >= Number(height) - 1, `${executed} of ${height}`);
}

test('two machines with one key: the ledger takes its power, opens a case, and goes on; below three it takes none', {
  timeout: 900_000,
}, async (t) => {
  const [anna, bern, davos] = [homeOf('anna'), homeOf('bern'), homeOf('davos')];
  const own = nodeKey(davos);
  const { validator: annas } = await addressOf('anna');
  const { validator: berns } = await addressOf('bern');

  await t.test('evidence arrives, the power is taken, and status shows the case', async () => {
    // A copy of the key without what was signed with it.
    await orderWith(davos, { key: nodeKey(anna).key, state: nothingSigned });
    const said = await untilCases(1, 'bern');
    const [opened] = list(said, 'cases');
    assert.equal(opened?.publicKey, annas);
    assert.equal(opened?.removed, true);
    assert.ok(list(said, 'validators').every(({ publicKey }) => publicKey !== annas));
    assert.equal(list(said, 'validators').length, 3);
    await orderWith(davos, { ...own });
    const shown = await run(['consortium', 'status'], { home: bern.home });
    assert.match(shown.stdout, /signed two blocks/);
  });

  await t.test('the three that stay order blocks, and whoever verifies follows', async () => {
    await block();
    const said = await status('chur');
    assert.equal(list(said, 'validators').length, 3);
    const verified = await requireSound('chur', 'davos');
    requireExecuted(verified);
  });

  await t.test('of three none is taken: a case is opened, and all three stay', async () => {
    // Two of three would not be enough: the machine that orders nothing any more is the second one.
    await orderWith(anna, { key: nodeKey(bern).key, state: nothingSigned });
    const said = await untilCases(2, 'chur');
    const opened = list(said, 'cases').at(-1);
    assert.equal(opened?.publicKey, berns);
    assert.equal(opened?.removed, false);
    assert.ok(list(said, 'validators').some(({ publicKey }) => publicKey === berns));
    assert.equal(list(said, 'validators').length, 3);
    await block();
    const verified = await requireSound('davos', 'chur');
    requireExecuted(verified);
    const local = await run(['verify', '--json'], { home: homeOf('chur').home });
    assert.equal(linesOf(local.stdout).at(-1)?.ok, true, local.stdout);
  });
});
