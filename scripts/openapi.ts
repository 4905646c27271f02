/** Writes openapi.json and openapi.operations.json, the committed contracts of the service; with `--check`, says whether they are up to date. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { createApp } from '../src/app.js';
import { AppConfig } from '../src/config/app-config.js';
import { createOperationsDocument } from '../src/operations/document.js';
import { createDocument } from '../src/webhook/document.js';

const dataDir = mkdtempSync(join(tmpdir(), 'interactions-webhook-openapi-'));
try {
  for (const [name, text] of Object.entries(await documents())) {
    const file = join(import.meta.dirname, '..', name);
    if (!process.argv.includes('--check')) {
      writeFileSync(file, text);
    } else if (!existsSync(file) || readFileSync(file, 'utf8') !== text) {
      console.error(`${name} is not what the service serves: run npm run openapi, and look at what changed.`);
      process.exitCode = 1;
    }
  }
} finally {
  rmSync(dataDir, { recursive: true, force: true });
}

/** The documents of a service that has operators, and else nothing but defaults. It is closed without having listened. */
async function documents(): Promise<Record<string, string>> {
  const config = AppConfig.load({
    DATA_DIR: dataDir,
    WEBHOOK_SECRET: 'unused',
    OPERATOR_TOKEN: 'a-token-that-is-unused',
    LOG_LEVEL: 'silent',
  });
  const app = await createApp(config);
  try {
    return {
      'openapi.json': toText(createDocument(app, config)),
      'openapi.operations.json': toText(createOperationsDocument(app)),
    };
  } finally {
    await app.close();
  }
}

function toText(document: object): string {
  return `${JSON.stringify(document, null, 2)}\n`;
}
