import type { TestService } from '../support/service.js';

/** Events of one INSERT: each column of each is a parameter, of which there may be so many. */
const BATCH = 1_000;

/**
 * Puts events into the log without a webhook for each: for tests that need many. None has deliveries.
 *
 * @param receivedAt of the event by its index; milliseconds since 1970.
 */
export async function fillLog(
  { store }: TestService,
  count: number,
  receivedAt: (index: number) => number = () => Date.now(),
): Promise<void> {
  const { builder } = store;
  await store.query(
    builder.insertInto('receipts').values({
      channel: 'default',
      digest: null,
      body: Buffer.from('{}'),
      trace_id: null,
      secret_index: 0,
      received_at: receivedAt(0),
    }),
  );
  const [receipt] = await store.query(
    builder.selectFrom('receipts').select((eb) => eb.fn.max('id').as('id')),
  );
  for (let first = 0; first < count; first += BATCH) {
    const size = Math.min(BATCH, count - first);
    await store.query(
      builder.insertInto('events').values(
        Array.from({ length: size }, (_, i) => ({
          receipt_id: receipt?.id ?? 0,
          position: first + i,
          interaction_key: `key of ${receipt?.id} ${first + i}`,
          dedup_key: `key of ${receipt?.id} ${first + i}`,
          type: i % 2 === 0 ? 'STARTED' : 'FINISHED',
          interaction_id: `interaction-${first + i}`,
          media_type: i % 4 === 0 ? 'email' : 'chat',
          interaction_subtype: 'InboundNew',
          self_uri: `/nexus/v3/chat/sessions/interaction-${first + i}`,
          operation_id: `operation-${first + i}`,
          channel: 'default',
          late: 0,
          received_at: receivedAt(first + i),
        })),
      ),
    );
  }
}
