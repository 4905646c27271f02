/** Writes openapi.json, the committed contract of the service; with `--check`, says whether it is up to date. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { createApp } from '../src/app.js';
import { AppConfig } from '../src/config/app-config.js';
import { createDocument } from '../src/http/docs.js';

const FILE = join(import.meta.dirname, '..', 'openapi.json');

const dataDir = mkdtempSync(join(tmpdir(), 'interactions-webhook-openapi-'));
try {
  const text = await documentText();
  if (!process.argv.includes('--check')) {
    writeFileSync(FILE, text);
  } else if (readFileSync(FILE, 'utf8') !== text) {
    console.error(
      'openapi.json is not what the service serves: run npm run openapi, and look at what changed.',
    );
    process.exitCode = 1;
  }
} finally {
  rmSync(dataDir, { recursive: true, force: true });
}

/** The document of a service that has nothing but defaults. It is closed without having listened. */
async function documentText(): Promise<string> {
  const config = AppConfig.load({ DATA_DIR: dataDir, WEBHOOK_SECRET: 'unused', LOG_LEVEL: 'silent' });
  const app = await createApp(config);
  try {
    return `${JSON.stringify(createDocument(app, config), null, 2)}\n`;
  } finally {
    await app.close();
  }
}
