import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  globSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { Client } from 'pg';
import { selfSigned } from '../../../../../test/tls.ts';
import { freePorts } from '../../../../story/free-ports.ts';

/** It refuses to run as root. */
const nobody = { uid: 65_534, gid: 65_534 };

/** A server of PostgreSQL in a folder of its own, reached by a password on this machine alone. */
export class PostgresServer {
  readonly password: string = randomBytes(12).toString('hex');
  readonly #programs: string;
  readonly #folder: string;
  readonly #port: number;
  readonly #as: Partial<typeof nobody>;
  #running: ChildProcess | undefined;
  #databases = 0;

  private constructor(programs: string, port: number) {
    this.#programs = programs;
    this.#port = port;
    this.#folder = mkdtempSync(join(tmpdir(), 'salus-postgres-'));
    const isRoot = process.getuid?.() === 0;
    this.#as = isRoot ? nobody : {};
    if (isRoot) chownSync(this.#folder, nobody.uid, nobody.gid);
  }

  /** `programs`: the folder of `postgres` and `initdb`. */
  static async start(programs: string): Promise<PostgresServer> {
    const [port = 0] = await freePorts(1);
    const server = new PostgresServer(programs, port);
    server.#make();
    await server.restart();
    return server;
  }

  /** Libraries that were unpacked beside it; where it is installed there are none. */
  get #env(): NodeJS.ProcessEnv {
    const beside = join(realpathSync(this.#programs), '..', '..', '..', '..');
    const libraries = globSync('lib/*-linux-gnu*', { cwd: beside }).map((it) => join(beside, it));
    return { PATH: process.env.PATH, LD_LIBRARY_PATH: libraries.join(':'), LC_ALL: 'C' };
  }

  #make(): void {
    const password = join(this.#folder, 'password');
    writeFileSync(password, this.password);
    chmodSync(password, 0o644);
    const made = spawnSync(
      join(this.#programs, 'initdb'),
      [
        ...['-D', join(this.#folder, 'data'), '-U', 'salus', '-A', 'scram-sha-256', '-E', 'UTF8'],
        ...[`--pwfile=${password}`, '--no-sync'],
      ],
      { ...this.#as, env: this.#env, cwd: this.#folder, encoding: 'utf8' },
    );
    if (made.status !== 0) throw new Error(`initdb: ${made.error?.message ?? made.stderr}`);
  }

  /** From now on it speaks TLS too, as `localhost`; the path of the certificate to trust. */
  async speakTls(): Promise<string> {
    const { cert, key } = selfSigned('localhost');
    for (const [name, text] of [
      ['server.crt', cert],
      ['server.key', key],
    ] as const) {
      const path = join(this.#folder, 'data', name);
      writeFileSync(path, text, { mode: 0o600 });
      if (this.#as.uid !== undefined) chownSync(path, nobody.uid, nobody.gid);
    }
    await this.ask('ALTER SYSTEM SET ssl = on');
    await this.restart();
    return join(this.#folder, 'data', 'server.crt');
  }

  /** Starts it, or starts it again. */
  async restart(): Promise<void> {
    await this.stop('SIGINT');
    const options = ['-h', '127.0.0.1', '-p', String(this.#port), '-k', this.#folder];
    this.#running = spawn(
      join(this.#programs, 'postgres'),
      ['-D', join(this.#folder, 'data'), ...options],
      { ...this.#as, env: this.#env, cwd: this.#folder, stdio: ['ignore', 'ignore', 'pipe'] },
    );
    let said = '';
    this.#running.stderr?.on('data', (bytes: Buffer) => {
      said += bytes.toString();
    });
    while (!(await this.#answers())) {
      if (this.#running.exitCode !== null) throw new Error(`postgres: ${said}`);
      await setTimeout(50);
    }
  }

  /** SIGQUIT: at once, as a power failure would. */
  async stop(signal: 'SIGINT' | 'SIGQUIT'): Promise<void> {
    const running = this.#running;
    this.#running = undefined;
    if (running === undefined || running.exitCode !== null) return;
    const ended = once(running, 'exit');
    running.kill(signal);
    await ended;
  }

  async close(): Promise<void> {
    await this.stop('SIGINT');
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #urlOf(user: string, database: string): string {
    return `postgres://${user}:${this.password}@127.0.0.1:${this.#port}/${database}`;
  }

  /** The address of an empty one, as its owner reaches it, who is no superuser. */
  async newDatabase(): Promise<string> {
    const name = `of_${this.#databases++}`;
    await this.ask(`CREATE ROLE ${name} LOGIN PASSWORD '${this.password}'`);
    await this.ask(`CREATE DATABASE ${name} OWNER ${name}`);
    await this.ask(`REVOKE CONNECT ON DATABASE ${name} FROM PUBLIC`);
    return this.#urlOf(name, name);
  }

  /** The address of a database as the superuser reaches it. */
  asSuperuser(url: string): string {
    return this.#urlOf('salus', new URL(url).pathname.slice(1));
  }

  /** As the superuser, if no other address is named. */
  async ask(
    sql: string,
    url = this.#urlOf('salus', 'postgres'),
  ): Promise<readonly Record<string, unknown>[]> {
    const client = new Client({ connectionString: url });
    await client.connect();
    try {
      return (await client.query<Record<string, unknown>>(sql)).rows;
    } finally {
      await client.end();
    }
  }

  async #answers(): Promise<boolean> {
    return this.ask('SELECT 1').then(
      () => true,
      () => false,
    );
  }
}
