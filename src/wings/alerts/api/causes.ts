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

/** Those that a person may leave out, for each channel; what she asked for herself always comes. */
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
