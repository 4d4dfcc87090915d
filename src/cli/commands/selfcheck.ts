import {
  closeSync,
  fdatasyncSync,
  mkdirSync,
  openSync,
  rmSync,
  statfsSync,
  writeSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { uptime } from 'node:os';
import { join } from 'node:path';
import { localUrl } from '../../server/desk.ts';
import type { Finding } from '../../server/process.ts';
import { readAppFiles } from '../../server/site/app-files.ts';
import { appFolder } from '../app-folder.ts';
import { readConfig } from '../config.ts';
import { homeFolder } from '../home.ts';
import type { Surroundings } from '../surroundings.ts';
import type { AddCommand } from './command.ts';
import { defaultPort } from './options.ts';

/** Is this machine fit to run Salus: runtime, clock, disk and port, each with what to do about it. */
export const addSelfcheck: AddCommand = (program, { flags, output, surroundings }) => {
  program
    .command('selfcheck')
    .description('look at runtime, clock, disk and port of this machine')
    .action(async () => {
      const home = homeFolder(flags.home);
      const findings = [
        checkRuntime(),
        checkCryptography(),
        checkClock(),
        ...checkDisk(home),
        await checkPort(home, flags.port, surroundings.env),
        checkApp(),
        ...(await checkServices(home)),
      ];
      const fit = findings.every(({ ok }) => ok);
      const shown = findings.map(({ advice, ...finding }) =>
        finding.ok ? finding : { ...finding, advice },
      );
      output.result({ fit, findings: shown }, () =>
        findings
          .map(
            ({ check, ok, value, advice }) =>
              `${ok ? 'ok  ' : 'LOOK'} ${check}: ${value}${ok ? '' : ` - ${advice}`}`,
          )
          .join('\n'),
      );
    });
};

function checkRuntime(): Finding {
  const { node, openssl, sqlite } = process.versions;
  const [major = 0, minor = 0] = node.split('.').map(Number);
  return {
    check: 'runtime',
    ok: major > 24 || (major === 24 && minor >= 7),
    value: `Node ${node}, OpenSSL ${openssl}, SQLite ${sqlite ?? 'none'}`,
    advice: 'run npm start once: it brings the pinned Node',
  };
}

function checkCryptography(): Finding {
  const missing = ['crypto.hash', 'crypto.argon2', 'crypto.encapsulate'].filter(
    (name) =>
      typeof Reflect.get(process.getBuiltinModule('node:crypto'), name.slice(7)) !== 'function',
  );
  return {
    check: 'cryptography',
    ok: missing.length === 0,
    value:
      missing.length === 0
        ? 'SHA-256, Argon2id and ML-KEM are here'
        : `missing: ${missing.join(', ')}`,
    advice: 'use the pinned Node: it has all of them',
  };
}

/** The seal of the app's files here: the app shows the one of what it was given. */
function checkApp(): Finding {
  const app = readAppFiles(appFolder);
  return {
    check: 'web app',
    ok: app !== undefined,
    value: app === undefined ? 'not built' : `seal ${app.seal}`,
    advice: 'npm run build:web builds it',
  };
}

function checkClock(): Finding {
  const year = new Date().getUTCFullYear();
  return {
    check: 'clock',
    ok: year >= 2026 && year < 2100,
    value: `${new Date().toISOString()}, up for ${Math.floor(uptime() / 3600)} h`,
    advice: 'set the clock and keep it by NTP: grants end by it',
  };
}

/** The median of 50 flushes; a figure far below a millisecond means that somebody only says so. */
function checkDisk(home: string): Finding[] {
  const path = join(home, `.selfcheck-${process.pid}`);
  try {
    mkdirSync(home, { recursive: true, mode: 0o700 });
    const file = openSync(path, 'w', 0o600);
    const times: number[] = [];
    for (let i = 0; i < 50; i++) {
      const started = performance.now();
      writeSync(file, 'salus');
      fdatasyncSync(file);
      times.push(performance.now() - started);
    }
    closeSync(file);
    const flushMs = times.sort((a, b) => a - b)[25] ?? 0;
    const { bavail, bsize } = statfsSync(home);
    const freeGiB = (bavail * bsize) / 1024 ** 3;
    return [
      {
        check: 'flush',
        ok: flushMs > 0.02 && flushMs < 50,
        value: `${flushMs.toFixed(2)} ms`,
        advice:
          flushMs >= 50
            ? 'this disk is slow: every confirmation waits for it'
            : 'too fast to be true: a cache answers, and a power failure may lose confirmed writes',
      },
      {
        check: 'disk',
        ok: freeGiB > 1,
        value: `${freeGiB.toFixed(1)} GiB free in ${home}`,
        advice: 'make room: writing stops when the disk is full',
      },
    ];
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown';
    return [
      {
        check: 'disk',
        ok: false,
        value: `${home}: ${code}`,
        advice: 'make the folder writable or choose another with --home',
      },
    ];
  } finally {
    rmSync(path, { force: true });
  }
}

/** A port that this home's own server has is no trouble. */
async function checkPort(
  home: string,
  asked: number | undefined,
  env: Surroundings['env'],
): Promise<Finding> {
  const url = localUrl(home);
  const served = url === undefined ? undefined : Number(new URL(url).port);
  if (url !== undefined && served !== undefined && (asked ?? served) === served) {
    const state = await healthAt(url);
    if (state !== undefined) {
      const value = `${served} is this home's own: Salus runs here and ${state ? 'is well' : 'is not well'}`;
      return { check: 'port', ok: state, value, advice: `see ${url}/health and the runbook` };
    }
  }
  return checkFree(asked ?? readConfig(home, undefined, env).port ?? defaultPort);
}

/** What the server says of itself; undefined: nobody answers, or somebody else. */
async function healthAt(url: string): Promise<boolean | undefined> {
  try {
    const answer = await fetch(`${url}/health`, { signal: AbortSignal.timeout(2_000) });
    const said: unknown = await answer.json();
    const ok: unknown = Reflect.get(Object(said), 'ok');
    return typeof ok === 'boolean' ? ok : undefined;
  } catch {
    return undefined;
  }
}

function checkFree(port: number): Promise<Finding> {
  return new Promise((resolve) => {
    const server = createServer();
    const answer = (ok: boolean, value: string) =>
      resolve({
        check: 'port',
        ok,
        value,
        advice: 'something else has it: choose another with --port',
      });
    server.once('error', () => answer(false, `${port} is taken`));
    server.listen(port, '127.0.0.1', () => server.close(() => answer(true, `${port} is free`)));
  });
}

/** What the services of wings say of themselves. */
async function checkServices(home: string): Promise<Finding[]> {
  const { services } = await import('../../server/services.ts');
  const found = await Promise.all(services.map(({ check }) => check?.(home) ?? []));
  return found.flat();
}
