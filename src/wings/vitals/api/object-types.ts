/** The objects of the wing that travel; pages take 70 to 72, questions 76 to 79. Append-only. Source: docs/adr/0011-numbers.md. */
export const vitalsObjects = {
  pageManifest: 70,
  seedBodies: 71,
  explicitBodies: 72,
  queryManifest: 76,
  statAnswer: 77,
  maskKey: 78,
  questionsRequest: 79,
} as const;
