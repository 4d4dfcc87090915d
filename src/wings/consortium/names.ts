/** The words that the wing adds to the spine's lists. */
export const consortiumNames = {
  roles: [],
  rights: [],
  batchKinds: [],
  labels: { proposal: 'salus/1/governance/proposal' },
} as const;
