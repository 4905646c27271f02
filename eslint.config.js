import js from '@eslint/js';
import { createNodeResolver, importX } from 'eslint-plugin-import-x';
import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';

/**
 * Who may import whom, by folder of `src` (docs: "Rooms" of the design): nothing points back up. Folders
 * that are not listed, and the files in `src` itself, put the others together and know them all.
 */
const ROOMS = {
  config: [],
  store: ['config'],
  events: ['store', 'config', 'observability'],
  // Of the webhook the quarantine alone, where operators put back what was held (docs/decisions/0021).
  operations: [
    'events',
    'store',
    'config',
    'observability',
    'http',
    'webhook/quarantine.service.ts',
    'webhook/quarantine.module.ts',
  ],
  webhook: ['events', 'store', 'config', 'observability', 'http'],
  // What every answer and every request shares.
  http: ['config', 'observability'],
  // The health checks ask the store; all else here knows nobody.
  observability: ['store', 'config'],
  // What a listener's author imports from the package, and, as these ship with it, the store for their tables.
  listeners: [
    'events/on-interaction.decorator.ts',
    'events/interaction-event.ts',
    'events/delivery.ts',
    'events/clock.ts',
    'config',
    'store/store.ts',
    'store/schema.ts',
    'store/keys.ts',
  ],
};

const zones = Object.entries(ROOMS).map(([room, known]) => ({
  target: `./src/${room}`,
  from: './src',
  except: [room, ...known].map((path) => `./${path}`),
  message: `src/${room} may import from ${known.length > 0 ? known.join(', ') : 'itself'} alone; see ROOMS in eslint.config.js.`,
}));

// The page shares with the service what is told of a type, and no code.
zones.push({
  target: './console',
  from: './src',
  except: ['./operations'],
  message: 'console may import types of src/operations alone.',
});

const ENVIRONMENT = 'Inject AppConfig: the environment is read in src/config alone.';
const SQL = 'SQL lives in src/store alone.';
const WHOLE_SUITE = 'Every test runs, always.';

export default defineConfig(
  { ignores: ['dist/', 'data/', 'coverage/', 'test-results/'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error', reportUnusedInlineConfigs: 'error' } },
  js.configs.recommended,
  {
    languageOptions: {
      globals: { process: 'readonly', console: 'readonly', Buffer: 'readonly', URL: 'readonly' },
    },
  },
  {
    files: ['**/*.{ts,tsx}'],
    extends: [tseslint.configs.strictTypeChecked],
    plugins: { 'import-x': importX },
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    settings: {
      'import-x/extensions': ['.ts', '.tsx'],
      'import-x/parsers': { '@typescript-eslint/parser': ['.ts', '.tsx'] },
      'import-x/resolver-next': [
        // With nodenext, a TypeScript file is imported by the name of what it compiles to.
        createNodeResolver({
          extensions: ['.ts', '.tsx', '.js'],
          extensionAlias: { '.js': ['.ts', '.tsx', '.js'] },
        }),
      ],
    },
    rules: {
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      'import-x/no-cycle': 'error',
      'import-x/no-self-import': 'error',
      'import-x/no-restricted-paths': ['error', { basePath: import.meta.dirname, zones }],
      // A module of Nest is a class whose decorator is all there is to it.
      '@typescript-eslint/no-extraneous-class': ['error', { allowWithDecorator: true }],
      // What Nest and OpenAPI take as classes, for their decorators, are plain objects where they are made.
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      // `(error) => reject(error)` says what it does; a value that is used by mistake is still refused.
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      // `{ left, ...rest }` is how a field is left out.
      '@typescript-eslint/no-unused-vars': ['error', { ignoreRestSiblings: true }],
      // Numbers print the same everywhere; what prints badly (objects, undefined) is still refused.
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
    },
  },
  {
    files: ['src/operations/**/*.ts'],
    // As above: its answers are plain objects, and are made of one another.
    rules: { '@typescript-eslint/no-misused-spread': 'off' },
  },
  {
    files: ['src/**/*.ts'],
    ignores: ['src/config/**', 'src/start.ts', 'src/cli/**'],
    rules: {
      'no-restricted-properties': ['error', { object: 'process', property: 'env', message: ENVIRONMENT }],
    },
  },
  {
    files: ['src/**/*.ts'],
    ignores: ['src/store/**'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          paths: [
            { name: 'process', message: 'Use the global.' },
            { name: 'node:process', message: 'Use the global.' },
            { name: 'better-sqlite3', message: SQL },
            { name: 'kysely', message: SQL },
          ],
        },
      ],
    },
  },
  {
    files: ['test/**/*.ts', 'src/**/*.spec.ts'],
    rules: {
      'no-restricted-properties': [
        'error',
        ...['it', 'test', 'describe'].flatMap((object) =>
          ['skip', 'only', 'todo', 'failing'].map((property) => ({ object, property, message: WHOLE_SUITE })),
        ),
      ],
    },
  },
);
