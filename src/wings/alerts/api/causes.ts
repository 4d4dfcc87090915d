/**
 * What people are told about, and how soon. `night`: also in the quiet hours, because whoever took a key must not
 * win a night. Source: docs/protocol/alerts.md, rule AL-3.
 */
export const causes = {
  look: { night: false },
  refusal: { night: false },
  'grant-ends': { night: false },
  device: { night: true },
  rotation: { night: true },
  freeze: { night: true },
  backup: { night: false },
  certificate: { night: false },
  test: { night: true },
} as const;
export type Cause = keyof typeof causes;

export const causeNames = Object.keys(causes) as readonly Cause[];

/** Those that a person may leave out, for each channel; what she asked for herself always comes. */
export const chosenCauses = [
  'look',
  'refusal',
  'grant-ends',
  'device',
  'rotation',
  'freeze',
] as const;
export type ChosenCause = (typeof chosenCauses)[number];
