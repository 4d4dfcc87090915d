import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { catalogue } from '../../src/codes/index.ts';
import { acts } from '../../src/ledger/protocol.ts';
import { fieldWords } from '../../src/sdk/records/show-words.ts';

const root = fileURLToPath(new URL('../../web/', import.meta.url));
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const sources = globSync('src/**/*.{ts,tsx}', { cwd: root });
const importsOf = (text: string) =>
  [...text.matchAll(/^(import|export)( type)? [^;]*? from '([^']+)';/gmsu)].map(
    ([, , type, from = '']) => ({ isType: type !== undefined, from }),
  );
const packages = new Set(
  Object.keys((JSON.parse(read('package.json')) as { devDependencies: object }).devDependencies),
);

test('The app imports the SDK by its published name, its own packages, and nothing else', () => {
  for (const path of sources) {
    for (const { from } of importsOf(read(path))) {
      if (from.startsWith('.')) {
        const to = normalize(join(dirname(path), from));
        assert.ok(/^(src|words)\//u.test(to), `${path} imports ${from}`);
        continue;
      }
      const name = from
        .split('/')
        .slice(0, from.startsWith('@') ? 2 : 1)
        .join('/');
      const isSdk = /^@salus\/salus\/sdk\/[a-z]+$/u.test(from);
      assert.ok(isSdk || packages.has(name), `${path} imports ${from}`);
    }
  }
});

/** What a wing lets a page have done runs in the worker too. */
const isWorker = (path: string): boolean =>
  /^src\/(worker\/|wings\/[a-z]+\/calls(-[a-z]+)?\.ts$)/u.test(path);

test('Pages hold no key: only the worker imports what the SDK does, pages its types alone', () => {
  for (const path of sources.filter((it) => !isWorker(it))) {
    for (const { from, isType } of importsOf(read(path))) {
      const isWorkers =
        /(^|\/)(worker\/|calls(-[a-z]+)?\.ts$)/u.test(from) && !from.endsWith('?sharedworker&url');
      const reaches = from.startsWith('@salus/') || isWorkers;
      assert.ok(isType || !reaches, `${path} imports ${from} as more than a type`);
    }
  }
});

test('Every place of the app is opened also when no server answers', () => {
  const kept = /const places[^;]*;/su.exec(read('src/service-worker.ts'))?.[0] ?? '';
  const places = new Set([...kept.matchAll(/'([a-z]*)'/gu)].map(([, it]) => it));
  const routes = sources
    .filter((it) => it.endsWith('routes.ts'))
    .flatMap((it) => [...read(it).matchAll(/path: '([^']*)'/gu)].map(([, path = '']) => path));
  assert.ok(routes.length > 20);
  assert.deepEqual(
    routes.filter((it) => !places.has(it.split('/')[0])),
    [],
  );
});

type Words = { readonly [key: string]: string | Words };
/** Those of the shell, and those that come with the first screen that needs them. */
const wordsOf = (language: string): Words => ({
  ...(JSON.parse(read(`words/${language}.json`)) as Words),
  ...(JSON.parse(read(`words/later/${language}.json`)) as Words),
});
/** `home.refused_one` is asked for as `home.refused`: how many forms there are is the language's own. */
const keysOf = (words: Words, before = ''): string[] =>
  Object.entries(words).flatMap(([key, it]) =>
    typeof it === 'string'
      ? [`${before}${key}`.replace(/_(zero|one|two|few|many|other)$/u, '')]
      : keysOf(it, `${before}${key}.`),
  );

test('Each language has the same words, and each form that its plurals need', () => {
  const english = new Set(keysOf(wordsOf('en')));
  for (const language of ['es', 'ar']) {
    const own = new Set(keysOf(wordsOf(language)));
    const missing = [...english].filter((it) => !own.has(it));
    const more = [...own].filter((it) => !english.has(it));
    assert.deepEqual({ language, missing, more }, { language, missing: [], more: [] });
  }
});

test('Each word is used, and each that is asked for by its whole name is there', () => {
  const all = sources.map(read).join('\n');
  const asked = new Set(
    [...all.matchAll(/['"`]([a-zA-Z]+(?:\.[a-zA-Z-]+)+)['"`]/gu)].map(([, key = '']) => key),
  );
  // `t(`classes.${it}`)` asks for all that begins so.
  const begun = [...all.matchAll(/`([a-zA-Z]+(?:\.[a-zA-Z]+)*\.)\$\{/gu)].map(([, it = '']) => it);
  const keys = [...new Set(keysOf(wordsOf('en')))];
  const unused = keys.filter((key) => !asked.has(key) && !begun.some((it) => key.startsWith(it)));
  assert.deepEqual(unused, []);
});

test('Every act of the ledger, those of wings too, has its words in the explorer', () => {
  const said = Object.keys(wordsOf('en').acts ?? {});
  assert.deepEqual(
    acts.map(({ kind }) => kind).filter((it) => !said.includes(it)),
    [],
  );
});

test('What the SDK calls the fields of a record has its word in the language of the page', () => {
  const { fields = {} } = wordsOf('en') as { fields?: Words };
  const keyOf = (label: string) =>
    label
      .replace(/[^A-Za-z ]/gu, '')
      .toLowerCase()
      .replace(/ ([a-z])/gu, (_, letter: string) => letter.toUpperCase());
  const missing = Object.values(fieldWords).filter((it) => !Object.hasOwn(fields, keyOf(it)));
  assert.deepEqual(missing, []);
});

test('Every refusal has its sentence and its way on, and no sentence is of a refusal that there is not', () => {
  const said = Object.keys(wordsOf('en').refusals ?? {});
  const own = [
    'LOCKED',
    'HANDLE_UNKNOWN',
    'DEMO_GONE',
    'DESK_ENDED',
    'MOVE_DIFFERS',
    'LEAVE_UNREAD',
  ];
  assert.deepEqual(said.sort(), [...Object.keys(catalogue), ...own].sort());
});

test('A refusal speaks as a patient does: no words of the ledger, no commands', () => {
  const ledgerWords =
    /\b(grant|consent|capability|revoke|permission|resource|blob|bundle|envelope|ciphertext|decrypt|wallet|seed|credential|chain|block|hash|transaction|root|node|account|npm)s?\b|--[a-z]/iu;
  const refusals = wordsOf('en').refusals as { readonly [code: string]: Words };
  const said = new Map<string, string[]>();
  for (const [code, { what, way }] of Object.entries(refusals)) {
    assert.ok(!ledgerWords.test(`${what} ${way}`), `${code}: ${what} ${way}`);
    said.set(String(what), [...(said.get(String(what)) ?? []), code]);
  }
  // One sentence a refusal: two that read alike could be one, or say too little.
  assert.deepEqual(
    [...said.values()].filter((it) => it.length > 1),
    [],
  );
});
