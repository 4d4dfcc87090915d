/** What a grant allows, in words: `read lab, medication and write diagnosis`. */
export function mayText(terms: {
  readonly readClasses: readonly string[];
  readonly writeClasses: readonly string[];
  readonly records: readonly string[];
}): string {
  const { readClasses, writeClasses, records } = terms;
  const what = records.length > 0 ? `${records.length} named records of ` : '';
  return [
    ...(readClasses.length > 0 ? [`read ${what}${readClasses.join(', ')}`] : []),
    ...(writeClasses.length > 0 ? [`write ${writeClasses.join(', ')}`] : []),
  ].join(' and ');
}
