import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { payload, TestService } from './support/service.js';

describe('a signed webhook', () => {
  let service: TestService;
  beforeAll(async () => {
    service = await TestService.start();
  });
  afterAll(() => service.stop());

  it('is answered 200 with its ids once it is stored', async () => {
    const answer = await service.post(payload('STARTED', 'one'));
    expect(answer.status).toBe(200);
    expect(answer.json).toEqual({
      status: { code: 0, message: '1 event stored' },
      data: { ids: [{ id: 'one' }] },
    });
    const rows = await service.store.query(
      service.store.builder.selectFrom('events').select(['seq', 'interaction_id', 'type']),
    );
    expect(rows).toEqual([{ seq: 1, interaction_id: 'one', type: 'STARTED' }]);
  });
});
