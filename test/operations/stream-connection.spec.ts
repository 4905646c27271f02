import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { StreamConnection, type StreamLimits } from '../../src/operations/stream/stream-connection.js';
import { StreamReader } from './stream-reader.js';

const GENEROUS: StreamLimits = { bufferBytes: 1024 * 1024, drainMs: 60_000, heartbeatMs: 60_000 };
const TEXT = JSON.stringify('x'.repeat(64 * 1024));

let server: Server;
let port: number;
beforeEach(async () => {
  server = createServer().listen(0);
  await once(server, 'listening');
  ({ port } = server.address() as AddressInfo);
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

/** Opens a connection with these limits, seen from both ends. */
async function connect(
  limits: Partial<StreamLimits> = {},
  lifetimeMs?: number,
): Promise<{ connection: StreamConnection; reader: StreamReader }> {
  const accepted = new Promise<StreamConnection>((resolve) => {
    server.once('request', (_, response) => {
      resolve(
        new StreamConnection(response, { 'x-of-before': 'kept' }, lifetimeMs, { ...GENEROUS, ...limits }),
      );
    });
  });
  const reader = await StreamReader.open({ port, path: '/' });
  return { connection: await accepted, reader };
}

describe('a connection', () => {
  it('sends events to a reader that reads, as many as there are', async () => {
    const { connection, reader } = await connect();
    expect(reader.response.headers).toMatchObject({ 'x-of-before': 'kept', 'x-accel-buffering': 'no' });
    for (let id = 1; id <= 200; id++) {
      connection.send('event', TEXT, id);
      await connection.drained();
    }
    await reader.has('event', 200);
    expect(connection.ended.aborted).toBe(false);
    connection.close();
    await reader.ended;
    expect(reader.response.complete).toBe(true);
  });

  it('is cut off when more waits for its reader than may', async () => {
    const { connection, reader } = await connect();
    reader.response.pause();
    let sent = 0;
    while (!connection.ended.aborted) {
      connection.send('attempt', TEXT);
      sent += TEXT.length;
      // What the system takes by itself is some megabytes.
      if (sent > 256 * 1024 * 1024) throw new Error('It was never cut off.');
      await new Promise((resolve) => setImmediate(resolve));
    }
    reader.response.resume();
    await reader.ended;
    expect(reader.response.complete).toBe(false);
  });

  it('is cut off when its reader takes too long, however little waits for it', async () => {
    const { connection, reader } = await connect({ drainMs: 50, bufferBytes: Infinity });
    reader.response.pause();
    const ended = once(connection.ended, 'abort');
    // Until the system takes no more.
    for (let i = 0; i < 500 && !connection.ended.aborted; i++) connection.send('event', TEXT, i);
    await connection.drained();
    await ended;
    expect(connection.ended.aborted).toBe(true);
  });

  it('sends comments while nothing happens', async () => {
    const { connection, reader } = await connect({ heartbeatMs: 5 });
    while (reader.comments < 2) await once(reader.response, 'data');
    connection.close();
    await reader.ended;
    expect(reader.events).toEqual([]);
  });

  it('ends when its time is over', async () => {
    const { connection, reader } = await connect({}, 20);
    await reader.ended;
    expect([reader.response.complete, connection.ended.aborted]).toEqual([true, true]);
  });

  it('notices that its reader has gone', async () => {
    const { connection, reader } = await connect();
    const ended = once(connection.ended, 'abort');
    reader.cut();
    await ended;
    connection.send('event', '{}', 1);
    await connection.drained();
    expect(connection.ended.aborted).toBe(true);
  });
});
