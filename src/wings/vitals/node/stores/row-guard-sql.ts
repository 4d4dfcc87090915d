import type { GuardedTable } from './guarded-tables.ts';

/** The statements that guard a table: its MACs beside it, and triggers that only this connection can fire. Source: vitals-tampering.md, rule VT-6. */
export const macTable = (name: string): string => `guard_${name}`;
export const columnsOf = ({ key, bound }: GuardedTable): readonly string[] => [...key, ...bound];

/** `rowid` is no name of a column. */
export const macKey = (column: string): string => (column === 'rowid' ? 'id' : column);

export const nameOf = (key: readonly unknown[]): string =>
  key
    .map((it) => (it instanceof Uint8Array ? Buffer.from(it).toString('hex') : String(it)))
    .join(' ');

export function tableSql({ name, key }: GuardedTable): string {
  const isNumber = key.length === 1 && ['id', 'rowid', 'number', 'place'].includes(key[0] ?? '');
  const columns = key.map((it) => `${macKey(it)} ${isNumber ? 'INTEGER' : 'ANY'} NOT NULL`);
  const primary = `PRIMARY KEY (${key.map(macKey).join(', ')})`;
  return `CREATE TABLE IF NOT EXISTS ${macTable(name)}
    (${columns.join(', ')}, mac BLOB NOT NULL, ${primary}) STRICT${isNumber ? '' : ', WITHOUT ROWID'};`;
}

export const joinedMac = ({ name, key }: GuardedTable): string =>
  `LEFT JOIN ${macTable(name)} AS g ON ${key.map((it) => `g.${macKey(it)} = t.${it}`).join(' AND ')}`;

/** No row is looked at by these: who has no such function cannot make a statement that would fire them. */
export const ownSql = ({ name }: GuardedTable): string =>
  ['INSERT', 'UPDATE', 'DELETE']
    .map(
      (it) => `CREATE TRIGGER IF NOT EXISTS ${macTable(name)}_own_${it.toLowerCase()}
        BEFORE ${it} ON ${name} WHEN 0 BEGIN SELECT row_own(); END;`,
    )
    .join('\n');

export function triggerSql(table: GuardedTable): string {
  const { name, key, bound } = table;
  const guard = macTable(name);
  const all = (of: string) => columnsOf(table).map((it) => `${of}.${it}`);
  const keyOf = (of: string) => key.map((it) => `${of}.${it}`);
  const own = key.map((it) => `${macKey(it)} = OLD.${it}`).join(' AND ');
  const kept = `(SELECT mac FROM ${guard} WHERE ${own})`;
  const put = `INSERT OR REPLACE INTO ${guard} VALUES (${keyOf('NEW').join(', ')},
    row_mac('${name}', ${all('NEW').join(', ')}));`;
  const look = `SELECT row_held('${name}', ${kept}, ${all('OLD').join(', ')});
    SELECT row_gone('${name}', ${kept});`;
  const changed = bound.filter((it) => it !== 'rowid').join(', ');
  const update =
    bound.length === 0
      ? ''
      : `CREATE TRIGGER IF NOT EXISTS ${guard}_before_update BEFORE UPDATE OF ${changed} ON ${name} BEGIN ${look} END;
    CREATE TRIGGER IF NOT EXISTS ${guard}_update AFTER UPDATE OF ${changed} ON ${name} BEGIN ${put} END;`;
  return `${update}
    CREATE TRIGGER IF NOT EXISTS ${guard}_insert AFTER INSERT ON ${name} BEGIN ${put} END;
    CREATE TRIGGER IF NOT EXISTS ${guard}_before_delete BEFORE DELETE ON ${name} BEGIN ${look} END;
    CREATE TRIGGER IF NOT EXISTS ${guard}_delete AFTER DELETE ON ${name}
      BEGIN DELETE FROM ${guard} WHERE ${own}; END;`;
}
