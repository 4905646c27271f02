/**
 * `npm run test:image`: carries out the Dockerfile without a container engine, starts what comes out of it as a
 * container would be started, and looks whether it works. Needs Linux, root, bubblewrap and the package registry.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, lstatSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { freePort } from '../../support/free-port.js';
import { PATH, SECRET, signature } from '../../support/service.js';
import { environment, execForm, readStages, textsOf, type Stage } from '../dockerfile.js';
import { processIdOf, RootFolder, statusOf } from './sandbox.js';

const READY_LIMIT_MS = 30_000;
/** A listener as a user mounts it: it must get Nest and the package from the image. */
const LISTENER = `
import { Injectable, Logger, Module } from '@nestjs/common';
import { OnInteraction } from 'interactions-webhook';

class Probe {
  handle({ interactionId }) { new Logger('Probe').log('Handled ' + interactionId); }
}
Injectable()(Probe);
OnInteraction({ name: 'probe' })(Probe.prototype, 'handle', Object.getOwnPropertyDescriptor(Probe.prototype, 'handle'));
export class ProbeModule {}
Module({ providers: [Probe] })(ProbeModule);
`;

if (process.getuid?.() !== 0 || spawnSync('bwrap', ['--version']).error !== undefined) {
  console.error('Needs Linux, root and bubblewrap: apt-get install bubblewrap');
  process.exit(1);
}
const folder = mkdtempSync(join(tmpdir(), 'interactions-webhook-image-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
const stages = readStages();
const built = new Map<string | undefined, RootFolder>();
for (const [index, stage] of stages.entries()) built.set(stage.name, build(stage, index));
const [image, last] = [built.get(undefined), stages.at(-1)];
if (image === undefined || last === undefined)
  throw new Error('The last stage of the Dockerfile has a name.');
checkContent(image);
await checkContainer(image, last);
console.log('ok');

/** Carries out the instructions of a stage that change files. */
function build(stage: Stage, index: number): RootFolder {
  console.log(`FROM ${stage.base}${stage.name === undefined ? '' : ` AS ${stage.name}`}`);
  const root = new RootFolder(join(folder, String(index)));
  let cwd = '/';
  for (const { keyword, text, from } of stage.instructions) {
    if (['WORKDIR', 'COPY', 'RUN'].includes(keyword)) console.log(`${keyword} ${text}`);
    if (keyword === 'WORKDIR') mkdirSync(root.at((cwd = text)), { recursive: true });
    if (keyword === 'RUN') root.build(text, { cwd });
    if (keyword === 'COPY') copy(root, cwd, text.split(' '), from);
  }
  return root;
}

function copy(root: RootFolder, cwd: string, paths: readonly string[], from: string | undefined): void {
  const source = from === undefined ? context() : built.get(from)?.path;
  const target = root.at(join(cwd, paths.at(-1) ?? ''));
  for (const path of paths.slice(0, -1)) {
    // A folder is copied as its content; into "./", everything goes by its own name.
    const named = paths.at(-1) === './' ? join(target, basename(path)) : target;
    cpSync(join(source ?? '', path), named, { recursive: true, verbatimSymlinks: true });
  }
}

/** What the .dockerignore lets through. */
function context(): string {
  const path = join(folder, 'context');
  if (existsSync(path)) return path;
  const lines = readFileSync('.dockerignore', 'utf8').split('\n');
  const wanted = lines.filter((line) => line.startsWith('!')).map((line) => line.slice(1));
  for (const name of wanted.filter((name) => existsSync(name))) {
    const filter = (file: string): boolean => !/\.spec\.ts$|\/node_modules$/.test(file);
    cpSync(name, join(path, name), { recursive: true, filter });
  }
  return path;
}

/** What must not be in the image, and who its files belong to. */
function checkContent(image: RootFolder): void {
  for (const path of ['lib/node_modules', 'bin/npm', 'bin/npx']) {
    expect(!existsSync(image.local(path)), `/usr/local/${path} is gone`);
  }
  const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as Record<string, object>;
  for (const name of ['typescript', 'vite', 'jest', ...Object.keys(manifest['optionalDependencies'] ?? {})]) {
    expect(!existsSync(image.at(`app/node_modules/${name}`)), `${name} is left out`);
  }
  expect(lstatSync(image.at('app/dist/main.js')).uid === 0, 'the code belongs to root');
  expect((lstatSync(image.at('data')).mode & 0o777) === 0o700, '/data is for the service alone');
  const [size = ''] = execFileSync('du', ['-sh', image.at('app')], { encoding: 'utf8' }).split('\t');
  console.log(`  ${size} in /app`);
}

/** Starts the image, sends it a webhook, and stops it. */
async function checkContainer(image: RootFolder, stage: Stage): Promise<void> {
  const port = await freePort();
  image.write('listeners/probe.module.js', LISTENER);
  image.write('run/secrets/webhook', `${SECRET}\n`, 0o444);
  const env = {
    ...environment(textsOf(stage, 'ENV').join(' ')),
    HOST: '127.0.0.1',
    PORT: String(port),
    LISTENERS: '/listeners/probe.module.js',
    WEBHOOK_SECRET_FILE: '/run/secrets/webhook',
  };
  const cwd = textsOf(stage, 'WORKDIR').at(-1) ?? '/';
  const [user = ''] = textsOf(stage, 'USER');
  const entry = [
    ...execForm(textsOf(stage, 'ENTRYPOINT')[0] ?? ''),
    ...execForm(textsOf(stage, 'CMD')[0] ?? ''),
  ];
  const options = ['--bind', image.at('data'), '/data'];
  const service = image.start(entry, user, { cwd, env, options });
  let output = '';
  for (const stream of [service.stdout, service.stderr]) {
    stream?.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
  }
  const ended = once(service, 'exit') as Promise<[number | null]>;
  const health = async (): Promise<number | null> => {
    const probe = image.start(execForm(textsOf(stage, 'HEALTHCHECK')[0] ?? ''), user, { cwd, env });
    const [code] = (await once(probe, 'exit')) as [number | null];
    return code;
  };
  const url = `http://127.0.0.1:${port}`;
  const until = async (what: string, met: () => Promise<boolean>): Promise<void> => {
    const limit = Date.now() + READY_LIMIT_MS;
    while (!(await met().catch(() => false))) {
      if (service.exitCode !== null || Date.now() > limit) throw new Error(`Not ${what}:\n${output}`);
      await delay(50);
    }
    console.log(`  ${what}`);
  };

  const pid = await processIdOf(service);
  await until('ready', async () => (await fetch(`${url}/health/ready`)).ok);
  expect(statusOf(pid, 'Uid').startsWith('1000\t'), 'it does not run as root');
  expect(/^0+$/.test(statusOf(pid, 'CapEff')), 'it has no capabilities');
  expect(statusOf(pid, 'NSpid').endsWith('\t1'), 'Node is process 1');
  expect((await health()) === 0, 'the health check says healthy');
  const body = { data: { entities: [{ event: 'STARTED', entity: { id: 'image-1' } }] } };
  const headers = { 'content-type': 'application/json', 'x-hub-signature': signature(body) };
  const answer = await fetch(`${url}${PATH}`, { method: 'POST', body: JSON.stringify(body), headers });
  expect(answer.status === 200, 'a webhook is answered 200');
  await until('handled by the mounted listener', () => Promise.resolve(output.includes('Handled image-1')));
  expect(existsSync(image.at('data/interactions.db')), 'the store is in /data');
  process.kill(pid, 'SIGTERM');
  const [code] = await ended;
  expect(code === 0, 'SIGTERM ends it with 0');
  expect((await health()) === 1, 'the health check says unhealthy');
  expect(!/"level":(40|50|60)|LISTENERS:/.test(output), 'nothing went wrong on the way');
}

function expect(holds: boolean, what: string): void {
  if (!holds) throw new Error(`It does not hold that ${what}.`);
  console.log(`  ${what}`);
}
