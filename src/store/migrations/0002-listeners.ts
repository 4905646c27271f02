import { sql, type Kysely } from 'kysely';

import type { Dialect } from '../dialect.js';

/** The tables of the listeners that ship: `interactions` and `transcript`. */
export async function up(db: Kysely<unknown>, { integer, bytes }: Dialect): Promise<void> {
  await db.schema
    .createTable('interactions')
    .addColumn('interaction_key', 'text', (c) => c.primaryKey())
    .addColumn('interaction_id', 'text', (c) => c.notNull())
    .addColumn('channel', 'text', (c) => c.notNull())
    .addColumn('seq', integer, (c) => c.notNull())
    .addColumn('started_at', integer)
    .addColumn('late_started_at', integer)
    .addColumn('finished_at', integer)
    .addColumn('media_type', 'text')
    .addColumn('interaction_subtype', 'text')
    .addColumn('self_uri', 'text')
    .execute();
  await db.schema.createIndex('interactions_seq').on('interactions').column('seq').execute();
  // What somebody looks for is rare among millions: each kind has an index of its own rows alone.
  await db.schema
    .createIndex('interactions_open')
    .on('interactions')
    .column('seq')
    .where(sql.ref('finished_at'), 'is', null)
    .execute();
  await db.schema
    .createIndex('interactions_late')
    .on('interactions')
    .column('seq')
    .where(sql.ref('late_started_at'), 'is not', null)
    .execute();
  await db.schema
    .createIndex('interactions_without_start')
    .on('interactions')
    .column('seq')
    .where(sql.ref('started_at'), 'is', null)
    .execute();

  await db.schema
    .createTable('transcripts')
    .addColumn('seq', integer, (c) => c.primaryKey())
    .addColumn('interaction_key', 'text', (c) => c.notNull())
    .addColumn('uri', 'text', (c) => c.notNull())
    .addColumn('body', bytes, (c) => c.notNull())
    .addColumn('size', integer, (c) => c.notNull())
    .addColumn('fetched_at', integer, (c) => c.notNull())
    .execute();
  await db.schema
    .createIndex('transcripts_interaction')
    .on('transcripts')
    .columns(['interaction_key', 'seq'])
    .execute();
}
