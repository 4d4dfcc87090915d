import { type Headline, harmlessText, valueForPeople } from '@salus/salus/sdk/browser';

/** A value as people read it, with its unit. */
export const valueShown = ({ value, unit }: Pick<Headline, 'value' | 'unit'>) => ({
  value: harmlessText(valueForPeople(value)),
  unit: harmlessText(unit),
});
