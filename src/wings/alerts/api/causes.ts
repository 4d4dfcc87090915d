/**
 * What people are told about, and how soon. `night`: also in the quiet hours, because whoever took a key must not
 * win a night. `operators`: of the machine itself, for its operator alone. Source: docs/protocol/alerts.md, rule AL-3.
 */
export const causes = {
  look: { night: false },
  diagnosis: { night: false },
  refusal: { night: false },
  emergency: { night: true },
  'grant-ends': { night: false },
  'sign-in-refused': { night: true },
  device: { night: true },
  rotation: { night: true },
  freeze: { night: true },
  'silent-device': { night: false },
  incident: { night: true },
  backup: { night: false, operators: true },
  certificate: { night: false, operators: true },
  tampering: { night: false, operators: true },
  test: { night: true },
} as const;
export type Cause = keyof typeof causes;

export const causeNames = Object.keys(causes) as readonly Cause[];

/** Those that a person may leave out, for each channel, in the order in which they came to be; what she asked for herself always comes. Append-only: a choice says how many of them it knew. */
export const chosenCauses = [
  'look',
  'diagnosis',
  'refusal',
  'emergency',
  'grant-ends',
  'sign-in-refused',
  'device',
  'rotation',
  'freeze',
  'silent-device',
  'incident',
] as const satisfies readonly Cause[];
export type ChosenCause = (typeof chosenCauses)[number];

/** As a choice says it. */
interface Chosen {
  readonly causes: readonly string[];
  /** How many of `chosenCauses` there were when it was made. */
  readonly known: number;
}

/**
 * Whether somebody wants to be told of this. Of a cause that there was not yet: as of those that are told at night, where
 * somebody acts on what is hers, until she leaves it out; of the others nothing until she chooses it. Rule AL-18.
 */
export function isToldOf(cause: Cause, { causes: named, known }: Chosen): boolean {
  const order: readonly Cause[] = chosenCauses;
  const at = order.indexOf(cause);
  if (at < 0) return true;
  return at < known ? named.includes(cause) : causes[cause].night;
}

export const causesToldOf = (chosen: Chosen): readonly ChosenCause[] =>
  chosenCauses.filter((it) => isToldOf(it, chosen));
