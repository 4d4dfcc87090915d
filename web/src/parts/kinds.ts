/** What sensors send and what files bring are one thing to people: vital signs. Each can stand alone all the same. */
export const vitalKinds: readonly string[] = ['vital', 'iot'];

/** Kinds as people read of them: both of vital signs are said once. */
export const saidKinds = (kinds: readonly string[]): readonly string[] =>
  vitalKinds.every((it) => kinds.includes(it)) ? kinds.filter((it) => it !== 'iot') : kinds;
