import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { TOKENS } from '../support/operators.js';
import { RawSocket } from '../support/raw-socket.js';
import { StartFolder } from '../support/start-folder.js';

let folder: StartFolder;
beforeEach(() => {
  folder = new StartFolder();
});
afterEach(() => folder.remove());

const OPERATIONS = /Listening for operators on http:\/\/127\.0\.0\.1:(\d+)"/;

describe('a process that is told to stop', () => {
  it('ends cleanly while streams, sessions and silent connections are open on both ports', async () => {
    const service = await folder.start({ ...TOKENS, OPERATIONS_PORT: '0' });
    const operations = Number(OPERATIONS.exec(service.stdout)?.[1]);
    const stream = await RawSocket.open(operations);
    await stream.write(
      `GET /api/v1/stream HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${TOKENS.OPERATOR_TOKEN}\r\n\r\n`,
    );
    expect((await stream.answer()).status).toBe(200);
    const silent = [await RawSocket.open(operations), await RawSocket.open(service.port)];
    // Not 70, which is what it ends with by itself when that takes too long.
    expect(await service.end('SIGTERM')).toEqual({ code: 0, signal: null });
    await Promise.all([stream, ...silent].map(({ closed }) => closed));
    expect(service.stderr).toBe('');
  });
});
