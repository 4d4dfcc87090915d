import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { formatTrustRoot, parseTrustRoot } from '../../src/ledger/chain/trust-root.ts';
import { ShownLedger } from '../fakes/shown-ledger.ts';
import { startProcess, startProgram } from './process.ts';
import {
  linesOf,
  list,
  refused,
  remove,
  root,
  run,
  salus,
  start,
  temporaryHome,
  text,
} from './salus.ts';
import { startTown, type Town } from './town.ts';

let town: Town;
const elsewhere = temporaryHome();
before(async () => {
  town = await startTown();
});
after(async () => {
  await town.leave();
  remove(elsewhere);
});

/** As somebody has it who was given it by hand, with the witnesses whom he believes. */
function trustFile(witnesses: readonly string[] = []): string {
  const trust = parseTrustRoot(readFileSync(join(town.home, 'trust.json'), 'utf8'));
  return town.file('trust.json', formatTrustRoot({ ...trust, witnesses }));
}

test('what a witness saw it signs, and a receipt carries its signature to whoever trusts it', async () => {
  const url = `${town.url}/harbour`;
  const args = ['witness', '--of', url, '--trust', trustFile(), '--json'];
  const witness = start(args, { home: elsewhere });
  const ready = await witness.line((facts) => facts.event === 'witnessing');
  const ana = await town.patient();
  const receipt = town.file('ana.receipt');
  const shown = await town.salus('person', 'rotate', '--as', ana.name);
  const as = ['--as', ana.name];
  const { height } = await town.salus('receipt', text(shown, 'txId'), '--out', receipt, ...as);
  // The receipt's outcome is proven by the header after its block.
  const signedNext = (facts: Record<string, unknown>) =>
    facts.event === 'signed' && Number(facts.height) > Number(height);
  await witness.line(signedNext);
  const out = town.file('witnessed.receipt');
  const cosigned = ['witness', '--receipt', receipt, '--trust', trustFile(), '--out', out];
  const added = await salus(cosigned, { home: elsewhere });
  assert.deepEqual([added.height, added.publicKey], [Number(height) + 1, ready.publicKey]);
  const check = (file: string, trust: string) =>
    town.salus('check-receipt', file, '--trust', trust);
  const named = trustFile([text(ready, 'publicKey')]);
  assert.equal((await check(out, named)).vouchedBy, 'operator + 1 witness');
  assert.equal((await check(out, trustFile())).vouchedBy, 'operator');
  assert.equal((await check(receipt, named)).vouchedBy, 'operator');
  const { code, stderr } = await witness.stop();
  assert.equal(code, 0, stderr);
});

test('verify --remote goes on from what it kept', async () => {
  const verify = ['verify', '--remote', `${town.url}/north`, '--trust', trustFile()];
  const first = await salus(verify, { home: elsewhere });
  assert.equal(first.from, 1);
  await town.patient();
  const second = await salus(verify, { home: elsewhere });
  assert.equal(second.from, first.height);
  assert.ok(Number(second.height) > Number(first.height));
  const size = (facts: Record<string, unknown>) => Object(facts.logs).user as number;
  assert.ok(size(second) > size(first));
});

test('verify --remote names the evidence of what does not fit what it kept', async () => {
  const honest = await ShownLedger.of(['ana', 'ben', '']);
  const gateway = await showing(honest);
  const trust = town.file('trust.json', formatTrustRoot(honest.trustRoot()));
  const verify = ['verify', '--remote', gateway.url, '--trust', trust];
  try {
    const { height, logs } = await salus(verify, { home: elsewhere });
    assert.deepEqual([height, logs], [3, { user: 2, doc: 0 }]);
    for (const [code, next] of [
      ['LEDGER_FORKED', await ShownLedger.of(['ana', 'eve', '', ''], honest)],
      ['GATEWAY_LIED', await ShownLedger.of(['ana', 'ben'], honest)],
    ] as const) {
      gateway.show(next);
      const said = await refused(verify, { code, exit: 4 }, { home: elsewhere });
      const told = JSON.parse(readFileSync(text(said, 'evidence'), 'utf8'));
      assert.deepEqual([told.code, told.gateway], [code, gateway.url]);
    }
    const { stderr } = await run(verify, { home: elsewhere });
    assert.match(stderr, /^Keep this evidence: .+evidence-GATEWAY_LIED/m);
    gateway.show(honest);
    assert.equal((await salus(verify, { home: elsewhere })).headers, 0);
  } finally {
    gateway.close();
  }
});

test('without a trust root nothing is believed', async () => {
  await town.no('MISSING', 2, 'witness', '--of', `${town.url}/north`, '--home', temporaryHome());
  await town.no('USAGE', 2, 'witness');
  const lost = ['witness', '--of', town.url, '--receipt', 'x', '--trust', trustFile()];
  await town.no('USAGE', 2, ...lost);
  const nobody = ['witness', '--receipt', 'x', '--key-file', town.file('none.key')];
  await town.no('FILE_UNREADABLE', 2, ...nobody);
});

/** A gateway that shows whatever ledger it is told to. */
async function showing(first: ShownLedger) {
  let shown = first;
  const server = createServer((request, response) => {
    void shown.fetch(`http://shown${request.url}`).then(async (answer) => {
      response.writeHead(answer.status, { 'content-type': 'application/json' });
      response.end(await answer.text());
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    show: (next: ShownLedger) => {
      shown = next;
    },
    close: () => server.close(),
  };
}

test('a witness in its own process: SIGTERM ends it with 0; an operator with two ledgers, with 4 and the evidence', async () => {
  const honest = new ShownLedger(undefined, Date.now() - 3_000);
  for (const word of ['ana', 'ben', '']) await honest.add(word);
  const gateway = await showing(honest);
  const key = join(elsewhere, 'other.key');
  const trust = join(elsewhere, 'other.json');
  writeFileSync(trust, formatTrustRoot(honest.trustRoot()));
  const args = ['witness', '--of', gateway.url, '--key-file', key, '--trust', trust, '--json'];
  try {
    const node = [join(root, 'bin', 'salus.mjs'), ...args];
    const first = startProgram(process.execPath, node, { home: elsewhere, stopWith: 'SIGTERM' });
    const { signed } = await first.line((facts) => facts.event === 'signed');
    assert.deepEqual(
      list({ signed }, 'signed').map(({ height }) => height),
      [2, 3],
    );
    assert.equal((await first.stop()).code, 0);
    gateway.show(await ShownLedger.of(['ana', 'eve', '', 'ben', ''], honest));
    const { code, stdout } = await startProcess(args, { home: elsewhere }).ended;
    assert.equal(code, 4);
    const said = linesOf(stdout).at(-1) ?? {};
    assert.deepEqual([said.code, said.height, said.firstHeight], ['LEDGER_FORKED', 3, 2]);
    const evidence = JSON.parse(readFileSync(text(said, 'evidence'), 'utf8'));
    assert.equal(evidence.shown.length, 2);
  } finally {
    gateway.close();
  }
});
