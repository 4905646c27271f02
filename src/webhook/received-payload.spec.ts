import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { payloadLike } from '../../test/support/arbitrary-payload.js';
import { createPayloadParser } from './payload-parser.js';
import { toReceivedPayload } from './received-payload.js';
import type { SignedRequest } from './signed-request.js';

const parse = createPayloadParser('accept');
const requestOf = (value: object): SignedRequest => ({
  channel: 'emea-chat',
  body: Buffer.from(JSON.stringify(value)),
  secretIndex: 1,
  traceId: '463ac35c9f6413ad',
});

describe('a received payload', () => {
  it('carries what is known of the request, and each event in its place', () => {
    const value = {
      operationId: 'operation',
      data: {
        entities: [
          {
            event: 'FINISHED',
            entity: { id: 'a', mediaType: 'chat', interactionSubtype: 'SMS', selfUri: '/a' },
          },
          {},
          { event: 'STARTED', entity: { id: 'a' } },
        ],
      },
    };
    const request = requestOf(value);
    const none = { mediaType: undefined, interactionSubtype: undefined, selfUri: undefined };
    expect(toReceivedPayload(request, value)).toStrictEqual({
      channel: 'emea-chat',
      body: request.body,
      secretIndex: 1,
      traceId: '463ac35c9f6413ad',
      operationId: 'operation',
      events: [
        { type: 'FINISHED', interactionId: 'a', mediaType: 'chat', interactionSubtype: 'SMS', selfUri: '/a' },
        { type: undefined, interactionId: undefined, ...none },
        { type: 'STARTED', interactionId: 'a', ...none },
      ],
    });
  });

  it.each([
    ['no data', {}],
    ['null for data', { data: null }],
    ['no entities', { data: {} }],
    ['null for entities', { data: { entities: null } }],
    ['empty entities', { data: { entities: [] } }],
  ])('with %s has no events', (_, value) => {
    const { payload } = parse(Buffer.from(JSON.stringify(value)));
    expect(payload && toReceivedPayload(requestOf(value), payload).events).toEqual([]);
  });

  it('of any valid body has text or nothing in every field, as many events as entities, and the bytes themselves', () => {
    const valid = payloadLike.filter((value) => parse(requestOf(value).body).payload !== undefined);
    fc.assert(
      fc.property(valid, (value) => {
        const request = requestOf(value);
        const { payload } = parse(request.body);
        if (payload === undefined) throw new Error('filtered above');
        const { events, operationId, body } = toReceivedPayload(request, payload);
        expect(body).toBe(request.body);
        expect(events).toHaveLength(payload.data?.entities?.length ?? 0);
        for (const field of [operationId, ...events.flatMap((fields) => Object.values(fields))]) {
          expect(['string', 'undefined']).toContain(typeof field);
        }
        expect(events.map(({ interactionId }) => interactionId ?? null)).toEqual(
          (payload.data?.entities ?? []).map(({ entity }) => entity?.id ?? null),
        );
      }),
    );
  });
});
