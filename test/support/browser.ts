import { execFile } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';

import { chromium, type Browser, type LaunchOptions } from 'playwright-core';

const run = promisify(execFile);

/**
 * A real Chromium without a window: the one of the npm package, else the system's.
 *
 * @throws AggregateError with what each of them said, when none starts.
 */
export async function openBrowser(): Promise<Browser> {
  const failures: unknown[] = [];
  for (const options of [packaged, ...SYSTEM.map((place) => () => place)]) {
    try {
      return await chromium.launch(await options());
    } catch (error) {
      failures.push(error);
    }
  }
  const reasons = failures.map((failure) => (failure as Error).message).join('\n');
  throw new AggregateError(failures, `No browser starts; install Chromium or Google Chrome.\n${reasons}`);
}

/** Where a system has a Chromium, under whatever name. */
const SYSTEM: readonly LaunchOptions[] = [
  { executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] },
  { executablePath: '/usr/bin/chromium-browser', args: ['--no-sandbox'] },
  { channel: 'chrome' },
  { channel: 'msedge' },
];

/** The package's Chromium, for Linux on x64, with the libraries and the font that a bare system lacks. */
async function packaged(): Promise<LaunchOptions> {
  if (process.platform !== 'linux' || process.arch !== 'x64')
    throw new Error('Not packaged for this system.');
  const folder = await unpacked();
  return {
    executablePath: join(folder, 'chromium'),
    // Root may not use the sandbox, and the pages are ours.
    args: ['--no-sandbox', '--no-zygote', '--disable-gpu'],
    env: {
      ...process.env,
      LD_LIBRARY_PATH: join(folder, 'al2023', 'lib'),
      FONTCONFIG_FILE: join(folder, 'fonts.conf'),
    },
  };
}

/** Unpacks once for all runs: beside its place, so that whoever looks sees the whole or nothing. */
async function unpacked(): Promise<string> {
  const require = createRequire(import.meta.url);
  const home = resolve(dirname(require.resolve('@sparticuz/chromium')), '..');
  const { version } = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8')) as { version: string };
  const cache = resolve('node_modules/.cache');
  const folder = join(cache, `chromium-${version}`);
  if (existsSync(folder)) return folder;
  mkdirSync(cache, { recursive: true });
  const staging = mkdtempSync(join(cache, 'unpacking-'));
  try {
    // In a process of its own, since the package takes no other place than the folder for temporary files,
    // and unpacks its libraries only where it believes to be in the cloud.
    const unpack = "(await import('@sparticuz/chromium')).default.executablePath()";
    const env = { ...process.env, TMPDIR: staging, AWS_LAMBDA_JS_RUNTIME: 'nodejs24.x' };
    await run(process.execPath, ['--input-type=module', '--eval', `await ${unpack}`], { env });
    const fonts = `<fontconfig><dir>${folder}/fonts</dir><cachedir>${folder}/font-cache</cachedir></fontconfig>`;
    writeFileSync(join(staging, 'fonts.conf'), fonts);
    // Whoever runs the tests next may be somebody else.
    for (const path of [staging, join(staging, 'chromium')]) chmodSync(path, 0o755);
    renameSync(staging, folder);
  } catch (error) {
    rmSync(staging, { recursive: true, force: true });
    if (!existsSync(folder)) throw error;
  }
  return folder;
}
