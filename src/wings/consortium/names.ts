/** The words that the wing adds to the spine's lists. */
export const consortiumNames = {
  roles: [],
  rights: [],
  batchKinds: [],
  labels: {
    proposal: 'salus/1/governance/proposal',
    genesis: 'salus/1/genesis/sign',
    part: 'salus/1/member/part',
    machines: 'salus/1/member/machines',
  },
} as const;
