import { readFileSync } from 'node:fs';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { OpenAPIObject } from '@nestjs/swagger';
import { parse } from 'yaml';

import { TOKENS } from '../support/operators.js';
import { TestService } from '../support/service.js';

let service: TestService;
let document: OpenAPIObject;
beforeAll(async () => {
  service = await TestService.start(TOKENS);
  document = (await service.send('GET', '/docs-operations-json')).json as OpenAPIObject;
});
afterAll(() => service.stop());

type Operation = NonNullable<OpenAPIObject['paths'][string]['get']>;

/** Every operation, by its method and path. */
function operations(): [name: string, operation: Operation][] {
  return Object.entries(document.paths).flatMap(([path, item]) =>
    (['get', 'post', 'put', 'patch', 'delete'] as const).flatMap((method): [string, Operation][] => {
      const operation = item[method];
      return operation === undefined ? [] : [[`${method.toUpperCase()} ${path}`, operation]];
    }),
  );
}

describe("the document of the operators' API", () => {
  it('is the committed openapi.operations.json; if not, run npm run openapi', () => {
    expect(JSON.parse(readFileSync('openapi.operations.json', 'utf8'))).toEqual(document);
  });

  it('is the same at /docs-operations-yaml', async () => {
    expect(parse((await service.send('GET', '/docs-operations-yaml')).text)).toEqual(document);
  });

  it('changes nothing in the document of the webhook', async () => {
    const webhook = (await service.send('GET', '/docs-json')).json as OpenAPIObject;
    expect(JSON.parse(readFileSync('openapi.json', 'utf8'))).toEqual(webhook);
  });

  it('has nothing but what is below /api/v1', () => {
    expect(operations().length).toBeGreaterThan(20);
    for (const path of Object.keys(document.paths)) expect(path).toMatch(/^\/api\/v1\//);
  });

  it('demands a token or a session of every operation but the one that opens a session', () => {
    const open = operations().filter(([, { security }]) => (security ?? []).length === 0);
    expect(open.map(([name]) => name)).toEqual(['POST /api/v1/session']);
  });

  it('demands X-Requested-By of whatever writes, and of nothing else', () => {
    for (const [name, { parameters = [] }] of operations()) {
      const demanded = parameters.some(
        (parameter) => 'name' in parameter && parameter.name === 'X-Requested-By',
      );
      expect([name, demanded]).toEqual([name, !name.startsWith('GET ')]);
    }
  });

  it('gives every operation a name, a summary, a tag that is described, and the answers that all have', () => {
    const names = operations().map(([, { operationId }]) => operationId);
    expect(new Set(names).size).toBe(names.length);
    const tags = document.tags?.map(({ name }) => name);
    for (const [name, { summary, tags: [tag] = [], responses }] of operations()) {
      expect([name, summary]).toEqual([name, expect.stringMatching(/./)]);
      expect(tags).toContain(tag);
      expect([name, Object.keys(responses)]).toEqual([name, expect.arrayContaining(['401', '429', '503'])]);
    }
  });

  it('is not there where operators are off', async () => {
    const without = await TestService.start();
    const answer = await without.send('GET', '/docs-operations-json');
    await without.stop();
    expect(answer.status).toBe(404);
  });
});
