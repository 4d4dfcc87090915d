const spoken: Readonly<Record<string, string>> = {
  'mm[Hg]': 'mmHg',
  Cel: '°C',
  '[degF]': '°F',
  '[lb_av]': 'lb',
  '[in_i]': 'in',
  '%': '%',
};
const raised: Readonly<Record<string, string>> = {
  '2': '²',
  '3': '³',
  '6': '⁶',
  '9': '⁹',
  '12': '¹²',
};

/**
 * A unit as people write it: `10*3/uL` is `10³/µL`, and what stands in braces is no unit. What is not UCUM stays as it came.
 * Source: UCUM 2.1, sections 6 and 11.
 */
export function unitShown(unit: string): string {
  if (Object.hasOwn(spoken, unit)) return spoken[unit] ?? unit;
  return unit
    .replace(/\{[^}]*\}/gu, '')
    .replace(/10[*^](\d+)/gu, (whole, power: string) =>
      Object.hasOwn(raised, power) ? `10${raised[power]}` : whole,
    )
    .replace(/\b(k?c?m?m)([23])\b/gu, (_, base: string, power: string) => `${base}${raised[power]}`)
    .replace(/\bu(L|g|mol|m|IU|s)\b/gu, 'µ$1')
    .replaceAll('mm[Hg]', 'mmHg')
    .replaceAll('[IU]', 'IU');
}
