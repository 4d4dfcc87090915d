// Who may import whom. The folders are the architecture; anything not listed is an error.
const mayImport = {
  codes: ['wings/codes'],
  primitives: ['codes/index'],
  crypto: ['primitives'],
  ledger: [
    'codes/index',
    'primitives',
    'crypto/(hash|labels|ed25519-strict)',
    'wings/(ledger|names)',
  ],
  api: ['codes/index', 'primitives', 'ledger', 'crypto/(hash|labels)'],
  engines: ['primitives', 'crypto', 'ledger'],
  storage: ['primitives', 'crypto/hash'],
  gateway: [
    'codes/index',
    'primitives',
    'crypto/(hash|labels|signature|letter|random)',
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
  cli: ['codes/index', 'primitives', 'crypto/hash', 'sdk', 'server'],
  // The single files: the command `check-receipt` without the command line around it.
  verifier: [
    'codes/index',
    'primitives',
    'sdk/receipt',
    'cli/(files|global-flags|receipt-text|refusal)',
  ],
};
const inside = (folder) => `^src/${folder}/`;

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
    {
      name: 'wing-codes-in-one-list',
      comment: 'What a wing says is listed once; the rooms read the catalogue.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(codes/index|wings/codes)\\.ts$' },
      to: { path: ['^src/wings/codes\\.ts$', '^src/wings/[^/]+/codes\\.ts$'] },
    },
    {
      name: 'codes-are-data',
      comment: 'A table of codes imports nothing; the list of the wings imports their tables.',
      severity: 'error',
      from: {
        path: ['^src/codes/', '^src/wings/codes\\.ts$', '^src/wings/[^/]+/codes\\.ts$'],
        pathNot: '^src/codes/index\\.ts$',
      },
      to: { pathNot: '^src/wings/[^/]+/codes\\.ts$' },
    },
    {
      name: 'only-person-lists-sdk-wings',
      comment:
        'What wings bring to a device has one reader; both entry points of the SDK have it from there.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/sdk/person\\.ts$' },
      to: { path: '^src/wings/sdk\\.ts$' },
    },
    {
      name: 'wings-sdk-imports',
      comment: 'Below Person: a wing gets a Context, and Person knows the list of wings.',
      severity: 'error',
      from: { path: '^src/wings/([^/]+)/sdk/', pathNot: '\\.(test|contract)\\.ts$' },
      to: {
        path: '^src/',
        pathNot: [
          '^src/wings/$1/(ledger|api|crypto|sdk)/',
          ...['codes/index', 'primitives', 'crypto', 'ledger', 'api', 'storage/(blob-id|car)'].map(
            (room) => `^src/${room}(/|\\.ts$)`,
          ),
          '^src/sdk/(?!(person|index)\\.ts$|browser/|node/)',
        ],
      },
    },
    {
      name: 'pure-core',
      comment: 'Rules, formats and the SDK run in a browser too: no Node built-ins.',
      severity: 'error',
      from: {
        path: '^src/((codes|primitives|crypto|ledger|api|sdk)/|wings/(sdk\\.ts|[^/]+/sdk/))',
        pathNot: '(^src/crypto/platform/|^src/sdk/node/|\\.test\\.ts$)',
      },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'wings-of-gateways',
      comment: 'The spine does not know its wings: the server hands them to each gateway.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/server/consortium\\.ts$' },
      to: { path: '^src/wings/gateway\\.ts$' },
    },
    {
      name: 'list-of-gateway-wings',
      severity: 'error',
      from: { path: '^src/wings/gateway\\.ts$' },
      to: { path: '^src/', pathNot: '^src/(gateway/wing\\.ts$|wings/[^/]+/gateway/)' },
    },
    {
      name: 'only-server-lists-server-wings',
      comment: 'What the wings bring to the servers is wired where everything is wired.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/server/' },
      to: { path: '^src/wings/server\\.ts$' },
    },
    {
      name: 'only-story-lists-story-wings',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/story/main\\.ts$' },
      to: { path: '^src/wings/story\\.ts$' },
    },
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'no-dev-in-product',
      severity: 'error',
      from: { path: '^src/', pathNot: '\\.(test|contract)\\.ts$' },
      to: { dependencyTypes: ['npm-dev'] },
    },
  ],
};
