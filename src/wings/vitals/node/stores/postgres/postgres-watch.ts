import { randomBytes } from 'node:crypto';
import { equalBytes } from '../../../../../primitives/bytes.ts';
import { isCoded } from '../../../../../primitives/errors.ts';
import type { WriteAttempt } from '../../../api/incident-report.ts';
import { type Row, textIn, uintIn } from '../page-rows.ts';
import type { RowMacs } from '../row-macs.ts';
import { type Ask, lockFamily } from './postgres-session.ts';

/** A schema, and its tables that nobody else may write to. */
export interface WatchedTables {
  readonly schema: string;
  readonly tables: readonly string[];
}

/**
 * Whose sessions write to the tables of a schema. `own_session`: the hash of what the server's own session alone knows. `writes`: of
 * each other session, that it wrote, once a table and way. `watch`: what the watch itself looked like when the server left it.
 */
export function watchSql({ schema, tables }: WatchedTables): string {
  const trigger = (table: string, ways: string) => `
    CREATE TRIGGER watch_${table} AFTER ${ways} ON ${table} FOR EACH STATEMENT EXECUTE FUNCTION note_write();
    ALTER TABLE ${table} ENABLE ALWAYS TRIGGER watch_${table};`;
  const everything = 'INSERT OR UPDATE OR DELETE OR TRUNCATE';
  const guarded = [...tables, 'guard_counts', 'own_session', 'watch'];
  return `
    CREATE TABLE own_session (hash bytea NOT NULL);
    INSERT INTO own_session VALUES ('');
    CREATE TABLE watch (looks text NOT NULL, mac bytea NOT NULL);
    CREATE TABLE writes (
      id int8 GENERATED ALWAYS AS IDENTITY PRIMARY KEY, at_ms int8 NOT NULL, who text NOT NULL, address text NOT NULL, program text NOT NULL, pid int8 NOT NULL,
      relation text NOT NULL, way text NOT NULL
    );
    -- Rights of its owner: whoever may write to a table need not be let write here.
    CREATE FUNCTION note_write() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    BEGIN
      IF sha256(convert_to(coalesce(current_setting('salus.session', true), ''), 'UTF8'))
         IS NOT DISTINCT FROM (SELECT hash FROM ${schema}.own_session) THEN
        RETURN NULL;
      END IF;
      INSERT INTO ${schema}.writes (at_ms, who, address, program, pid, relation, way)
      SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::int8, session_user::text,
        coalesce(host(inet_client_addr()), ''), coalesce(current_setting('application_name', true), ''),
        pg_backend_pid(), TG_TABLE_NAME::text, TG_OP
      WHERE NOT EXISTS (
        SELECT 1 FROM ${schema}.writes
        WHERE pid = pg_backend_pid() AND relation = TG_TABLE_NAME::text AND way = TG_OP
      );
      RETURN NULL;
    END $$;
    REVOKE ALL ON FUNCTION note_write() FROM PUBLIC;
    ${guarded.map((it) => trigger(it, everything)).join('')}
    ${trigger('writes', 'UPDATE OR DELETE OR TRUNCATE')}
  `;
}

/** Changes when the watch is taken away, also when it is put back: tables and their files, triggers, rules, the function, who is own. */
const looksSql = `
  SELECT coalesce(string_agg(line, ', ' ORDER BY line COLLATE "C"), '') AS looks FROM (
    SELECT concat_ws(' ', 'table', relname, oid, pg_relation_filenode(oid), relowner, relrowsecurity, relforcerowsecurity) AS line
      FROM pg_class WHERE relnamespace = $1::regnamespace AND relkind = 'r'
    UNION ALL
    SELECT concat_ws(' ', 'trigger', relname, pg_trigger.oid, pg_trigger.xmin, tgenabled)
      FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid WHERE relnamespace = $1::regnamespace
    UNION ALL
    SELECT concat_ws(' ', 'rule', relname, pg_rewrite.oid, pg_rewrite.xmin)
      FROM pg_rewrite JOIN pg_class ON pg_class.oid = ev_class WHERE relnamespace = $1::regnamespace
    UNION ALL
    SELECT concat_ws(' ', 'function', oid, xmin) FROM pg_proc WHERE pronamespace = $1::regnamespace
    UNION ALL
    SELECT concat_ws(' ', 'own', xmin) FROM own_session
  ) AS it`;

/** All of it anew, whatever is left of it. */
const putBackSql = (of: WatchedTables): string => `
  DO $outer$ BEGIN
    DROP FUNCTION IF EXISTS note_write() CASCADE;
    DROP TABLE IF EXISTS own_session, watch, writes CASCADE;
    ${watchSql(of)}
  END $outer$`;

const connectedSql = `
  SELECT usename::text AS who, coalesce(application_name, '') AS program, coalesce(host(client_addr), '') AS address,
    pid::int8 AS pid, coalesce(floor(extract(epoch FROM backend_start) * 1000), 0)::int8 AS at_ms
  FROM pg_stat_activity
  WHERE datname = current_database() AND usename IS NOT NULL AND coalesce(backend_type, 'client backend') = 'client backend'
    AND pid NOT IN (
      SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted AND classid = ${lockFamily} AND objid IN (1, 2)
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
    )
  ORDER BY pid LIMIT 8`;

const mostWrites = 20;

/**
 * Sees who writes to a schema beside the server's own session: triggers note every other one. Who owns the tables can take the
 * triggers away, which the watch sees in its turn; MACs find what he wrote. Source: docs/protocol/vitals-tampering.md, rule VT-16.
 */
export class PostgresWatch {
  readonly #of: WatchedTables;
  readonly #macs: RowMacs;
  /** How the watch looks; undefined: it was found otherwise than this server left it. */
  #left: string | undefined;
  /** Rows of `writes` that were told, and are not reported yet. */
  #told: readonly number[] = [];
  /** It could not be made anew, which was reported: what is left of it is asked, until the next start. */
  #isBroken = false;

  constructor(of: WatchedTables, macs: RowMacs) {
    this.#of = of;
    this.#macs = macs;
  }

  /** The tables and triggers were just made: they are as they are to be. */
  async made(ask: Ask): Promise<void> {
    await this.#own(ask);
    await this.#leave(ask);
  }

  /** From now on this session is the server's own, and no other one; where it throws the session ends, and what it began with it. */
  async connected(ask: Ask): Promise<void> {
    this.#left = undefined;
    const isLeft = await unlessBroken(this.#isLeft(ask), false);
    if (!isLeft) return unlessBroken(this.#own(ask), undefined);
    // Both or neither: who finds the one without the other cannot tell it from somebody else's.
    await ask('BEGIN');
    await this.#own(ask);
    await this.#leave(ask);
    await ask('COMMIT');
  }

  /** Whether anybody else has written since this was reported last. */
  async isWritten(ask: Ask): Promise<boolean> {
    return unlessBroken(this.#isWritten(ask), !this.#isBroken);
  }

  async #isWritten(ask: Ask): Promise<boolean> {
    if (!this.#isBroken && !(await this.#isAsLeft(ask))) return true;
    const [row] = await ask('SELECT EXISTS (SELECT 1 FROM writes) AS written');
    return row?.written === true;
  }

  /** Who wrote, and who else is connected now, as the database tells. */
  async attempts(ask: Ask): Promise<readonly WriteAttempt[]> {
    const connected = (await ask(connectedSql)).map(connectedNow);
    const isAsLeft = this.#isBroken || (await unlessBroken(this.#isAsLeft(ask), false));
    const changed = isAsLeft ? [] : [await this.#changed(ask)];
    return [...(await unlessBroken(this.#writes(ask), [])), ...changed, ...connected];
  }

  async #writes(ask: Ask): Promise<readonly WriteAttempt[]> {
    const rows = await ask(`SELECT * FROM writes ORDER BY id LIMIT ${mostWrites}`);
    this.#told = rows.map((row) => uintIn(row, 'id'));
    return rows.map((row) => ({
      ...attemptIn(row),
      from: plain(row.address, 128),
      what: plain(`${row.way} ${this.#of.schema}.${row.relation}`, 256),
    }));
  }

  async #changed(ask: Ask): Promise<WriteAttempt> {
    const [row] = await ask('SELECT floor(extract(epoch FROM now()) * 1000)::int8 AS at_ms');
    const what = `what watches ${this.#of.schema}, or a table of it, was made anew or taken away`;
    return { ...nobody, atMs: uintIn(row, 'at_ms'), what };
  }

  /** What was told stands in a report. What was taken away is put back. */
  async reported(ask: Ask): Promise<void> {
    const isAsLeft = this.#isBroken || (await unlessBroken(this.#isAsLeft(ask), false));
    if (!isAsLeft) this.#isBroken = !(await unlessBroken(this.#putBack(ask), false));
    const told = this.#told;
    this.#told = [];
    if (told.length > 0 && (isAsLeft || this.#isBroken))
      await unlessBroken(ask('DELETE FROM writes WHERE id = ANY ($1::int8[])', told), []);
  }

  async #putBack(ask: Ask): Promise<true> {
    await ask(putBackSql(this.#of));
    await this.made(ask);
    return true;
  }

  /** The secret is in this process and in that session alone; the database has its hash. */
  async #own(ask: Ask): Promise<void> {
    const secret = randomBytes(32).toString('hex');
    await ask(`SELECT set_config('salus.session', $1, false)`, secret);
    await ask(`UPDATE own_session SET hash = sha256(convert_to($1, 'UTF8'))`, secret);
  }

  async #looks(ask: Ask): Promise<string> {
    const [row] = await ask(looksSql, this.#of.schema);
    return row === undefined ? '' : textIn(row, 'looks');
  }

  async #isAsLeft(ask: Ask): Promise<boolean> {
    return this.#left !== undefined && this.#left === (await this.#looks(ask));
  }

  /** Whether it is as this server, or the process before it, left it. */
  async #isLeft(ask: Ask): Promise<boolean> {
    const rows = await ask('SELECT looks, mac FROM watch');
    const mac = this.#macs.mac('watch', [this.#of.schema, await this.#looks(ask)]);
    return rows.length === 1 && rows[0]?.mac instanceof Uint8Array && equalBytes(rows[0].mac, mac);
  }

  async #leave(ask: Ask): Promise<void> {
    const looks = await this.#looks(ask);
    await ask('DELETE FROM watch');
    const mac = this.#macs.mac('watch', [this.#of.schema, looks]);
    await ask('INSERT INTO watch VALUES ($1, $2)', looks, mac);
    this.#left = looks;
  }
}

const nobody = { way: 'database', who: '', from: '', claimedMac: '' } as const;

/** Names are what a session calls itself: no more of them than a report holds. */
const plain = (text: unknown, most: number): string =>
  String(text ?? '')
    .replace(/[^\x20-\x7e]/g, '?')
    .slice(0, most);

function attemptIn(row: Row): WriteAttempt {
  const who = `user ${plain(row.who, 48)}, program ${plain(row.program, 40)}, process ${row.pid}`;
  return { ...nobody, atMs: Math.max(0, uintIn(row, 'at_ms')), who, what: '' };
}

/** Its address is no answer to who wrote. */
function connectedNow(row: Row): WriteAttempt {
  const from = row.address === '' ? '' : ` from ${plain(row.address, 64)}`;
  return { ...attemptIn(row), what: `has a session open${from}` };
}

/** A table of the watch that is gone, or is another. */
async function unlessBroken<Result>(work: Promise<Result>, otherwise: Result): Promise<Result> {
  try {
    return await work;
  } catch (error) {
    if (!isCoded(error, 'INTERNAL') && !isCoded(error, 'HOME_INVALID')) throw error;
    return otherwise;
  }
}
