import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { textOfBytes } from '../../src/api/message-parts.ts';
import { factsOfReceipt, receiptRows } from '../../src/cli/receipt-text.ts';
import { labels } from '../../src/crypto/labels.ts';
import { signLabelled } from '../../src/crypto/signature.ts';
import { ledgerObjects, suite } from '../../src/ledger/object-types.ts';
import { foundingLogs } from '../../src/ledger/protocol.ts';
import { encodeCbor } from '../../src/primitives/cbor.ts';
import { idBytes } from '../../src/primitives/ids.ts';
import type { Action } from '../../src/sdk/action.ts';
import { checkReceipt, checkReceiptFile, Person } from '../../src/sdk/index.ts';
import { fileWalletStore } from '../../src/sdk/node/index.ts';
import { localHospitals } from '../../src/server/desk.ts';
import { startProgram } from '../cli/process.ts';
import {
  type Json,
  linesOf,
  list,
  passphrase,
  refused,
  remove,
  root,
  run,
  salus,
  start,
  temporaryHome,
  text,
  up,
  type Working,
} from '../cli/salus.ts';

/**
 * A home that lived with this version is served by a later one, which has one act more; the ledger takes the act,
 * through a crash; this version stops at the height and not before, and what it made and reads stays true.
 */
const home = temporaryHome();
const files = join(home, 'files');
mkdirSync(files);
/** What still runs when a test fails. */
const running: Working[] = [];
after(async () => {
  await Promise.all(running.map((it) => it.stop()));
  remove(home);
});

const build = join(root, 'test', 'e2e', 'newer', 'build.mjs');
/** The command in the later version, in a process of its own. */
function newer(args: readonly string[], stopWith?: 'SIGKILL'): Working {
  // The sources: what was built of them has no place for one wing more.
  const source = join(root, 'src', 'cli', 'salus.ts');
  const program = ['--import', build, source, ...args, '--json'];
  const options = { home, ...(stopWith !== undefined && { stopWith }) };
  return began(startProgram(process.execPath, program, options));
}
function began(working: Working): Working {
  running.push(working);
  return working;
}
const isReady = ({ ready }: Json) => ready === true;
const upNewer = async (stopWith?: 'SIGKILL') => {
  const working = newer(['up', '--port', '0'], stopWith);
  return { working, ready: await working.line(isReady) };
};

/** Something happens: a block, and the one after it. */
let notes = 0;
async function addNote(): Promise<Json> {
  const file = join(files, `note-${++notes}.txt`);
  writeFileSync(file, `note ${notes}`);
  return salus(['record', 'add', file, '--class', 'lab', '--as', 'ana'], { home });
}

const gatewayUrl = () => localHospitals(home).find(({ name }) => name === 'north')?.url ?? '';

/** Act 250, which this version has no word for, signed by the person's own key. */
const signNote: Action<number, Uint8Array> = {
  name: 'newer/note',
  async run(ctx, value) {
    const { account, chainId } = ctx.account;
    const { sign } = await ctx.keys();
    const { window } = await ctx.ledger.knownAccount(account);
    const head = [suite, ledgerObjects.txBody, chainId, 'user', idBytes(account)] as const;
    const body = [...head, window.top + 1, ctx.nowMs() + 60_000, [[250, value]]];
    const signature = await signLabelled(sign, labels.txSign, encodeCbor(body));
    return encodeCbor([body, [[sign.publicKey, signature]]]);
  },
};

async function sendNewerNote(value: number): Promise<Json> {
  const person = await Person.open(
    { store: fileWalletStore(join(home, 'people', 'ana.wallet')), passphrase },
    { gatewayUrlOf: gatewayUrl },
  );
  const tx = textOfBytes(await person.run(signNote, value));
  const response = await fetch(`${gatewayUrl()}/v1/tx`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ tx }),
  });
  return (await response.json()) as Json;
}

/** The receipt of a transaction, as the gateway gives it to anybody. */
async function receiptFile(txId: unknown): Promise<string> {
  const response = await fetch(`${gatewayUrl()}/v1/tx/${txId}/receipt`);
  assert.equal(response.status, 200);
  const file = join(files, `${txId}.receipt`);
  writeFileSync(file, new Uint8Array(await response.arrayBuffer()));
  return file;
}

const trustRoot = () => readFileSync(join(home, 'trust.json'), 'utf8');
const holds = async (file: string) => checkReceipt(readFileSync(file), trustRoot());

test('a running ledger takes an act of a later version, through a crash, and everybody stays right', async (t) => {
  const before: string[] = [];
  const first = await up(home);
  for (const [name, ...flags] of [
    ['ana', '--hospital', 'north'],
    ['dr-bo', '--hospital', 'harbour', '--role', 'clinician', '--licence', 'H-1'],
  ] as const) {
    await salus(['person', 'create', name, '--name', name, ...flags], { home });
  }
  for (const txId of [
    (await addNote()).txId,
    (await salus(['grant', 'dr-bo', '--as', 'ana', '--class', 'lab', '--until', '+1h'], { home }))
      .txId,
  ]) {
    before.push(await receiptFile(txId));
  }
  assert.equal(first.ready.untaken, undefined);
  await first.stop();
  let fromHeight = 0;

  await t.test(
    'the later version says at its start which act waits for a command, and takes it',
    async () => {
      const { working, ready } = await upNewer('SIGKILL');
      assert.deepEqual(ready.untaken, [250]);
      await working.remark(
        'does not take yet: NewerNote (250). To let it take them: ./salus ledger profile --take all',
      );
      const early = await sendNewerNote(7);
      assert.equal(early.code, 'LOG_WRONG');
      const ran = await newer(['ledger', 'profile', '--take', 'all', '--in-blocks', '12']).ended;
      assert.equal(ran.code, 0, ran.stdout + ran.stderr);
      const taken = linesOf(ran.stdout).at(-1) ?? {};
      const [change = {}] = list(taken, 'profiles');
      assert.deepEqual([change.log, change.version], ['user', 1]);
      const founded = foundingLogs.find((it) => it.name === 'user')?.acts ?? [];
      assert.deepEqual(change.acts, [...founded, 250]);
      fromHeight = Number(change.fromHeight);
      assert.ok(fromHeight > Number(taken.height));
      before.push(await receiptFile(text(taken, 'txId')));
      await working.stop();
    },
  );

  await t.test('killed while it waits: it waits still, and not a block less', async () => {
    const { working, ready } = await upNewer();
    assert.equal(ready.untaken, undefined);
    const { logs } = Object(await salus(['ledger', 'profile'], { home }));
    const [user] = logs;
    assert.deepEqual([user.waits.fromHeight, user.unknown], [fromHeight, [250]]);
    assert.equal((await sendNewerNote(7)).code, 'LOG_WRONG');
    await working.stop();
  });

  await t.test(
    'this version warns, serves to the height, stops there and keeps what it has',
    async () => {
      const working = began(start(['up', '--json', '--port', '0'], { home }));
      await working.line(isReady);
      await working.remark(`From height ${fromHeight} on the ledger takes act 250`);
      const stopped = working.ended;
      let isOver = false;
      void stopped.then(() => {
        isOver = true;
      });
      for (let tries = 0; !isOver && tries < 20; tries++) {
        await run(['record', 'list', '--as', 'ana', '--json'], { home });
        await addNote().catch(() => undefined);
      }
      const { code, stdout } = await stopped;
      const last = linesOf(stdout).at(-1);
      assert.deepEqual([code, last?.code, last?.details], [5, 'LEDGER_NEWER', { act: 250 }]);
      assert.equal((await salus(['verify'], { home })).height, fromHeight - 1);
      // Again: before it answers anybody.
      const again = await run(['up', '--json', '--port', '0'], { home });
      assert.deepEqual([again.code, linesOf(again.stdout).length], [5, 1]);
      assert.equal(linesOf(again.stdout)[0]?.code, 'LEDGER_NEWER');
      const said = await run(['up', '--port', '0'], { home });
      assert.equal(
        said.stderr.trim().split('\n').at(-1),
        'This ledger takes acts that this version of Salus does not know. Update Salus. (LEDGER_NEWER: act 250)',
      );
    },
  );

  await t.test(
    'the later version goes on; an older client shows what it does not know, and accuses nobody',
    async () => {
      const { working } = await upNewer();
      const watching = began(start(['watch', '--as', 'ana', '--json'], { home }));
      await watching.remark('Following from height');
      const accepted = await sendNewerNote(7);
      assert.equal(accepted.code, 0, JSON.stringify(accepted));
      assert.ok(Number(accepted.height) >= fromHeight);
      const own = await watching.line(({ act }) => act === 'NewerNote');
      assert.deepEqual([own.event, own.txId], ['own', accepted.txId]);
      await watching.stop();
      const no = await sendNewerNote(0);
      assert.equal(no.code, 'NEWER_EMPTY');

      const file = await receiptFile(accepted.txId);
      const checked = await salus(['check-receipt', file], { home });
      assert.deepEqual([checked.outcome, checked.acts], ['accepted', [{ kind: 'act 250' }]]);
      const { stdout } = await run(['check-receipt', file], { home });
      assert.match(stdout, /^This receipt holds\.$/m);
      assert.match(stdout, /^act +act 250$/m);
      // What the verifier's page shows.
      const rows = receiptRows(
        factsOfReceipt(await checkReceiptFile(readFileSync(file), { trustRootJson: trustRoot() })),
      );
      assert.deepEqual(
        rows.find(([name]) => name === 'act'),
        ['act', 'act 250'],
      );
      const { txId } = Object(no.details);
      const refusal = await salus(['check-receipt', await receiptFile(txId)], { home });
      assert.deepEqual([refusal.outcome, refusal.acts], ['refusal 990', [{ kind: 'act 250' }]]);
      assert.ok(Number((await addNote()).height) > fromHeight, 'an older client goes on as before');

      for (const receipt of before) {
        assert.ok((await holds(receipt)).height < fromHeight);
        const { outcome } = await salus(['check-receipt', receipt], { home });
        assert.equal(outcome, 'accepted');
      }
      assert.equal((await holds(file)).height, accepted.height);
      await working.stop();
    },
  );

  await t.test(
    'the whole ledger executes again across the change; this version says that it cannot',
    async () => {
      const ran = await newer(['verify']).ended;
      const whole = linesOf(ran.stdout).at(-1) ?? {};
      assert.deepEqual([whole.ok, whole.trusted], [true, true], ran.stdout + ran.stderr);
      assert.ok(Number(whole.height) > fromHeight);
      const found = await refused(['verify'], { code: 'LEDGER_NEWER', exit: 5 }, { home });
      assert.deepEqual(found.details, { act: 250 });
    },
  );
});
