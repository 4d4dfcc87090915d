import assert from 'node:assert/strict';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { formatTrustRoot, parseTrustRoot } from '../../src/ledger/chain/trust-root.ts';
import { writeOwnMembers } from '../../src/server/home-members.ts';
import { serversOf } from '../../src/server/process.ts';
import {
  type Json,
  list,
  type Running,
  refused,
  remove,
  salus,
  start,
  temporaryHome,
  text,
  up,
} from './salus.ts';

// One hospital orders the ledger, another follows it on a machine of its own: with a state, a gateway and a witness's key.
const operator = temporaryHome();
const follower = temporaryHome();
const running: { stop(): Promise<unknown> }[] = [];
after(async () => {
  await Promise.all(running.map((it) => it.stop()));
  for (const home of [operator, follower]) remove(home);
});

const following = (url: string, trust: string) => [
  ...['up', '--engine', 'follower', '--of', `${url}/north`, '--trust', trust],
  ...['--port', '0', '--json'],
];
const isReady = ({ ready }: Json) => ready === true;

/** What a gateway shows, asked until it is as expected. */
async function shown(url: string, isIt: (answer: Json) => boolean): Promise<Json> {
  for (const deadline = performance.now() + 20_000; performance.now() < deadline; ) {
    const answer = (await (await fetch(url)).json()) as Json;
    if (isIt(answer)) return answer;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new assert.AssertionError({ message: `not as expected: ${url}` });
}

test('a hospital follows the ledger of another one, serves its own people from it, and vouches for it', async (t) => {
  let served: Running = await up(operator);
  const port = new URL(text(served.ready, 'url')).port;
  const stopOperator = () => served.stop();
  running.push({ stop: stopOperator });
  await stopOperator();
  // The third hospital goes to a machine of its own.
  mkdirSync(serversOf(follower), { recursive: true });
  renameSync(join(serversOf(operator), 'valley'), join(serversOf(follower), 'valley'));
  writeOwnMembers(operator, ['north', 'harbour']);
  served = await up(operator, ['--port', port]);
  const url = text(served.ready, 'url');
  const given = join(follower, 'given.json');
  cpSync(join(operator, 'trust.json'), given);

  const working = start(following(url, given), { home: follower });
  running.push(working);
  const ready = await working.line(isReady);
  const own = `${text(ready, 'url')}/valley`;

  await t.test(
    'its people enrol and keep records there; what they send is ordered by the operator',
    async () => {
      const who = ['--name', 'Ana Lima', '--hospital', 'valley', '--role', 'patient'];
      await salus(['person', 'create', 'ana', ...who], { home: follower });
      const note = join(follower, 'note.txt');
      writeFileSync(note, 'a note');
      const added = await salus(['record', 'add', note, '--class', 'lab', '--as', 'ana'], {
        home: follower,
      });
      const { height } = added;
      const [mine, theirs] = await Promise.all(
        [own, `${url}/north`].map((it) =>
          fetch(`${it}/v1/headers/${height}`).then((r) => r.json()),
        ),
      );
      assert.equal(Object(mine).header, Object(theirs).header);
      const state = (it: string) => fetch(`${it}/v1/logs`).then((answer) => answer.json());
      assert.deepEqual(await state(own), await state(`${url}/north`));
    },
  );

  await t.test('selfcheck says how far the operator is, and that all of it fits', async () => {
    const { findings } = await salus(['selfcheck'], { home: follower });
    const said = (findings as Json[]).filter((it) =>
      ['operator', 'headers'].includes(String(it.check)),
    );
    assert.deepEqual(
      said.map(({ check, ok }) => [check, ok]),
      [
        ['operator', true],
        ['headers', true],
      ],
    );
  });

  let witness = '';
  await t.test(
    "headers carry the follower's signature, at each of the operator's hospitals and at its own gateway",
    async () => {
      for (const at of [`${url}/north`, `${url}/harbour`, own]) {
        const header = await shown(
          `${at}/v1/headers/latest`,
          (answer) => Array.isArray(answer.witnesses) && answer.witnesses.length === 1,
        );
        witness = Buffer.from(
          text(list(header, 'witnesses')[0] ?? {}, 'publicKey'),
          'base64url',
        ).toString('hex');
      }
    },
  );

  await t.test(
    'a receipt comes from the operator with it, and counts for who names the witness',
    async () => {
      const who = ['--name', 'Ben Roth', '--hospital', 'north', '--role', 'patient'];
      await salus(['person', 'create', 'ben', ...who], { home: operator });
      const rotated = await salus(['person', 'rotate', '--as', 'ben'], { home: operator });
      const next = `${url}/north/v1/headers/${Number(rotated.height) + 1}`;
      await shown(next, (answer) => Array.isArray(answer.witnesses));
      const file = join(operator, 'ben.receipt');
      await salus(['receipt', text(rotated, 'txId'), '--out', file, '--as', 'ben'], {
        home: operator,
      });
      const trust = parseTrustRoot(readFileSync(given, 'utf8'));
      const named = join(operator, 'named.json');
      writeFileSync(named, formatTrustRoot({ ...trust, witnesses: [witness] }));
      const checked = await salus(['check-receipt', file, '--trust', named], { home: operator });
      assert.equal(checked.vouchedBy, 'operator + 1 witness');
    },
  );

  await t.test('a trust root asks for witnesses once a header was believed by it', async () => {
    const out = join(operator, 'asking.json');
    const believe = ['witness', '--of', `${url}/north`, '--trust', given, '--out', out];
    const of = { home: operator };
    const two = [...believe, '--believe', witness, '--quorum', '2'];
    await refused(two, { code: 'TRUST_ROOT_WRONG', exit: 4 }, of);
    const other = [...believe, '--believe', '11'.repeat(32)];
    await refused(other, { code: 'WITNESSES_FEW', exit: 5 }, of);
    assert.equal(existsSync(out), false, 'nothing was written');
    const written = await salus(
      [...believe, '--believe', witness, '11'.repeat(32), '--quorum', '1'],
      of,
    );
    assert.equal(written.quorum, 1);
    const { witnesses, quorum } = parseTrustRoot(readFileSync(out, 'utf8'));
    assert.deepEqual([witnesses, quorum], [[witness, '11'.repeat(32)], 1]);
  });

  await t.test('it is verified, backed up and restored as a home that follows', async () => {
    const of = { home: follower };
    const seen = await salus(['verify'], of);
    assert.ok(Number(seen.height) > 1);
    const folder = join(follower, 'saved');
    const saved = text(await salus(['backup', '--out', folder], of), 'folder');
    const again = join(follower, 'again');
    await salus(['restore', saved, '--home', again]);
    const file = ['servers', 'follow.json'] as const;
    assert.deepEqual(readFileSync(join(again, ...file)), readFileSync(join(follower, ...file)));
    assert.equal((await salus(['verify'], { home: again })).chain, seen.chain);
  });

  await t.test('started again it goes on by itself, with what it knows', async () => {
    assert.equal((await working.stop()).code, 0);
    const again = start(['up', '--port', '0', '--json'], { home: follower });
    running.push(again);
    await again.line(isReady);
    assert.equal((await again.stop()).code, 0);
    const wrong = ['up', '--engine', 'embedded', '--port', '0'];
    await refused(wrong, { code: 'ENGINE_WRONG', exit: 3 }, { home: follower });
  });

  await t.test(
    'an operator who comes back with an older ledger ends it, with exit code 4 and evidence',
    async () => {
      const blocks = join(serversOf(operator), 'ledger');
      await stopOperator();
      const kept = join(operator, 'kept');
      cpSync(blocks, kept, { recursive: true });
      const again = await up(operator, ['--port', port]);
      running.push(again);
      const note = join(operator, 'note.txt');
      writeFileSync(note, 'a note');
      await salus(['record', 'add', note, '--class', 'lab', '--as', 'ben'], { home: operator });
      const later = start(['up', '--port', '0', '--json'], { home: follower });
      running.push(later);
      await later.line(isReady);
      await again.stop();
      rmSync(blocks, { recursive: true });
      cpSync(kept, blocks, { recursive: true });
      served = await up(operator, ['--port', port]);
      const { code, stdout } = await later.ended;
      assert.equal(code, 4);
      const said = JSON.parse(stdout.trim().split('\n').at(-1) ?? '{}');
      const evidence = JSON.parse(readFileSync(said.details?.evidence ?? said.evidence, 'utf8'));
      assert.equal(evidence.code, said.code);
      assert.ok(evidence.shown.length > 0 && evidence.known !== null);
      // Started again it looks again, and says the same.
      const ran = await start(['up', '--port', '0', '--json'], { home: follower }).ended;
      assert.equal(ran.code, 4);
      const { findings } = await salus(['selfcheck'], { home: follower });
      const headers = (findings as Json[]).find(({ check }) => check === 'headers') ?? {};
      assert.equal(headers.ok, false);
      assert.match(text(headers, 'value'), /evidence-[A-Z_]+-\d+\.json$/u);
    },
  );
});

test('what two servers show of one ledger is compared, and a fork is kept with both headers', async (t) => {
  const [first, second] = [temporaryHome(), temporaryHome()];
  t.after(() => [first, second].forEach(remove));
  await (await up(first)).stop();
  cpSync(serversOf(first), serversOf(second), { recursive: true });
  const trust = join(first, 'trust.json');
  cpSync(trust, join(second, 'trust.json'));
  const one = await up(first);
  const compare = (against: string) => [
    ...['verify', '--trust', trust, '--remote', `${text(one.ready, 'url')}/north`],
    ...['--against', against],
  ];
  const other = await up(second);
  t.after(() => Promise.all([one.stop(), other.stop()]));
  const seen = await salus(compare(`${text(one.ready, 'url')}/harbour`), { home: first });
  assert.ok(Number(seen.height) > 0);
  for (const [home, name] of [
    [first, 'ana'],
    [second, 'ben'],
  ] as const) {
    const who = ['--name', 'Ana Lima', '--hospital', 'north', '--role', 'patient'];
    await salus(['person', 'create', name, ...who], { home });
  }
  const forked = await refused(
    compare(`${text(other.ready, 'url')}/north`),
    { code: 'LEDGER_FORKED', exit: 4 },
    { home: first },
  );
  const file = String(Object(forked.details).evidence);
  const { shown: both } = JSON.parse(readFileSync(file, 'utf8'));
  assert.equal(both.length, 2);
  assert.notEqual(both[0].header, both[1].header);
});
