/** The objects of the wing that travel; pages take 70 to 74, recovery envelopes 75, questions 76, registrations 77, answers 78, records in the chart 79, keys for encrypted numbers 160, answers under them 161, locks of doubly encrypted records 162, reports of incidents 165. Append-only. Source: docs/adr/0011-numbers.md. */
export const vitalsObjects = {
  pageManifest: 70,
  seedBodies: 71,
  explicitBodies: 72,
  pageUpload: 73,
  statement: 74,
  recoveryEnvelope: 75,
  queryManifest: 76,
  registration: 77,
  statAnswer: 78,
  chartRecord: 79,
  paillierKey: 160,
  encryptedAnswer: 161,
  doubleLock: 162,
  incidentReport: 165,
} as const;
