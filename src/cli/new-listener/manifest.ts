import { createRequire } from 'node:module';

import type { Names } from './names.js';

interface Manifest {
  readonly version: string;
  readonly dependencies: Readonly<Record<'@nestjs/common', string>>;
  readonly devDependencies: Readonly<Record<'@types/node' | 'typescript', string>>;
  readonly optionalDependencies: Readonly<Record<string, string>>;
}

/**
 * The package.json of a new listener.
 *
 * Nest is the service's, in one copy: a second one would have other class tokens and a logger of its own. So
 * where the listener is installed Nest and the service are peers, and here they are what the service needs.
 */
export function manifestOf({ name, packageName }: Names): object {
  const own = createRequire(import.meta.url)('../../../package.json') as Manifest;
  const nest = own.dependencies['@nestjs/common'];
  return {
    name: packageName,
    version: '0.1.0',
    private: true,
    description: `The listener "${name}" for interactions-webhook.`,
    type: 'module',
    main: `./dist/${name}.module.js`,
    types: `./dist/${name}.module.d.ts`,
    files: ['dist', '!dist/**/*.spec.*', '!dist/.tsbuildinfo'],
    scripts: {
      build: 'tsc',
      test: 'tsc && node --enable-source-maps --test "dist/**/*.spec.js"',
      start: 'interactions-webhook start --watch --listeners ./',
      send: 'interactions-webhook send',
      prepack: 'npm run build',
    },
    peerDependencies: {
      '@nestjs/common': `^${/\d+/.exec(nest)?.[0] ?? ''}`,
      'interactions-webhook': `^${own.version}`,
    },
    devDependencies: {
      '@nestjs/common': nest,
      '@types/node': own.devDependencies['@types/node'],
      'interactions-webhook': `^${own.version}`,
      typescript: own.devDependencies.typescript,
    },
    // Node itself, first on the PATH of npm's scripts, whatever Node runs npm.
    optionalDependencies: own.optionalDependencies,
    // A package below reports its installation.
    allowScripts: { '@scarf/scarf': false },
    scarfSettings: { enabled: false },
  };
}

/** The tsconfig.json of a new listener. */
export const TSCONFIG = {
  compilerOptions: {
    target: 'es2024',
    module: 'nodenext',
    types: ['node'],
    strict: true,
    experimentalDecorators: true,
    emitDecoratorMetadata: true,
    skipLibCheck: true,
    declaration: true,
    sourceMap: true,
    rootDir: 'src',
    outDir: 'dist',
    incremental: true,
    tsBuildInfoFile: 'dist/.tsbuildinfo',
  },
  include: ['src'],
};
