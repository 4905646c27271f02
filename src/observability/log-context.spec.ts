import { setTimeout as delay } from 'node:timers/promises';

import { describe, expect, it } from '@jest/globals';

import { currentLogFields, withLogFields } from './log-context.js';

describe('the fields of log lines', () => {
  it('are none outside of a request or a delivery', () => {
    expect(currentLogFields()).toEqual({});
  });

  it('are those of the work that runs, now and after it waited, and no longer', async () => {
    const work = withLogFields({ traceId: 'a' }, async () => {
      const before = currentLogFields();
      await delay(1);
      return [before, currentLogFields()];
    });
    expect(currentLogFields()).toEqual({});
    await expect(work).resolves.toEqual([{ traceId: 'a' }, { traceId: 'a' }]);
    expect(currentLogFields()).toEqual({});
  });

  it('are their own for works that run at once', async () => {
    const works = ['a', 'b', 'c'].map((traceId, i) =>
      withLogFields({ traceId }, async () => {
        await delay(10 - i);
        return currentLogFields().traceId;
      }),
    );
    await expect(Promise.all(works)).resolves.toEqual(['a', 'b', 'c']);
  });

  it('are those of the inner work while it runs, and of the outer one after', () => {
    withLogFields({ traceId: 'outer' }, () => {
      withLogFields({ listener: 'inner', seq: 1 }, () => {
        expect(currentLogFields()).toEqual({ listener: 'inner', seq: 1 });
      });
      expect(currentLogFields()).toEqual({ traceId: 'outer' });
    });
  });

  it('end with work that throws, whose error passes through', () => {
    const error = new Error('down');
    const work = (): never =>
      withLogFields({ traceId: 'a' }, () => {
        throw error;
      });
    expect(work).toThrow(error);
    expect(currentLogFields()).toEqual({});
  });
});
