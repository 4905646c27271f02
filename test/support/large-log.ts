import type { Engine } from '../../src/store/dialect.js';

const DAY_MS = 86_400_000;

/**
 * Fills an empty store with events of one listener, all of them done: written by the engine itself, as millions
 * of requests would take hours. They came in the course of a hundred days up to `now`.
 *
 * @param run runs one statement, which takes minutes where there are millions.
 */
export async function fillLog(
  run: (sql: string) => Promise<unknown>,
  engine: Engine,
  listenerId: number,
  count: number,
  now: number,
): Promise<void> {
  const body = engine === 'sqlite' ? `cast('{}' as blob)` : `'{}'::bytea`;
  const time = `${now} - cast((${count} - i) * ${(100 * DAY_MS) / count} as bigint)`;
  const numbers = `with recursive n(i) as (select cast(1 as bigint) union all select i + 1 from n where i < ${count})`;
  const numbering = (table: string, column: string): string =>
    `select setval(pg_get_serial_sequence('${table}', '${column}'), ${count})`;
  const statements = [
    `${numbers} insert into receipts (id, channel, body, secret_index, received_at)
     select i, 'default', ${body}, 0, ${time} from n`,
    `${numbers} insert into events (seq, receipt_id, position, interaction_key, dedup_key, type, interaction_id,
       media_type, interaction_subtype, operation_id, channel, late, received_at)
     select i, i, 0, 'interaction ' || (i * 7919 % ${count}), 'event ' || i, 'STARTED', 'id ' || i,
       'chat', 'InboundNew', 'operation ' || i, 'default', 0, ${time} from n`,
    `${numbers} insert into deliveries (seq, listener_id, interaction_key, state, holds, attempt, started_at, duration)
     select i, ${listenerId}, 'interaction ' || (i * 7919 % ${count}), 'done', 0, 1, ${time}, 1 from n`,
    `insert into channels (name) values ('default')`,
    // The store has no statistics of SQLite either: nobody runs ANALYZE there. PostgreSQL gathers its own.
    ...(engine === 'sqlite' ? [] : [numbering('receipts', 'id'), numbering('events', 'seq'), 'analyze']),
  ];
  for (const sql of statements) await run(sql);
}
