import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { startProcess } from '../cli/process.ts';
import { text } from '../cli/salus.ts';
import { alertCases, promtoolTests } from './alert-cases.ts';

/** Where `npm run test:services` found the programs. */
const programs = process.env.SALUS_SERVICE ?? assert.fail('run it by npm run test:services');
const rules = resolve('docs/operations/alerts.yml');
const alerts = readFileSync(rules, 'utf8');
const names = [...alerts.matchAll(/^ {6}- alert: (\w+)$/gm)].map(([, name = '']) => name);
const folder = mkdtempSync(join(tmpdir(), 'salus-prometheus-'));
after(() => rmSync(folder, { recursive: true, force: true }));

function promtool(...args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(join(programs, 'promtool'), args, {
    encoding: 'utf8',
  });
  assert.equal(status, 0, stdout + stderr);
  return stdout;
}

test('promtool takes the rules', () => {
  assert.match(promtool('check', 'rules', rules), new RegExp(`SUCCESS: ${names.length} rules`));
});

test('every alert fires for what it is about, and not for what is usual', () => {
  for (const name of names) {
    const firing = alertCases.filter((it) => it.alert === name).map((it) => it.firing > 0);
    assert.deepEqual([...new Set(firing)].sort(), [false, true], name);
  }
  const file = join(folder, 'tests.json');
  writeFileSync(file, promtoolTests(rules));
  promtool('test', 'rules', file);
});

const patience = { timeout: 180_000 };

test(
  'a Prometheus that scrapes a running server evaluates every rule and finds every figure',
  patience,
  async () => {
    const server = startProcess(['up', '--json', '--port', '0'], { home: join(folder, 'home') });
    const ready = await server.line((facts) => facts.ready === true);
    const { host } = new URL(text(ready, 'url'));
    const prometheus = await startPrometheus(host);
    try {
      await prometheus.until('up{job="salus"} == 1');
      const metadata = await prometheus.ask<readonly { metric: string }[]>('targets/metadata');
      const scraped = new Set(metadata.map(({ metric }) => metric));
      for (const [metric] of alerts.matchAll(/\bsalus_gateway_\w+?(?=_bucket\b|\b(?!_))/g)) {
        assert.ok(scraped.has(metric), metric);
      }
      const states = await prometheus.rulesOnceEvaluated();
      assert.deepEqual(
        states.map(({ name, health, state }) => [name, health, state]),
        names.map((name) => [name, 'ok', 'inactive']),
      );
      assert.equal((await server.stop()).code, 0);
      await prometheus.until('ALERTS{alertname="SalusDown",alertstate="pending"} == 1');
    } finally {
      await prometheus.stop();
      await server.stop();
    }
  },
);

interface Rule {
  readonly name: string;
  readonly health: string;
  readonly state: string;
}

/** Looks again until it is so; the test's own time limit is what ends it. */
async function until<T>(look: () => Promise<T | undefined>): Promise<T> {
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    await wait(100);
  }
}

async function startPrometheus(target: string) {
  const config = join(folder, 'prometheus.json');
  const jobs = [{ job_name: 'salus', static_configs: [{ targets: [target] }] }];
  const global = { scrape_interval: '1s', evaluation_interval: '1s' };
  writeFileSync(config, JSON.stringify({ global, rule_files: [rules], scrape_configs: jobs }));
  const port = await freePort();
  const child = spawn(
    join(programs, 'prometheus'),
    [
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--log.level=warn',
    ],
    { stdio: ['ignore', 'inherit', 'inherit'] },
  );
  const ask = async <T>(path: string): Promise<T> => {
    const answer = await fetch(`http://127.0.0.1:${port}/api/v1/${path}`);
    return ((await answer.json()) as { data: T }).data;
  };
  const answers = async (path: string) => {
    assert.equal(child.exitCode, null, 'Prometheus ended');
    return ask<unknown>(path).catch(() => undefined);
  };
  await until(() => answers('status/runtimeinfo'));
  return {
    ask,
    until: (query: string) =>
      until(async () => {
        const { result } = await ask<{ result: readonly unknown[] }>(
          `query?query=${encodeURIComponent(query)}`,
        );
        return result.length > 0 || undefined;
      }),
    rulesOnceEvaluated: () =>
      until(async () => {
        const { groups } = await ask<{ groups: readonly { rules: readonly Rule[] }[] }>('rules');
        const found = groups.flatMap((group) => group.rules);
        return found.every(({ health }) => health !== 'unknown') ? found : undefined;
      }),
    stop: () => ended(child),
  };
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const exit = new Promise((told) => child.once('exit', told));
  child.kill('SIGTERM');
  await exit;
}

/** Prometheus takes no port 0 that it would tell. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const address = server.address();
  await new Promise((closed) => server.close(closed));
  return typeof address === 'object' && address !== null ? address.port : assert.fail();
}
