import { readFileSync } from 'node:fs';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { OpenAPIObject } from '@nestjs/swagger';
import { parse } from 'yaml';

import { Lifecycle } from '../../src/observability/lifecycle.js';
import { PATH, payload, TestService, type Answer } from '../support/service.js';

const OPERATION_PATH = '/some/interactions/webhook/path';
const CHANNEL_PATH = `${OPERATION_PATH}/{channel}`;

type Operation = NonNullable<OpenAPIObject['paths'][string]['post']>;
type Schemas = Record<string, { type: string; properties: Record<string, object>; required?: string[] }>;

/** A text of the vendor's page, as a schema. */
const text = (example?: string): object => ({ type: 'string', ...(example !== undefined && { example }) });
const listed = (values: readonly string[], example: string): object => ({ ...text(example), enum: values });
const model = (name: string): object => ({ $ref: `#/components/schemas/${name}` });
const listOf = (name: string): object => ({ type: 'array', items: model(name) });

/** The models of the vendor's page: what each field is, and whether it has to be there. */
const MODELS: [name: string, required: string[], fields: Record<string, object>][] = [
  [
    'entity',
    [],
    {
      id: text('8e09e19f-b8ba-4db0-b6e7-dfc8a7776176'),
      mediaType: listed(['chat', 'email'], 'chat'),
      interactionSubtype: listed(
        [
          'InboundNew',
          'Outbound',
          'SMS',
          'WhatsApp',
          'FacebookPublic',
          'FacebookPrivate',
          'TwitterPublic',
          'TwitterPrivate',
        ],
        'InboundNew',
      ),
      selfUri: text(
        'NexusURL/nexus/v3/chat/sessions/49a0ed5c-77b8-4091-a0c2-1d904ff709b0/8e09e19f-b8ba-4db0-b6e7-dfc8a7776176',
      ),
    },
  ],
  ['Event', [], { event: listed(['STARTED', 'FINISHED'], 'FINISHED'), entity: model('entity') }],
  ['data', [], { entities: listOf('Event') }],
  ['EventsPayload', [], { operationId: text('f6c49d91-926b-4473-b2f3-8d8fd295c968'), data: model('data') }],
  ['status', ['code', 'message'], { code: { type: 'integer' }, message: text() }],
  ['ids', ['id'], { id: text() }],
  // The page calls this one "data" too; a document has one model of a name.
  ['EventsResponseData', ['ids'], { ids: listOf('ids') }],
  ['EventsResponse', ['status', 'data'], { status: model('status'), data: model('EventsResponseData') }],
  // Ours: every answer but 200.
  ['ErrorResponse', ['status'], { status: model('status'), errors: { type: 'array', items: text() } }],
];

let service: TestService;
let document: OpenAPIObject;
beforeAll(async () => {
  service = await TestService.start({ BODY_LIMIT: '1KiB' });
  document = (await service.send('GET', '/docs-json')).json as OpenAPIObject;
});
afterAll(() => service.stop());

function operationAt(path: string): Operation {
  const operation = document.paths[path]?.post;
  if (operation === undefined) throw new Error(`The document has no POST ${path}.`);
  return operation;
}

/** The content of a response as JSON. */
function bodyOf(status: number): { schema: object; example?: unknown } {
  const response = operationAt(OPERATION_PATH).responses[status] as {
    content: Record<string, { schema: object; example?: unknown }>;
  };
  return response.content['application/json'] as { schema: object };
}

describe('the operation in /docs-json', () => {
  it("is below the vendor's base path, at its path and for named channels one segment deeper", () => {
    expect(document.servers?.map(({ url }) => url)).toEqual(['/nexus/v3']);
    expect(Object.keys(document.paths)).toEqual([OPERATION_PATH, CHANNEL_PATH]);
    expect(Object.values(document.paths).map((item) => Object.keys(item))).toEqual([['post'], ['post']]);
  });

  it('has the summary of the page and a name to generate code by', () => {
    expect(operationAt(OPERATION_PATH)).toMatchObject({
      summary: 'Send interaction state change events',
      operationId: 'receiveEvents',
      tags: ['Interactions Webhook'],
    });
  });

  it('has the two headers of the page, of which X-Hub-Signature is required', () => {
    expect(operationAt(OPERATION_PATH).parameters).toEqual([
      {
        name: 'X-Hub-Signature',
        in: 'header',
        required: true,
        description: expect.stringMatching(/sha1=.*body.*secret of the channel/),
        schema: { type: 'string', pattern: expect.any(String) },
      },
      {
        name: 'X-B3-TraceId',
        in: 'header',
        required: false,
        description: expect.stringMatching(/^A unique trace id of the request/),
        schema: { type: 'string' },
      },
    ]);
  });

  it("demands the x-api-key of the page's sample where one is configured, and else nothing more", async () => {
    expect([document.security, document.components?.securitySchemes]).toEqual([[], undefined]);
    const keyed = await TestService.start({ WEBHOOK_API_KEY: 'key' });
    const { security, components } = (await keyed.send('GET', '/docs-json')).json as OpenAPIObject;
    await keyed.stop();
    expect(security).toEqual([{ 'x-api-key': [] }]);
    const scheme = { type: 'apiKey', in: 'header', name: 'x-api-key' };
    expect(components?.securitySchemes?.['x-api-key']).toMatchObject(scheme);
  });

  it('requires the events payload as JSON', () => {
    expect(operationAt(OPERATION_PATH).requestBody).toMatchObject({
      required: true,
      content: { 'application/json': { schema: model('EventsPayload') } },
    });
  });

  it('is the same for a channel, but for the name of the channel in its path', () => {
    const { parameters: [channel, ...headers] = [], ...rest } = operationAt(CHANNEL_PATH);
    const plain = operationAt(OPERATION_PATH);
    expect(channel).toMatchObject({
      name: 'channel',
      in: 'path',
      required: true,
      schema: { type: 'string' },
    });
    expect({ ...rest, parameters: headers }).toEqual({
      ...plain,
      operationId: 'receiveChannelEvents',
      summary: 'Send interaction state change events of a channel',
    });
  });

  it.each(['finished', 'several', 'empty'])('shows a payload that is accepted: %s', async (name) => {
    const { content } = operationAt(OPERATION_PATH).requestBody as {
      content: Record<string, { examples: Record<string, { value: object }> }>;
    };
    const { value } = content['application/json']?.examples[name] as { value: object };
    expect((await service.post(value)).status).toBe(200);
  });
});

describe('the answers in /docs-json', () => {
  it('are 200 and 500 as on the page, and those that are ours', () => {
    const { responses } = operationAt(OPERATION_PATH);
    expect(Object.keys(responses)).toEqual(['200', '400', '401', '405', '413', '415', '500', '503']);
    expect(responses).toMatchObject({
      200: { description: 'Operation was successful' },
      500: { description: 'Internal Server Error' },
    });
    expect(bodyOf(200).schema).toEqual(model('EventsResponse'));
    for (const status of [400, 401, 405, 413, 415, 500, 503]) {
      expect(bodyOf(status).schema).toEqual(model('ErrorResponse'));
      expect(bodyOf(status).example).toMatchObject({ status: { code: status } });
    }
  });

  const REFUSED: [status: number, send: () => Promise<Answer>][] = [
    [400, () => service.post({ data: { entities: [{ event: 'PAUSED' }] } })],
    [401, () => service.post(payload(), { 'x-hub-signature': undefined })],
    [405, () => service.send('PUT', PATH)],
    [413, () => service.post({ padding: 'x'.repeat(1024) })],
    [415, () => service.post(payload(), { 'content-type': 'text/plain' })],
  ];
  it.each(REFUSED)('have the example for %s that is really sent', async (status, send) => {
    const answer = await send();
    expect(answer.status).toBe(status);
    expect(bodyOf(status).example).toEqual(answer.json);
  });

  it('have the example for 503 that is really sent, and its Retry-After', async () => {
    const ending = await TestService.start();
    ending.get(Lifecycle).onModuleDestroy();
    const answer = await ending.post(payload());
    await ending.stop();
    expect(answer.status).toBe(503);
    expect(bodyOf(503).example).toEqual(answer.json);
    const headers = [405, 503].map((status) => operationAt(OPERATION_PATH).responses[status]);
    expect(headers).toMatchObject([{ headers: { Allow: {} } }, { headers: { 'Retry-After': {} } }]);
  });
});

describe('the models in /docs-json', () => {
  it('are those of the page, and the one of our errors', () => {
    expect(Object.keys(document.components?.schemas ?? {}).toSorted()).toEqual(
      MODELS.map(([name]) => name).toSorted(),
    );
  });

  it.each(MODELS)('have the fields of the page: %s', (name, required, fields) => {
    const schema = (document.components?.schemas as Schemas)[name];
    expect(schema?.type).toBe('object');
    expect(schema?.required ?? []).toEqual(required);
    expect(Object.keys(schema?.properties ?? {})).toEqual(Object.keys(fields));
    expect(schema?.properties).toMatchObject(fields);
    for (const [field, { enum: values }] of Object.entries(fields as Record<string, { enum?: unknown }>)) {
      expect([field, (schema?.properties[field] as { enum?: unknown }).enum]).toEqual([field, values]);
    }
  });
});

describe('the document', () => {
  it('is the same at /docs-yaml', async () => {
    const { text: yaml, status } = await service.send('GET', '/docs-yaml');
    expect(status).toBe(200);
    expect(parse(yaml)).toEqual(document);
  });

  it('is the committed openapi.json; if not, run npm run openapi', () => {
    expect(JSON.parse(readFileSync('openapi.json', 'utf8'))).toEqual(document);
  });

  it('follows BASE_PATH and WEBHOOK_PATH', async () => {
    const other = await TestService.start({ BASE_PATH: '/base', WEBHOOK_PATH: '/hook' });
    const { servers, paths } = (await other.send('GET', '/docs-json')).json as OpenAPIObject;
    await other.stop();
    expect(servers?.map(({ url }) => url)).toEqual(['/base']);
    expect(Object.keys(paths)).toEqual(['/hook', '/hook/{channel}']);
  });

  it('is not served with DOCS=off', async () => {
    const silent = await TestService.start({ DOCS: 'off' });
    const paths = ['/docs', '/docs-json', '/docs-yaml'];
    const answers = await Promise.all(paths.map((path) => silent.send('GET', path)));
    await silent.stop();
    expect(answers.map(({ status }) => status)).toEqual([404, 404, 404]);
  });
});
