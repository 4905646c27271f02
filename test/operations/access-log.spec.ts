import { afterEach, beforeEach, expect, it } from '@jest/globals';

import { TOKENS } from '../support/operators.js';
import { StartFolder } from '../support/start-folder.js';

let folder: StartFolder;
beforeEach(() => {
  folder = new StartFolder();
});
afterEach(() => folder.remove());

it('every wrong token leaves a line in the log that names the address, and no token', async () => {
  const service = await folder.start({ ...TOKENS, NODE_ENV: 'production' });
  const url = `http://127.0.0.1:${service.port}/api/v1/session`;
  const wrong = 'a-wrong-token-that-somebody-tries';
  const bearer = (token: string): Promise<Response> =>
    fetch(url, { headers: { authorization: `Bearer ${token}` } });
  const signIn = (token: string): Promise<Response> =>
    fetch(url, {
      method: 'POST',
      body: JSON.stringify({ token }),
      headers: { 'content-type': 'application/json', 'x-requested-by': 'tests' },
    });
  const answers = [await bearer(wrong), await signIn(wrong), await bearer(TOKENS.OPERATOR_TOKEN)];
  answers.push(await signIn(TOKENS.VIEWER_TOKEN));
  expect(answers.map(({ status }) => status)).toEqual([401, 401, 200, 204]);
  await service.end();

  const lines = service.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .filter(({ context }) => context === 'Operations');
  const refused = { level: 'warn', status: 401, ip: '127.0.0.1', msg: 'Refused: The token is not valid.' };
  expect(lines.filter(({ level }) => level === 'warn')).toEqual([
    expect.objectContaining({ ...refused, method: 'GET' }),
    expect.objectContaining({ ...refused, method: 'POST' }),
  ]);
  for (const token of [wrong, ...Object.values(TOKENS)]) expect(service.output).not.toContain(token);
});
