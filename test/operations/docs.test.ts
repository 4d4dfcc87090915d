import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { test } from 'node:test';
import { createProgram } from '../../src/cli/command-line.ts';
import { createOutput } from '../../src/cli/output.ts';
import { processSurroundings } from '../../src/cli/surroundings.ts';
import { catalogue, isCode } from '../../src/codes/index.ts';
import { alertedCodes, createMetrics } from '../../src/gateway/metrics.ts';

const folder = 'docs/operations';
const read = (name: string) => readFileSync(join(folder, name), 'utf8');
const pages = readdirSync(folder, { recursive: true })
  .map(String)
  .filter((name) => name.endsWith('.md'));
const runbook = pages.filter((name) => /^runbook\/(?!README)/.test(name));
const alerts = read('alerts.yml');

/** As GitHub names the anchors of headings. */
function anchorsOf(text: string): Set<string> {
  const headings = [...text.matchAll(/^#{1,6} (.+)$/gm)].map(([, heading = '']) => heading);
  return new Set(
    headings.map((it) =>
      it
        .toLowerCase()
        .replaceAll(/[^a-z0-9_ -]/g, '')
        .replaceAll(' ', '-'),
    ),
  );
}

/** `path#anchor` leads somewhere, from a page. */
function leads(from: string, link: string): boolean {
  const [path = '', anchor] = link.split('#');
  const target = path === '' ? join(folder, from) : normalize(join(folder, dirname(from), path));
  if (!existsSync(target)) return false;
  return anchor === undefined || anchorsOf(readFileSync(target, 'utf8')).has(anchor);
}

/** First cell and link of the rows of a table whose first cell is code. */
function indexed(text: string): Map<string, string> {
  const rows = [...text.matchAll(/^\| `(\w+)` \| \[[^\]]+\]\(([^)]+)\) \|$/gm)];
  const index = new Map(rows.map(([, name = '', link = '']) => [name, link]));
  assert.equal(index.size, rows.length, 'a row stands twice');
  return index;
}

test('every link in the pages leads to a file and a heading', () => {
  assert.ok(pages.length > 15);
  for (const page of pages) {
    for (const [, link = ''] of read(page).matchAll(/\]\(([^)\s]+)\)/g)) {
      if (!link.startsWith('https:')) assert.ok(leads(page, link), `${page}: ${link}`);
    }
  }
});

test('every code that is not the doing of the one who asks has a page in the runbook', () => {
  const index = indexed(read('runbook/README.md'));
  for (const [code, { kind }] of Object.entries(catalogue)) {
    if (kind !== 'unavailable' && kind !== 'verification' && kind !== 'fault') continue;
    assert.ok(index.has(code), code);
  }
  for (const [name, link] of index) {
    assert.ok(isCode(name) || alerts.includes(`alert: ${name}\n`), `${name} is nothing`);
    assert.ok(link.endsWith(`#${name.toLowerCase()}`) || isAlert(name), `${name}: ${link}`);
  }
});

const isAlert = (name: string) => name.startsWith('Salus');

test('every heading of a page that names a code or an alert is in the index', () => {
  const index = indexed(read('runbook/README.md'));
  for (const page of runbook) {
    for (const [, heading = ''] of read(page).matchAll(/^## (\S+)$/gm)) {
      if (isCode(heading) || isAlert(heading)) assert.ok(index.has(heading), heading);
      else assert.doesNotMatch(heading, /^[A-Z]+_[A-Z_]+$/, `${page} knows a code that is none`);
    }
  }
});

test('every page of the runbook says what to look at, what to do, and what not to do, in short', () => {
  for (const page of runbook) {
    const text = read(page);
    for (const part of ['What to look at', 'What to do', 'What not to do']) {
      assert.match(text, new RegExp(`^## ${part}$`, 'm'), page);
    }
    assert.ok(text.split('\n').length < 80, `${page} is long`);
  }
});

test('the commands and flags that the pages name exist', async () => {
  const context = {
    flags: { json: false },
    output: createOutput(false),
    surroundings: processSurroundings,
    signal: new AbortController().signal,
  };
  const program = await createProgram(context, () => undefined);
  const known = new Map(program.commands.map((it) => [it.name(), it]));
  let named = 0;
  for (const page of pages) {
    for (const [, line = ''] of read(page).matchAll(/(?:`|^)salus ([a-z][^`\n]*)/gm)) {
      const [name = '', sub = ''] = line.split(' ');
      const command = known.get(name);
      assert.ok(command, `${page}: salus ${name}`);
      const inner = command.commands.find((it) => it.name() === sub);
      if (command.commands.length > 0) assert.ok(inner, `${page}: salus ${name} ${sub}`);
      const flags = [...command.options, ...(inner?.options ?? [])].map((it) => it.long);
      for (const [flag] of line.matchAll(/--[a-z-]+/g)) {
        const isKnown = flags.includes(flag) || ['--json', '--home', '--port'].includes(flag);
        assert.ok(isKnown, `${page}: salus ${name} ${flag}`);
      }
      named += 1;
    }
  }
  assert.ok(named > 15);
});

test('metrics.md names every metric with its kind and labels, and no other', async () => {
  const registered = (await createMetrics().registry.getMetricsAsArray()).map((metric) => {
    const labels: unknown = Reflect.get(metric, 'labelNames');
    assert.ok(Array.isArray(labels));
    return `${metric.name} ${String(metric.type)} ${labels.join(', ')}`;
  });
  const rows = [
    ...read('metrics.md').matchAll(/^\| `(\w+)` \| (\w+) \| ([^|]+) \| [^|]+ \| [^|]+ \|$/gm),
  ];
  const written = rows.map(([, name, type, labels]) => `${name} ${type} ${labels}`);
  assert.deepEqual(written.sort(), registered.sort());
});

test('the alerts name metrics, labels, codes and pages that exist', async () => {
  const metrics = new Map(
    (await createMetrics().registry.getMetricsAsArray()).map((it) => [it.name, it]),
  );
  const used = [
    ...alerts.matchAll(/\b(salus_gateway_\w+?)(_bucket|_sum|_count)?\b(?:\{([^}]*)\})?/g),
  ];
  assert.ok(used.length > 10);
  for (const [all, name = '', , selector = ''] of used) {
    const metric = metrics.get(name);
    assert.ok(metric, all);
    const labels: unknown = Reflect.get(metric, 'labelNames');
    assert.ok(Array.isArray(labels));
    for (const [, label, value = ''] of selector.matchAll(/(\w+)=~?"([^"]*)"/g)) {
      assert.ok(labels.includes(label), `${name} has no label ${label}`);
      if (label === 'code') for (const code of value.split('|')) assert.ok(isCode(code), code);
    }
  }
  const called = [...alerts.matchAll(/\bcode=~?"([^"]+)"/g)].flatMap(([, it = '']) =>
    it.split('|'),
  );
  assert.deepEqual([...alertedCodes].sort(), [...new Set(called)].sort());
  const names = [...alerts.matchAll(/^ {6}- alert: (\w+)$/gm)].map(([, name = '']) => name);
  const links = [...alerts.matchAll(/^ {10}runbook: (\S+)$/gm)].map(([, link = '']) => link);
  assert.equal(names.length, links.length);
  for (const link of links) assert.ok(leads('alerts.yml', link), link);
  const index = indexed(read('runbook/README.md'));
  assert.deepEqual([...index.keys()].filter(isAlert).sort(), names.sort());
});

test('every code that the pages name is in the catalogue', () => {
  for (const page of pages) {
    for (const [, word = ''] of read(page).matchAll(/`([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)`/g)) {
      assert.ok(isCode(word), `${page}: ${word}`);
    }
  }
});
