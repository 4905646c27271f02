import { sql, type Kysely } from 'kysely';

import type { Dialect } from '../dialect.js';

/** The tables of the receiver. Migrations are append-only: never edit one that was released. */
export async function up(db: Kysely<unknown>, dialect: Dialect): Promise<void> {
  const { integer, small, bytes, numbered, neverReused, keyed } = dialect;
  await db.schema
    .createTable('receipts')
    .addColumn('id', integer, numbered)
    .addColumn('channel', 'text', (c) => c.notNull())
    .addColumn('digest', 'text')
    .addColumn('body', bytes, (c) => c.notNull())
    .addColumn('trace_id', 'text')
    .addColumn('secret_index', small, (c) => c.notNull())
    .addColumn('received_at', integer, (c) => c.notNull())
    .addColumn('redeliveries', small, (c) => c.notNull().defaultTo(0))
    .execute();
  await db.schema
    .createIndex('receipts_without_events')
    .on('receipts')
    .columns(['channel', 'digest'])
    .unique()
    .where('digest', 'is not', null)
    .execute();

  await db.schema
    .createTable('events')
    .addColumn('seq', integer, numbered)
    .addColumn('receipt_id', integer, (c) => c.notNull())
    .addColumn('position', small, (c) => c.notNull())
    .addColumn('interaction_key', 'text', (c) => c.notNull())
    .addColumn('dedup_key', 'text', (c) => c.notNull())
    .addColumn('type', 'text')
    .addColumn('interaction_id', 'text')
    .addColumn('media_type', 'text')
    .addColumn('interaction_subtype', 'text')
    .addColumn('self_uri', 'text')
    .addColumn('operation_id', 'text')
    .addColumn('channel', 'text', (c) => c.notNull())
    .addColumn('late', small, (c) => c.notNull())
    .addColumn('received_at', integer, (c) => c.notNull())
    // One index for duplicates, for "late" and for an interaction's events: each further index on a random
    // key dirties one more page an event, which is the dearest part of an insert.
    .addUniqueConstraint('events_dedup', ['interaction_key', 'dedup_key'])
    .execute();

  await db.schema
    .createTable('deliveries')
    .addColumn('seq', integer, (c) => c.notNull())
    .addColumn('listener_id', integer, (c) => c.notNull())
    .addColumn('interaction_key', 'text', (c) => c.notNull())
    .addColumn('state', 'text', (c) => c.notNull())
    .addColumn('holds', small, (c) => c.notNull())
    .addColumn('attempt', small, (c) => c.notNull())
    .addColumn('attempts_before', small, (c) => c.notNull().defaultTo(0))
    .addColumn('due_at', integer)
    .addColumn('owner', integer)
    .addColumn('started_at', integer)
    .addColumn('duration', integer)
    .addColumn('last_error', 'text')
    .addPrimaryKeyConstraint('deliveries_pk', ['seq', 'listener_id'])
    .modifyEnd(keyed)
    .execute();
  // Both indexes hold open deliveries alone: a claim costs the same at 100 million done rows.
  await db.schema
    .createIndex('deliveries_due')
    .on('deliveries')
    .columns(['listener_id', 'due_at', 'seq'])
    .where('due_at', 'is not', null)
    .execute();
  await db.schema
    .createIndex('deliveries_line')
    .on('deliveries')
    .columns(['interaction_key', 'listener_id', 'seq'])
    .where(sql.ref('holds'), '=', sql.lit(1))
    .execute();

  await db.schema
    .createIndex('deliveries_dead')
    .on('deliveries')
    .columns(['listener_id', 'seq'])
    .where(sql.ref('state'), '=', sql.lit('dead'))
    .execute();

  await db.schema
    .createTable('attempts')
    .addColumn('seq', integer, (c) => c.notNull())
    .addColumn('listener_id', integer, (c) => c.notNull())
    .addColumn('attempt', small, (c) => c.notNull())
    .addColumn('outcome', 'text', (c) => c.notNull())
    .addColumn('error', 'text', (c) => c.notNull())
    .addColumn('started_at', integer, (c) => c.notNull())
    .addColumn('duration', integer, (c) => c.notNull())
    .addPrimaryKeyConstraint('attempts_pk', ['seq', 'listener_id', 'attempt'])
    .modifyEnd(keyed)
    .execute();

  await db.schema
    .createTable('listeners')
    .addColumn('id', integer, numbered)
    .addColumn('name', 'text', (c) => c.notNull().unique())
    .addColumn('filter', 'text', (c) => c.notNull())
    .addColumn('paused', small, (c) => c.notNull().defaultTo(0))
    .addColumn('backfill_seq', integer)
    .addColumn('created_at', integer, (c) => c.notNull())
    .execute();

  await db.schema
    .createTable('workers')
    // Never reused: the id is half of the fencing token.
    .addColumn('id', integer, neverReused)
    .addColumn('pid', small, (c) => c.notNull())
    .addColumn('started_at', integer, (c) => c.notNull())
    .addColumn('lease_until', integer, (c) => c.notNull())
    .execute();

  await db.schema
    .createTable('quarantine')
    .addColumn('id', integer, numbered)
    .addColumn('channel', 'text', (c) => c.notNull())
    .addColumn('digest', 'text', (c) => c.notNull())
    .addColumn('body', bytes, (c) => c.notNull())
    .addColumn('trace_id', 'text')
    .addColumn('secret_index', small, (c) => c.notNull())
    .addColumn('errors', 'text', (c) => c.notNull())
    .addColumn('times', small, (c) => c.notNull().defaultTo(1))
    .addColumn('first_at', integer, (c) => c.notNull())
    .addColumn('last_at', integer, (c) => c.notNull())
    .addColumn('state', 'text', (c) => c.notNull().defaultTo('held'))
    .addUniqueConstraint('quarantine_digest', ['channel', 'digest'])
    .execute();

  await db.schema
    .createTable('replays')
    .addColumn('id', integer, numbered)
    .addColumn('listener_id', integer, (c) => c.notNull())
    .addColumn('filter', 'text', (c) => c.notNull())
    .addColumn('position', integer, (c) => c.notNull().defaultTo(0))
    .addColumn('until_seq', integer, (c) => c.notNull())
    .addColumn('replayed', integer, (c) => c.notNull().defaultTo(0))
    .addColumn('state', 'text', (c) => c.notNull().defaultTo('running'))
    .addColumn('created_at', integer, (c) => c.notNull())
    .execute();

  await db.schema
    .createTable('channels')
    .addColumn('name', 'text', (c) => c.primaryKey())
    .execute();

  await db.schema
    .createTable('probe')
    .addColumn('written_at', integer, (c) => c.notNull())
    .execute();
  await sql`insert into probe (written_at) values (0)`.execute(db);
}
