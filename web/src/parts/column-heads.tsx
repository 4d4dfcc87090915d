export interface Column {
  readonly name: string;
  readonly isNumber?: boolean;
  /** Read aloud, and not shown: what is in it says it by itself. */
  readonly isHidden?: boolean;
}

/** The first row of a table. */
export function ColumnHeads({ columns }: { readonly columns: readonly Column[] }) {
  return (
    <thead>
      <tr>
        {columns.map(({ name, isNumber = false, isHidden = false }) => (
          <th key={name} scope="col" className={isNumber ? 'num' : undefined}>
            {isHidden ? <span className="hide">{name}</span> : name}
          </th>
        ))}
      </tr>
    </thead>
  );
}
