import { expect } from '@jest/globals';

import { SECRET, type Answer } from './service.js';

/** Put into a body, this must not be in the answer to it. */
export const CANARY = 'canary-of-the-body';

/**
 * Expects an answer of the shape that every one but 200 has: its code is its HTTP status, `errors` are there
 * with 400 alone, and no stack, no secret and nothing of the body is in it.
 */
export function expectRefusal(answer: Answer, status: number): void {
  expect(answer.json).toEqual({
    status: { code: status, message: expect.stringMatching(/./) },
    ...(status === 400 && { errors: expect.arrayContaining([expect.stringMatching(/./)]) }),
  });
  expect(answer.status).toBe(status);
  expect(answer.headers['content-type']).toBe('application/json; charset=utf-8');
  expect(answer.text).not.toContain(SECRET);
  expect(answer.text).not.toContain(CANARY);
  expect(answer.text).not.toMatch(/\.[jt]s\b|node_modules|\n\s*at /);
}

/** Expects an acknowledgement that names these ids. */
export function expectAccepted(answer: Answer, ids: readonly string[]): void {
  expect(answer.json).toEqual({
    status: { code: 0, message: expect.stringMatching(/./) },
    data: { ids: ids.map((id) => ({ id })) },
  });
  expect(answer.status).toBe(200);
  expect(answer.headers['content-type']).toMatch(/^application\/json(; charset=utf-8)?$/);
}
