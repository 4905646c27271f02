import { describe, expect, it } from '@jest/globals';

import { commitSpanId, toTraceId, traceParentOf } from './trace-parent.js';

const LONG = '463ac35c9f6413ad48485a3953bb6124';
const W3C = '4bf92f3577b34da6a3ce929d0e0e4736';
const traceparent = `00-${W3C}-00f067aa0ba902b7-01`;

describe('the trace that headers continue', () => {
  it.each([
    ['a trace id alone', { 'x-b3-traceid': LONG }, { traceId: LONG, spanId: undefined }],
    [
      'one of 64 bits',
      { 'x-b3-traceid': LONG.slice(0, 16) },
      { traceId: `${'0'.repeat(16)}${LONG.slice(0, 16)}`, spanId: undefined },
    ],
    [
      'one with a span id, in capitals',
      { 'x-b3-traceid': LONG.toUpperCase(), 'x-b3-spanid': 'E457B5A2E4D86BD1' },
      { traceId: LONG, spanId: 'e457b5a2e4d86bd1' },
    ],
    [
      'a span id of nothing but zeros',
      { 'x-b3-traceid': LONG, 'x-b3-spanid': '0'.repeat(16) },
      { traceId: LONG, spanId: undefined },
    ],
    [
      'a span id that is none',
      { 'x-b3-traceid': LONG, 'x-b3-spanid': 'x' },
      { traceId: LONG, spanId: undefined },
    ],
    ['both kinds of headers', { 'x-b3-traceid': LONG, traceparent }, { traceId: LONG, spanId: undefined }],
    ['traceparent', { traceparent }, expect.objectContaining({ traceId: W3C, spanId: '00f067aa0ba902b7' })],
    [
      'traceparent beside an odd id',
      { 'x-b3-traceid': 'x', traceparent },
      expect.objectContaining({ traceId: W3C }),
    ],
    ['a traceparent that is none', { traceparent: `00-${W3C}` }, undefined],
    ['nothing', {}, undefined],
  ])('is found in %s', (_, headers, parent) => {
    expect(traceParentOf(headers)).toEqual(parent);
  });
});

describe('a trace id', () => {
  it.each([
    '',
    '0'.repeat(16),
    '0'.repeat(32),
    LONG.slice(1),
    `${LONG}0`,
    `${LONG.slice(1)}g`,
    ` ${LONG}`,
    undefined,
  ])('is not %p', (text) => expect(toTraceId(text)).toBeUndefined());
});

describe("the id of a commit's span", () => {
  it('is a span id, always the same, and another for each event and each trace', () => {
    expect(commitSpanId(LONG, 7)).toMatch(/^[0-9a-f]{16}$/);
    expect(commitSpanId(LONG, 7)).toBe(commitSpanId(LONG, 7));
    const all = [commitSpanId(LONG, 7), commitSpanId(LONG, 8), commitSpanId(W3C, 7)];
    expect(new Set(all).size).toBe(3);
  });
});
