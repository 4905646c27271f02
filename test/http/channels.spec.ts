import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { expectAccepted, expectRefusal } from '../support/answers.js';
import { eventsOf, quarantineOf, receiptsOf } from '../support/rows.js';
import { PATH, payload, signature, TestService, toBytes, type Answer } from '../support/service.js';

let service: TestService;
beforeAll(async () => {
  service = await TestService.start({
    WEBHOOK_SECRET: 'default-new, default-old',
    WEBHOOK_SECRET_EMEA_CHAT: 'chat-new,chat-old,chat-oldest',
  });
});
afterAll(() => service.stop());

function post(
  channel: string,
  secret: string,
  id: string,
  body: object = payload('STARTED', id),
): Promise<Answer> {
  const bytes = toBytes(body);
  return service.post(bytes, { 'x-hub-signature': signature(bytes, secret) }, PATH + channel);
}

describe('a channel', () => {
  const accepted = [
    ['', 'default-new', 'default', 0],
    ['', 'default-old', 'default', 1],
    ['/default', 'default-new', 'default', 0],
    ['/emea-chat', 'chat-new', 'emea-chat', 0],
    ['/emea-chat', 'chat-old', 'emea-chat', 1],
    ['/emea-chat', 'chat-oldest', 'emea-chat', 2],
    ['/emea-chat?from=vendor', 'chat-new', 'emea-chat', 0],
    ['/emea%2dchat', 'chat-new', 'emea-chat', 0],
  ] as const;

  it.each(accepted)(
    'takes what is signed with any of its secrets: %s with %s',
    async (path, secret, channel, index) => {
      const id = `${path} ${secret}`;
      expectAccepted(await post(path, secret, id), [id]);
      expect((await eventsOf(service)).at(-1)).toMatchObject({ interaction_id: id, channel });
      expect((await receiptsOf(service)).at(-1)).toMatchObject({ channel, secret_index: index });
    },
  );

  it("takes nothing that is signed with another's", async () => {
    expectRefusal(await post('', 'chat-new', 'one'), 401);
    expectRefusal(await post('/emea-chat', 'default-new', 'one'), 401);
    expectRefusal(await post('/emea-chat', 'chat', 'one'), 401);
    expectRefusal(await post('', 'default-new, default-old', 'one'), 401);
  });

  it('is known of what goes into its quarantine, and which secret signed it', async () => {
    const invalid = { operationId: 7 };
    expectRefusal(await post('', 'default-old', '', invalid), 400);
    expectRefusal(await post('/emea-chat', 'chat-oldest', '', invalid), 400);
    expect(await quarantineOf(service)).toMatchObject([
      { channel: 'default', secret_index: 1, times: 1 },
      { channel: 'emea-chat', secret_index: 2, times: 1 },
    ]);
  });
});
