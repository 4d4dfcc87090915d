import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { type Json, list, run, text } from './salus.ts';
import { startTown, type Town } from './town.ts';

let town: Town;
before(async () => {
  town = await startTown();
});
after(() => town.leave());

const at = ['--hospital', 'north'];
const invite = (name: string, ...flags: readonly string[]): Promise<Json> =>
  town.salus('desk', 'invite', ...at, '--role', 'clinician', '--name', name, ...flags);
const enrol = (wallet: string, code: string, ...flags: readonly string[]): Promise<Json> => {
  const file = town.file('code.txt', `${code}\n`);
  return town.salus('person', 'create', wallet, '--invitation-file', file, ...flags);
};
const codeOf = (facts: Json) => text(facts, 'invitation');

test('who brings the code of the sheet has the name and the licence that the desk wrote down', async () => {
  const invited = await invite('Dr Ida Sheet', '--licence', 'N-7');
  const asked = ['--hospital', 'north', '--role', 'clinician', '--name', 'Dr Somebody Else'];
  await enrol('ida', codeOf(invited), ...asked, '--licence', 'X-1');
  const card = await town.salus('card', 'show', '--as', 'ida');
  assert.deepEqual([card.name, card.licence], ['Dr Ida Sheet', 'N-7']);
});

test('the link of a sheet says hospital, role and ledger: nothing else needs to be said', async () => {
  const invited = await invite('Dr Lea Link');
  const made = await enrol('lea', text(invited, 'link'));
  const [account] = list(made, 'accounts');
  assert.deepEqual([account?.role, account?.hospital], ['clinician', 'north']);
  const shown = await town.salus('person', 'show', 'lea');
  assert.deepEqual(shown.trustWords, invited.trustWords);
});

test('a link, or words, of another ledger are not believed, and the invitation stays', async () => {
  const invited = await invite('Dr Wrong Words');
  const link = text(invited, 'link').replace(/trust=[0-9a-f]{8}/, 'trust=00000000');
  const file = town.file('link.txt', link);
  await town.no('TRUST_ROOT_WRONG', 4, 'person', 'create', 'w1', '--invitation-file', file);
  const code = town.file('code.txt', codeOf(invited));
  const words = ['--trust-words', 'zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo'];
  const asked = [
    '--gateway',
    `${town.url}/north`,
    '--role',
    'clinician',
    '--invitation-file',
    code,
  ];
  await town.no('TRUST_ROOT_WRONG', 4, 'person', 'create', 'w2', ...asked, ...words);
  const right = ['--trust-words', list(invited, 'trustWords').join(' ').toUpperCase()];
  await town.salus('person', 'create', 'w3', ...asked, ...right);
});

test('at a terminal the words are shown before anything is sent, and a no ends it', async () => {
  const invited = await invite('Dr Asked');
  const questions: string[] = [];
  const answers = [false, true];
  const terminal = {
    line: async () => '',
    secret: async () => 'never asked',
    yes: async (question: string) => {
      questions.push(question);
      return answers.shift() ?? false;
    },
  };
  const file = town.file('code.txt', codeOf(invited));
  const asked = [
    '--gateway',
    `${town.url}/north`,
    '--role',
    'clinician',
    '--invitation-file',
    file,
  ];
  const options = { home: town.home, terminal };
  const refused = await run(['person', 'create', 'asked-1', ...asked], options);
  assert.match(refused.stderr, /TRUST_ROOT_WRONG/);
  const made = await run(['person', 'create', 'asked-2', ...asked], options);
  assert.equal(made.code, 0, made.stderr);
  for (const question of questions) {
    for (const word of list(invited, 'trustWords')) assert.ok(question.includes(String(word)));
  }
  assert.equal(questions.length, 2);
});

test('a sheet is one page for its reader alone: everything to enrol is on it, nothing is fetched, names are text', async () => {
  const sheet = town.file('sheet.html');
  const invited = await invite(
    "Dr <b>O'Neill</b>",
    '--sheet',
    sheet,
    '--address',
    'https://n.example',
  );
  assert.equal(statSync(sheet).mode & 0o777, 0o600);
  const page = readFileSync(sheet, 'utf8');
  for (const said of [codeOf(invited), text(invited, 'id'), 'https://n.example', 'North', '<svg']) {
    assert.ok(page.includes(said), said);
  }
  for (const word of list(invited, 'trustWords')) assert.ok(page.includes(`<li>${word}</li>`));
  assert.ok(page.includes('<bdi>Dr &lt;b&gt;O&#39;Neill&lt;/b&gt;</bdi>'));
  assert.ok(!/<script|<img|src=|href=/.test(page));
  assert.match(page, /default-src 'none'/);
});

test('a lost sheet is replaced; a cancelled invitation, and a code that was replaced, enrol nobody', async () => {
  const lost = await invite('Dr Lost Sheet');
  const again = await town.salus('desk', 'reissue', text(lost, 'id'), ...at);
  assert.equal(again.name, 'Dr Lost Sheet');
  const no = async (wallet: string, code: string) => {
    const file = town.file('code.txt', code);
    const asked = ['--role', 'clinician', '--invitation-file', file, ...at];
    await town.no('INVITATION_INVALID', 3, 'person', 'create', wallet, ...asked);
  };
  await no('lost-1', codeOf(lost));
  const waiting = await town.salus('desk', 'list', ...at);
  assert.ok(list(waiting, 'invitations').some((it) => it.id === lost.id && it.state === 'waiting'));
  await town.salus('desk', 'cancel', text(lost, 'id'), ...at);
  await no('lost-2', codeOf(again));
  const all = await town.salus('desk', 'list', '--all', ...at);
  assert.equal(list(all, 'invitations').find((it) => it.id === lost.id)?.state, 'ended');
});

test('the desk finds an account, is told of a second one of the name, and freezes it', async () => {
  const made = await enrol('twin-1', codeOf(await invite('Dr Twin')), '--role', 'clinician', ...at);
  const account = text(made, 'account');
  assert.deepEqual((await invite('Dr Twin')).sameName, [account]);
  const { people } = await town.salus('desk', 'lookup', 'Dr Twin', ...at);
  assert.deepEqual(
    (people as Json[]).map((it) => [it.account, it.frozen]),
    [[account, false]],
  );
  await town.salus('desk', 'freeze', account, ...at);
  const found = await town.salus('desk', 'lookup', account, ...at);
  assert.equal(list(found, 'people')[0]?.frozen, true);
});

test('a desk elsewhere shows its token from a file; another hospital’s is refused', async () => {
  const tokenOf = (hospital: string) => {
    const token = readFileSync(`${town.home}/servers/${hospital}/desk.token`);
    return town.file('desk.token', token.toString('hex'));
  };
  const there = ['--gateway', `${town.url}/north`, '--token-file'];
  await town.salus('desk', 'list', ...there, tokenOf('north'));
  await town.no('UNAUTHENTICATED', 3, 'desk', 'list', ...there, tokenOf('valley'));
  await town.no('MISSING', 2, 'desk', 'list');
});

test('a name that cannot be one, or a role that the desk does not give, is refused before anybody is asked', async () => {
  const asked = ['desk', 'invite', ...at, '--role'];
  await town.no('NAME_INVALID', 3, ...asked, 'nurse', '--name', 'Eve\u202e');
  await town.no('USAGE', 2, ...asked, 'organisation', '--name', 'Eve');
});
