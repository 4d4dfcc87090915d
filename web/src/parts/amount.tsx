import { valueClass } from './value-class.ts';

/** A number and its unit, in this order whichever way the page runs. */
export function Amount({
  value,
  unit,
  className = valueClass(value),
}: {
  readonly value: string;
  readonly unit: string;
  readonly className?: string;
}) {
  return (
    <bdi dir={unit === '' ? 'auto' : 'ltr'}>
      <span className={className}>{value}</span>
      <wbr />
      {unit !== '' && <span className={unit.length > 14 ? 'u' : 'u nw'}>{unit}</span>}
    </bdi>
  );
}
