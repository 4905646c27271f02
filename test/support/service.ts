import { createSecretKey } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { request, type IncomingHttpHeaders } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Type } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';

import { createApp, type AppOptions } from '../../src/app.js';
import { AppConfig, type Environment } from '../../src/config/app-config.js';
import { Store } from '../../src/store/store.js';
import { sign } from '../../src/webhook/signature.js';
import { databaseEnv, removeDatabase } from './engine.js';

/** The secret of the channel `default` in tests. */
export const SECRET = 'test-secret';
/** The webhook's path. */
export const PATH = '/nexus/v3/some/interactions/webhook/path';

/** An answer, read to its end. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** The parsed body. */
  readonly json: any; // eslint-disable-line @typescript-eslint/no-explicit-any -- tests compare it as it is
}

/** A service that really listens, on a data folder of its own. */
export class TestService {
  private constructor(
    readonly app: NestFastifyApplication,
    readonly port: number,
    readonly dataDir: string,
    private readonly ownsData: boolean,
  ) {}

  /**
   * Starts a service.
   *
   * @param env variables beside those that every test has.
   * @param options listeners; `dataDir` to start on the data of a service that has ended.
   */
  static async start(
    env: Environment = {},
    options: AppOptions & { dataDir?: string } = {},
  ): Promise<TestService> {
    const dataDir = options.dataDir ?? mkdtempSync(join(tmpdir(), 'interactions-webhook-'));
    const config = AppConfig.load({
      WEBHOOK_SECRET: SECRET,
      DATA_DIR: dataDir,
      ...(await databaseEnv(dataDir)),
      PORT: '0',
      LOG_LEVEL: 'silent',
      AUDIT_LOG: 'off',
      ...env,
    });
    const app = await createApp(config, options);
    await app.listen({ host: config.host, port: config.port });
    const { port } = new URL(await app.getUrl());
    return new TestService(app, Number(port), dataDir, options.dataDir === undefined);
  }

  /** Stops the service, and removes its data unless another service owns them. */
  async stop(): Promise<void> {
    await this.app.close();
    if (!this.ownsData) return;
    await removeDatabase(this.dataDir);
    rmSync(this.dataDir, { recursive: true, force: true });
  }

  get store(): Store {
    return this.app.get(Store);
  }

  get<T extends object>(type: Type<T>): T {
    return this.app.get(type, { strict: false });
  }

  /** POSTs a body, signed with {@link SECRET}; `headers` are added, and `undefined` ones left out. */
  post(
    body: string | Buffer | object,
    headers: Record<string, string | undefined> = {},
    path = PATH,
  ): Promise<Answer> {
    const bytes = toBytes(body);
    return this.send('POST', path, bytes, {
      'content-type': 'application/json',
      'x-hub-signature': signature(bytes),
      ...headers,
    });
  }

  /** Sends any request. */
  send(
    method: string,
    path: string,
    body?: Buffer,
    headers: Record<string, string | undefined> = {},
  ): Promise<Answer> {
    const defined = Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== undefined));
    return new Promise((resolve, reject) => {
      const length = body === undefined ? {} : { 'content-length': String(body.length) };
      const options = {
        host: '127.0.0.1',
        port: this.port,
        method,
        path,
        headers: { ...length, ...defined },
        agent: false,
      };
      const sent = request(options as object, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString();
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            text,
            get json(): unknown {
              return JSON.parse(text) as unknown;
            },
          });
        });
      });
      sent.on('error', reject);
      sent.end(body);
    });
  }
}

/** The value of X-Hub-Signature for a body. */
export function signature(body: string | Buffer | object, secret = SECRET): string {
  return sign(createSecretKey(secret, 'utf8'), toBytes(body));
}

/** The bytes of a body: objects as JSON. */
export function toBytes(body: string | Buffer | object): Buffer {
  if (Buffer.isBuffer(body)) return body;
  return Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
}

let counter = 0;

/** A valid payload with one event, unlike any before. */
export function payload(type: 'STARTED' | 'FINISHED' = 'STARTED', id = `interaction-${++counter}`): object {
  return {
    operationId: `operation-${++counter}`,
    data: {
      entities: [{ event: type, entity: { id, mediaType: 'chat', interactionSubtype: 'InboundNew' } }],
    },
  };
}
