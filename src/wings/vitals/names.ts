/** The words that the wing adds to the spine's lists. */
export const vitalsNames = {
  roles: ['data-server'],
  rights: ['stat'],
  batchKinds: [],
  labels: {
    pageId: 'salus/1/stat/page',
    pageShare: 'salus/1/stat/share',
    pageWires: 'salus/1/stat/wires',
    pageClinical: 'salus/1/stat/clinical',
    pageSalt: 'salus/1/stat/salt',
    pageJointPart: 'salus/1/stat/joint-part',
    pageJointSeed: 'salus/1/stat/joint-seed',
    pageJointRand: 'salus/1/stat/joint-rand',
    pageQuery: 'salus/1/stat/query',
    pageKept: 'salus/1/stat/kept',
    pageManifest: 'salus/1/stat/manifest',
    trio: 'salus/1/stat/trio',
    batch: 'salus/1/stat/batch',
  },
} as const;
