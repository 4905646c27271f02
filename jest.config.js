/** Jest runs the TypeScript sources as ES modules; see test/support/typescript.mjs for the store's thread. */
const common = {
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: {
          target: 'es2024',
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true },
        },
        module: { type: 'es6' },
      },
    ],
  },
};

/** What is of one engine alone is in a file named after it. */
const OF_POSTGRES = '\\.postgres\\.spec\\.ts$';
const OF_SQLITE = '\\.sqlite\\.spec\\.ts$';

export default {
  // A limit for what hangs, and not for a machine that is slow or busy.
  testTimeout: 60_000,
  // Most tests wait for processes; and what modules leave behind in a worker goes with it.
  maxWorkers: 2,
  workerIdleMemoryLimit: '1GB',
  projects: [
    {
      ...common,
      displayName: 'sqlite',
      roots: ['<rootDir>/src', '<rootDir>/test'],
      testMatch: ['**/*.spec.ts'],
      testPathIgnorePatterns: ['/node_modules/', OF_POSTGRES],
    },
    {
      ...common,
      displayName: 'postgres',
      roots: ['<rootDir>/test'],
      testMatch: [
        '**/test/{store,delivery,simulation}/**/*.spec.ts',
        // What operators are told and do, by queries that both engines understand.
        '**/test/operations/{audit,reads,stats,stream,writes}*.spec.ts',
        '**/test/http/{duplicates,quarantine,channels}.spec.ts',
        '**/test/listeners/interactions.spec.ts',
        '**/*.postgres.spec.ts',
      ],
      testPathIgnorePatterns: ['/node_modules/', OF_SQLITE],
      globals: { ENGINE: 'postgres' },
      globalSetup: '<rootDir>/test/support/postgres-setup.mjs',
      globalTeardown: '<rootDir>/test/support/postgres-teardown.mjs',
    },
  ],
};
