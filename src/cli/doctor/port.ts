import { once } from 'node:events';
import { createServer } from 'node:net';

import type { AppConfig } from '../../config/app-config.js';
import { localUrl } from '../send/target.js';
import { codeOf, fault, ok, skipped, type Check } from './check.js';
import { probe } from './http-probe.js';

const NAME = 'port';

/** Whether the service answers on its port, or whether it could be started there. */
export async function checkPort({ host, port }: AppConfig): Promise<Check> {
  if (port === 0) return skipped(NAME, 'PORT is 0: each start gets another.');
  try {
    const server = createServer().listen({ host, port });
    await once(server, 'listening');
    server.close();
    await once(server, 'close');
    return ok(NAME, `${host}:${port} is free; the service does not run here.`);
  } catch (error) {
    const code = codeOf(error);
    if (code === 'EADDRINUSE') return checkService(new URL(`${localUrl(host, port)}/health/ready`));
    const told = `The service cannot listen on ${host}:${port} (${code}).`;
    const todo =
      code === 'EACCES' ? 'Ports below 1024 are for root: choose another PORT.' : 'Check HOST and PORT.';
    return fault(NAME, told, todo);
  }
}

async function checkService(url: URL): Promise<Check> {
  try {
    const { status, body } = await probe(url);
    const health = JSON.parse(body) as {
      status?: string;
      details?: Record<string, { status: string; message?: string }>;
    };
    if (typeof health.status !== 'string') throw new Error('no health');
    if (status === 200) return ok(NAME, `The service answers at ${url.origin}, and is ready.`);
    const down = Object.entries(health.details ?? {}).filter(([, { status: state }]) => state !== 'up');
    const told = down
      .map(([name, { message }]) => (message === undefined ? name : `${name} (${message})`))
      .join(', ');
    return fault(
      NAME,
      `The service answers at ${url.origin}, but is not ready: ${told || `status ${status}`}.`,
      'Look at its log.',
    );
  } catch {
    const told = `Something listens at ${url.origin} that does not answer as the service does.`;
    return fault(NAME, told, 'Stop it, or set PORT.');
  }
}
