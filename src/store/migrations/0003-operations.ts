import { sql, type Kysely } from 'kysely';

import type { Dialect } from '../dialect.js';

/** What operators did, and what they look at all the time. */
export async function up(db: Kysely<unknown>, dialect: Dialect): Promise<void> {
  const { integer, neverReused, appendOnly } = dialect;
  await db.schema
    .createTable('audit_log')
    .addColumn('id', integer, neverReused)
    .addColumn('at', integer, (c) => c.notNull())
    .addColumn('role', 'text', (c) => c.notNull())
    .addColumn('requested_by', 'text', (c) => c.notNull())
    .addColumn('address', 'text', (c) => c.notNull())
    .addColumn('action', 'text', (c) => c.notNull())
    .addColumn('target', 'text', (c) => c.notNull())
    .addColumn('count', integer, (c) => c.notNull())
    .execute();
  for (const statement of appendOnly('audit_log')) await statement.execute(db);
  // Without it, to count what is held is to read every body that ever was.
  await db.schema
    .createIndex('quarantine_held')
    .on('quarantine')
    .column('id')
    .where(sql.ref('state'), '=', sql.lit('held'))
    .execute();
}
