/** One of a few, all of them seen: a radio each, under the legend of the fieldset around it. */
export function Chips<Value extends string>({
  name,
  all,
  chosen,
  onChoose,
  wordOf,
  disabled = false,
}: {
  readonly name: string;
  readonly all: readonly Value[];
  readonly chosen: Value | undefined;
  readonly onChoose: (value: Value) => void;
  readonly wordOf: (value: Value) => string;
  readonly disabled?: boolean;
}) {
  return (
    <div className="chips">
      {all.map((it) => (
        <label key={it} className="chip">
          <input
            type="radio"
            name={name}
            checked={it === chosen}
            disabled={disabled}
            onChange={() => onChoose(it)}
          />
          {wordOf(it)}
        </label>
      ))}
    </div>
  );
}
