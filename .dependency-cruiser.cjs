// Who may import whom. The folders are the architecture; anything not listed is an error.
const mayImport = {
  codes: ['wings/codes'],
  primitives: ['codes/index'],
  crypto: ['primitives', 'wings/names'],
  ledger: [
    'codes/index',
    'primitives',
    'crypto/(hash|labels|ed25519-strict)',
    'wings/(ledger|names)',
  ],
  api: ['codes/index', 'primitives', 'ledger', 'crypto/(hash|labels)'],
  engines: ['primitives', 'crypto', 'ledger'],
  storage: ['codes/index', 'primitives', 'crypto/(hash|labels|signature)'],
  gateway: [
    'codes/index',
    'primitives',
    'crypto/(hash|labels|signature|group|letter|random)',
    'ledger',
    'api',
    'engines/engine',
    'storage/(blob-store|car)',
  ],
  sdk: [
    'codes/index',
    'primitives',
    'crypto',
    'ledger',
    'api',
    'storage/(blob-id|car)',
    'wings/sdk',
  ],
  server: ['(?!cli).*'],
  cli: ['codes/index', 'primitives', 'crypto/hash', 'sdk', 'server', 'wings/cli'],
  // The single files: the command `check-receipt` without the command line around it.
  verifier: [
    'codes/index',
    'primitives',
    'sdk/receipt',
    'cli/(files|global-flags|harmless|receipt-text|refusal)',
  ],
};
const inside = (folder) => `^src/${folder}/`;

// A wing has the house's floors inside (docs/adr/0010-wings.md). What each floor may import of the house, and
// which floors of the same wing lie below it; its `codes.ts` and `names.ts` import nothing.
const wingFloors = {
  ledger: {
    house: [
      'primitives',
      'crypto/(hash|labels|ed25519-strict)',
      'ledger/(act|table|outcome|shapes|identity|nonce-window|requirement|roles|rights|wing|object-types)',
      // What the spine knows of its own constitution: a vote changes it by the spine's own rules.
      'ledger/(charter|integers|members|recovery|validator-set)',
      'ledger/tables/.*',
      'ledger/acts/(consents|epochs|enrol|log-profile|rotate-key)',
    ],
    own: ['names'],
  },
  crypto: { house: ['primitives', 'crypto'], own: ['names'] },
  api: {
    house: ['api', ...mayImport.api.filter((it) => it !== 'codes/index')],
    own: ['names', 'ledger'],
  },
  // A process's own logic: no gateway, no SDK.
  node: {
    house: ['primitives', 'crypto', 'ledger', 'api', 'engines/engine', 'storage/blob-(store|id)'],
    own: ['names', 'ledger', 'crypto', 'api'],
  },
  gateway: { house: [...mayImport.gateway, 'gateway'], own: ['ledger', 'api'] },
  // Below Person: a wing gets a Context, and Person knows the list of wings.
  sdk: {
    house: [
      ...mayImport.sdk.filter((it) => it !== 'wings/sdk'),
      'sdk/(?!(person|index)\\.ts$|browser/|node/).*',
    ],
    own: ['names', 'ledger', 'crypto', 'api'],
  },
  server: { house: ['(?!cli|story|wings).*'], own: ['(?!cli|story|test).*'] },
  cli: {
    house: [
      ...mayImport.cli,
      'cli/(acting|asking|cards|files|finding|format|harmless|home|name-book|output|received|write-out|zoned-time|commands/(command|options))',
    ],
    own: ['names', 'ledger', 'api', 'sdk', 'server'],
  },
  story: { house: ['(?!wings).*'], own: ['.*'] },
};
/** Which other wings a wing may build on; without a circle. */
const wingNeeds = { search: ['committee'], recovery: ['committee'], vitals: ['alerts'] };
/** The one file of the house that reads each list of wings. */
const readersOfLists = {
  codes: 'codes/index',
  names: '(crypto/labels|ledger/(roles|rights|batch-kinds))',
  ledger: 'ledger/protocol',
  gateway: 'server/consortium',
  sdk: 'sdk/person',
  server: 'server/(services|founding|home-version|consortium)',
  cli: 'cli/commands/all',
  story: 'story/main',
};
const notTests = '\\.(test|contract)\\.ts$';

module.exports = {
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: {
      conditionNames: ['import', 'node', 'default'],
      exportsFields: ['exports'],
    },
  },
  forbidden: [
    ...Object.entries(mayImport).map(([folder, allowed]) => ({
      name: `${folder}-imports`,
      severity: 'error',
      from: { path: inside(folder), pathNot: '\\.(test|contract)\\.ts$' },
      to: {
        path: '^src/',
        pathNot: [inside(folder), ...allowed.map((part) => `^src/${part}(/|\\.ts$)`)],
      },
    })),
    ...Object.entries(wingFloors).map(([floor, { house, own }]) => ({
      name: `wings-${floor}-imports`,
      comment:
        'A floor of a wing imports what that floor of the house may, and the floors below it.',
      severity: 'error',
      from: { path: `^src/wings/([^/]+)/${floor}/`, pathNot: notTests },
      to: {
        path: '^src/',
        pathNot: [
          `^src/wings/$1/${floor}/`,
          ...own.map((part) => `^src/wings/$1/${part}(/|\\.ts$)`),
          ...house.map((part) => `^src/${part}(/|\\.ts$|$)`),
          // Another wing that this one needs: `wing-needs` says which.
          '^src/wings/(?!$1/)[^/]+/',
        ],
      },
    })),
    {
      name: 'wing-needs',
      comment: 'A wing stands alone, but for those that wingNeeds names.',
      severity: 'error',
      from: {
        path: '^src/wings/([^/]+)/',
        pathNot: Object.keys(wingNeeds).map((it) => `^src/wings/${it}/`),
      },
      to: { path: '^src/wings/[^/]+/', pathNot: '^src/wings/$1/' },
    },
    ...Object.entries(wingNeeds).map(([wing, needs]) => ({
      name: `wing-needs-of-${wing}`,
      severity: 'error',
      from: { path: `^src/wings/${wing}/` },
      to: { path: '^src/wings/[^/]+/', pathNot: [wing, ...needs].map((it) => `^src/wings/${it}/`) },
    })),
    ...Object.entries(readersOfLists).map(([list, reader]) => ({
      name: `one-reader-of-wings-${list}`,
      comment: 'The spine does not know its wings: it reads each list in one place.',
      severity: 'error',
      from: { path: '^src/', pathNot: [`^src/${reader}\\.ts$`, notTests] },
      to: { path: `^src/wings/${list}\\.ts$` },
    })),
    {
      name: 'wings-from-lists-only',
      comment: 'Nothing but the lists imports a wing.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/wings/' },
      to: { path: '^src/wings/[^/]+/' },
    },
    {
      name: 'list-of-one-floor',
      comment:
        'A list of wings reads that floor of each wing; what type they have is its reader\u2019s to say.',
      severity: 'error',
      from: { path: '^src/wings/([a-z]+)\\.ts$' },
      to: { path: '.', pathNot: '^src/wings/[^/]+/$1(/index|/wing)?\\.ts$' },
    },
    {
      name: 'codes-and-names-are-data',
      comment:
        'Tables of codes and words import nothing; their lists import the wings\u2019 tables.',
      severity: 'error',
      from: {
        path: ['^src/codes/', '^src/wings/[^/]+/(codes|names)\\.ts$'],
        pathNot: '^src/codes/index\\.ts$',
      },
      to: { path: '.' },
    },
    {
      name: 'pure-core',
      comment: 'Rules, formats and the SDK run in a browser too: no Node built-ins.',
      severity: 'error',
      from: {
        path: '^src/((codes|primitives|crypto|ledger|api|sdk)/|wings/(sdk\\.ts|[^/]+/(ledger|crypto|api|sdk)/))',
        pathNot: '(^src/crypto/platform/|^src/sdk/node/|\\.test\\.ts$)',
      },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'network-in-its-process',
      comment:
        'libp2p is loaded in the storage process alone: a home without a network, and every command, begins without it.',
      severity: 'error',
      from: {
        path: '^src/',
        pathNot: [
          '^src/storage/ipfs/',
          '^src/server/(storage/node|storage-process)\\.ts$',
          notTests,
        ],
      },
      to: {
        path: [
          '^node_modules/(@libp2p|@helia|libp2p)/',
          '^src/storage/ipfs/(?!(members|members-file|placement|swarm-key)\\.ts$)',
          '^src/server/storage/node\\.ts$',
        ],
        dependencyTypesNot: ['type-only'],
      },
    },
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'no-dev-in-product',
      severity: 'error',
      // A wing's tests and what they build with are never shipped (tsconfig.build.json).
      from: { path: '^src/', pathNot: ['\\.(test|contract)\\.ts$', '^src/wings/[^/]+/test/'] },
      to: { dependencyTypes: ['npm-dev'] },
    },
  ],
};
