import { sql, type Kysely } from 'kysely';

import type { Dialect } from '../dialect.js';
import { RETENTION } from '../postgres/functions/retention.js';

/** What the removal of old events needs to find them, and to know where it is. */
export async function up(db: Kysely<unknown>, { integer, hasFunctions }: Dialect): Promise<void> {
  await db.schema
    .createTable('retention')
    .addColumn('position', integer, (c) => c.notNull())
    .addColumn('kept_position', integer, (c) => c.notNull())
    .addColumn('next_at', integer, (c) => c.notNull())
    .execute();
  await sql`insert into retention (position, kept_position, next_at) values (0, 0, 0)`.execute(db);
  await db.schema
    .createTable('retention_kept')
    .addColumn('seq', integer, (c) => c.primaryKey())
    .addColumn('receipt_id', integer, (c) => c.notNull())
    .execute();
  await db.schema.createIndex('retention_kept_receipt').on('retention_kept').column('receipt_id').execute();
  // Whether a receipt still has events. Most have one alone, and cost nothing here.
  await db.schema
    .createIndex('events_of_receipt')
    .on('events')
    .column('receipt_id')
    .where(sql.ref('position'), '>', sql.lit(0))
    .execute();
  await db.schema
    .createIndex('receipts_eventless')
    .on('receipts')
    .column('received_at')
    .where(sql.ref('digest'), 'is not', null)
    .execute();
  await db.schema
    .createIndex('quarantine_settled')
    .on('quarantine')
    .column('last_at')
    .where(sql.ref('state'), '<>', sql.lit('held'))
    .execute();
  if (!hasFunctions) return;
  for (const statement of RETENTION) await sql.raw(statement).execute(db);
}
