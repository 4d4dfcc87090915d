/** The objects of the wing that travel; pages take 70 to 72, questions 76. Append-only. Source: docs/adr/0011-numbers.md. */
export const vitalsObjects = {
  pageManifest: 70,
  seedBodies: 71,
  explicitBodies: 72,
  queryManifest: 76,
} as const;
