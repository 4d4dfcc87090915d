// Who may import whom. The folders are the architecture; anything not listed is an error.
const mayImport = {
  primitives: [],
  crypto: ['primitives'],
  ledger: ['primitives', 'crypto/(hash|labels|ed25519-strict)'],
  api: ['primitives', 'ledger', 'crypto/(hash|labels)'],
  engines: ['primitives', 'crypto', 'ledger'],
  storage: ['primitives', 'crypto/hash'],
  gateway: [
    'primitives',
    'crypto/(hash|labels|signature|letter|random)',
    'ledger',
    'api',
    'engines/engine',
    'storage/(blob-store|car)',
  ],
  sdk: ['primitives', 'crypto', 'ledger', 'api', 'storage/(blob-id|car)'],
  server: ['(?!cli).*'],
  // The single files: the command `check-receipt` without the command line around it.
  verifier: ['primitives', 'sdk/receipt', 'cli/(files|global-flags|receipt-text|refusal)'],
  cli: ['primitives', 'crypto/hash', 'sdk', 'server'],
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
      name: 'pure-core',
      comment: 'Rules, formats and the SDK run in a browser too: no Node built-ins.',
      severity: 'error',
      from: {
        path: '^src/(primitives|crypto|ledger|api|sdk)/',
        pathNot: '(^src/crypto/platform/|^src/sdk/node/|\\.test\\.ts$)',
      },
      to: { dependencyTypes: ['core'] },
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
