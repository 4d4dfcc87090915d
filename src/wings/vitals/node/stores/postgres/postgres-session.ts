import type { Client } from 'pg';
import { CodedError, isCoded } from '../../../../../primitives/errors.ts';
import type { Row } from '../page-rows.ts';

/** What one store has of a database: a schema of its own, which one session writes. */
export interface PostgresPart {
  /** The schema's name. */
  readonly name: string;
  /** Of its advisory lock. */
  readonly number: number;
  /** The first makes its tables, each further one brings those of the version before to its own. */
  readonly versions: readonly string[];
  /** The version that the first of them makes; older ones are not taken. Missing: 1. */
  readonly oldest?: number;
}

/** What a store does before anything else is asked. */
export interface PostgresStart {
  /** In the transaction that made the tables. */
  made(ask: Ask): Promise<void>;
  /** Over each connection that is made. */
  connected(ask: Ask): Promise<void>;
}

type Scalar = string | number | boolean | null | Uint8Array;
export type PostgresValue = Scalar | readonly Scalar[];
export type Ask = (sql: string, ...values: readonly PostgresValue[]) => Promise<readonly Row[]>;

/** "SALU": what else stands in a database takes other locks. */
export const lockFamily = 0x53414c55;
const millisToConnect = 5_000;
const millisToAnswer = 120_000;
const millisToBeAlone = 3_000;
const lockTimedOut = '55P03';

/**
 * Commits wait for the disk; a session that hangs or is cut off is ended by the server, or its lock would stay. Sums of
 * hundreds of columns would be compiled anew for each statement.
 */
const sessionSettings = `
  SET bytea_output = 'hex'; SET jit = off; SET tcp_keepalives_idle = 30; SET tcp_keepalives_interval = 10;
  SET tcp_keepalives_count = 3; SET idle_in_transaction_session_timeout = '60s';
  SELECT set_config('synchronous_commit', 'on', false)
    WHERE current_setting('synchronous_commit') IN ('off', 'local', 'remote_write');
`;

/**
 * The one connection over which a store reads and writes. It holds the part's advisory lock, so whoever writes is alone, and
 * who lost the lock has lost the way to write too. One piece of work after the other; a connection that broke is made
 * anew by the next. Everything throws DATABASE_AWAY, DATABASE_IN_USE, DISK_FULL.
 */
export class PostgresSession {
  readonly #url: string;
  readonly #part: PostgresPart;
  readonly #start: PostgresStart | undefined;
  readonly #names = new Map<string, string>();
  #client: Client | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #isClosed = false;
  #wasOpen = false;

  private constructor(url: string, part: PostgresPart, start: PostgresStart | undefined) {
    this.#url = url;
    this.#part = part;
    this.#start = start;
  }

  /** Throws too HOME_INVALID {part} for tables of another version, DATABASE_UNSAFE {because}, and what `start` throws. */
  static async open(
    url: string,
    part: PostgresPart,
    start?: PostgresStart,
  ): Promise<PostgresSession> {
    const session = new PostgresSession(url, part, start);
    await session.#inTurn(() => session.#connected());
    return session;
  }

  readonly ask: Ask = (sql, ...values) =>
    this.#inTurn(async () => this.#asked(await this.#connected(), sql, values));

  /** All of `work` or nothing of it; nothing else comes between its steps. */
  together<Result>(work: (ask: Ask) => Promise<Result>): Promise<Result> {
    return this.#inTurn(async () => this.#whole(await this.#connected(), work));
  }

  async #whole<Result>(client: Client, work: (ask: Ask) => Promise<Result>): Promise<Result> {
    const ask: Ask = (sql, ...values) => this.#asked(client, sql, values);
    await ask('BEGIN');
    try {
      const result = await work(ask);
      await ask('COMMIT');
      return result;
    } catch (error) {
      // One that cannot roll back is dropped, and the server rolls back.
      await ask('ROLLBACK').catch(() => this.#drop(client));
      throw error;
    }
  }

  /** What was begun ends first. */
  async close(): Promise<void> {
    await this.#inTurn(async () => {
      this.#isClosed = true;
      await this.#client?.end();
      this.#client = undefined;
    });
  }

  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => {});
    return turn;
  }

  async #connected(): Promise<Client> {
    if (this.#client !== undefined) return this.#client;
    if (this.#isClosed) throw new CodedError('DATABASE_AWAY', { because: 'closed' });
    const { Client } = await import('pg');
    const client = new Client({
      ...{ connectionString: this.#url, types: { getTypeParser: parserOf }, keepAlive: true },
      ...{ connectionTimeoutMillis: millisToConnect, query_timeout: millisToAnswer },
      application_name: `salus ${this.#part.name}`,
    });
    client.on('error', () => this.#drop(client));
    client.on('end', () => this.#drop(client));
    try {
      await client.connect();
    } catch (error) {
      throw new CodedError('DATABASE_AWAY', stateOf(error), error);
    }
    try {
      await this.#takenUp(client);
    } catch (error) {
      this.#drop(client);
      throw error;
    }
    this.#client = client;
    return client;
  }

  /** Alone, safe, and with the tables of this version. */
  async #takenUp(client: Client): Promise<void> {
    const { name, versions, oldest = 1 } = this.#part;
    const newest = oldest + versions.length - 1;
    const ask: Ask = (sql, ...values) => this.#asked(client, sql, values);
    await client.query(sessionSettings).catch((error: unknown) => this.#refused(client, error));
    const [settings] = await ask(
      `SELECT current_setting('fsync') AS fsync, current_setting('full_page_writes') AS full_page_writes,
       CASE WHEN pg_is_in_recovery() THEN 'off' ELSE 'on' END AS primary`,
    );
    for (const because of ['primary', 'fsync', 'full_page_writes'])
      if (settings?.[because] !== 'on') throw new CodedError('DATABASE_UNSAFE', { because });
    await this.#alone(client);
    const [found] = await ask(`SELECT to_regclass($1) IS NOT NULL AS made`, `${name}.about`);
    // What was here has been taken away: it is not begun anew as if nothing had been kept.
    if (found?.made !== true && this.#wasOpen) throw new CodedError('HOME_INVALID', { part: name });
    if (found?.made !== true)
      await this.#whole(client, async () => {
        await this.#bring(client, oldest - 1);
        await this.#start?.made(ask);
      });
    await ask(`SET search_path = ${name}`);
    const [about] = await ask('SELECT version FROM about');
    const version = about?.version;
    if (typeof version !== 'number' || version < oldest || version > newest)
      throw new CodedError('HOME_INVALID', { part: name });
    if (version < newest) await this.#whole(client, () => this.#bring(client, version));
    await this.#start?.connected(ask);
    this.#wasOpen = true;
  }

  /** From this version to the newest; the one before the oldest: there is none. */
  async #bring(client: Client, from: number): Promise<void> {
    const { name, versions, oldest = 1 } = this.#part;
    const isNew = from === oldest - 1;
    await client
      .query(
        `${isNew ? `CREATE SCHEMA ${name};` : ''} SET LOCAL search_path = ${name};
         ${versions.slice(from - oldest + 1).join('')}
         ${isNew ? 'CREATE TABLE about (version int4 NOT NULL);' : 'DELETE FROM about;'}
         INSERT INTO about VALUES (${oldest + versions.length - 1});`,
      )
      .catch((error: unknown) => this.#refused(client, error));
  }

  /** A server that was ended may be let go of a moment later. */
  async #alone(client: Client): Promise<void> {
    const { name, number } = this.#part;
    try {
      await client.query(`SET lock_timeout = ${millisToBeAlone}`);
      await client.query(`SELECT pg_advisory_lock(${lockFamily}, ${number})`);
      await client.query('SET lock_timeout = 0');
    } catch (error) {
      if (stateOf(error).state === lockTimedOut)
        throw new CodedError('DATABASE_IN_USE', { part: name }, error);
      this.#refused(client, error);
    }
  }

  async #asked(
    client: Client,
    sql: string,
    values: readonly PostgresValue[],
  ): Promise<readonly Row[]> {
    try {
      const query = { name: this.#nameOf(sql), text: sql, values: [...values] };
      return (await client.query<Row>(query)).rows;
    } catch (error) {
      return this.#refused(client, error);
    }
  }

  #refused(client: Client, error: unknown): never {
    if (isCoded(error)) throw error;
    const { state } = stateOf(error);
    if (state === '53100') throw new CodedError('DISK_FULL', {}, error);
    const isAway = state === undefined || /^(08|57P)/.test(state);
    if (!isAway) throw new CodedError('INTERNAL', { state }, error);
    this.#drop(client);
    throw new CodedError('DATABASE_AWAY', stateOf(error), error);
  }

  /** The next piece of work connects anew. */
  #drop(client: Client): void {
    if (this.#client === client) this.#client = undefined;
    client.end().catch(() => {});
  }

  /** Statements are parsed once a connection. */
  #nameOf(sql: string): string {
    const name = this.#names.get(sql) ?? `s${this.#names.size}`;
    this.#names.set(sql, name);
    return name;
  }
}

/** SQLSTATE of what the server refused; none: nobody answered. */
function stateOf(error: unknown): { readonly state?: string } {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) ? { state: code } : {};
}

const oids = { bool: 16, bytea: 17, int8: 20, int4: 23 } as const;

/** Bytes as they are elsewhere, and whole numbers below 2^53: every number here is one. */
function parserOf(oid: number): (text: string) => unknown {
  if (oid === oids.bytea) return (text) => new Uint8Array(Buffer.from(text.slice(2), 'hex'));
  if (oid === oids.int8 || oid === oids.int4) return Number;
  if (oid === oids.bool) return (text) => text === 't';
  return (text) => text;
}
