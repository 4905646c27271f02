import assert from 'node:assert/strict';

import type { DeliveryState } from '../../src/store/schema.js';
import type { Model, ModelDelivery } from './model.js';
import type { SimulatedStore } from './store.js';

interface Row {
  seq: number;
  listener_id: number;
  interaction_key: string;
  state: DeliveryState;
  due_at: number | null;
  owner: number | null;
  attempt: number;
}

/** What must be true of the store after every step. */
export async function checkDeliveries(store: SimulatedStore, model: Model): Promise<void> {
  const columns = 'seq, listener_id, interaction_key, state, due_at, owner, attempt';
  const rows = await store.rows<Row>(`select ${columns} from deliveries order by seq, listener_id`);
  assert.equal(rows.length, model.deliveries.size, 'each event has one delivery for each listener it is for');
  const lines = new Map<string, Row[]>();
  for (const row of rows) {
    const delivery = model.deliveries.get(`${row.listener_id}:${row.seq}`);
    assert(delivery !== undefined, `event ${row.seq} has a delivery for listener ${row.listener_id}`);
    checkDelivery(row, delivery);
    if (delivery.state !== 'open' && !delivery.parked) continue;
    const line = `${row.listener_id} ${delivery.event.line}`;
    lines.set(line, [...(lines.get(line) ?? []), row]);
  }
  for (const line of lines.values()) checkLine(line);
}

function checkDelivery(row: Row, { state, claim, attempt }: ModelDelivery): void {
  const name = `event ${row.seq} for listener ${row.listener_id}`;
  if (claim !== undefined) assert.equal(row.state, 'running', `${name} runs`);
  else if (state === 'open')
    assert(['pending', 'blocked'].includes(row.state), `${name} is ${row.state}, not open`);
  else assert.equal(row.state, state, `${name} is ${state}`);
  assert.equal(row.owner, claim?.owner ?? null, `${name} belongs to who claimed it`);
  assert.equal(row.attempt, attempt, `${name} counts its attempts`);
  assert.equal(row.due_at !== null, row.state === 'pending', `${name} is due exactly while it is pending`);
}

/** What holds a line, by seq. */
function checkLine(line: readonly Row[]): void {
  const [head] = line;
  const running = line.filter(({ state }) => state === 'running');
  const shown = line.map(({ seq, state }) => `${seq} ${state}`).join(', ');
  assert(running.length <= 1, `at most one of a line runs: ${shown}`);
  const stuck = head?.state === 'blocked' && running.length === 0;
  assert(!stuck, `a line goes on while nothing stands before its head: ${shown}`);
}

/** What must be true when everything has healed and all work is done. */
export async function checkEnd(store: SimulatedStore, model: Model): Promise<void> {
  for (const { listenerId, event, state } of model.deliveries.values()) {
    const over = state === 'done' || state === 'discarded';
    assert(over, `event ${event.seq} for listener ${listenerId} ends ${state}`);
  }
  for (const [id, { since }] of model.listeners) {
    for (const event of model.events) {
      if (event.seq <= since || !model.wants(id, event)) continue;
      assert(
        model.deliveries.has(`${id}:${event.seq}`),
        `event ${event.seq} was delivered to listener ${id}`,
      );
    }
  }
  const [count] = await store.rows(
    `select (select count(*) from attempts) as failures, (select count(*) from events) as events`,
  );
  const expected = { failures: model.failures, events: model.events.length };
  // A copy: under Jest, where another test file loaded SQLite first, its rows have that file's Object.prototype.
  assert.deepEqual({ ...count }, expected, 'every failed attempt and every event is on record once');
}
