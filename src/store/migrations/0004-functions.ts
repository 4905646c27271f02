import { sql, type Kysely } from 'kysely';

import type { Dialect } from '../dialect.js';
import { APPEND } from '../postgres/functions/append.js';
import { DELIVERIES } from '../postgres/functions/deliveries.js';
import { LOCKS } from '../postgres/functions/locks.js';
import { OPERATIONS } from '../postgres/functions/operations.js';
import { WORKERS } from '../postgres/functions/workers.js';

/**
 * The functions of PostgreSQL. One that was released is never changed: the version before calls it while a new
 * one starts. What must change is a new function, with the next number in its name.
 */
export async function up(db: Kysely<unknown>, { hasFunctions }: Dialect): Promise<void> {
  if (!hasFunctions) return;
  for (const statement of [...LOCKS, ...APPEND, ...DELIVERIES, ...WORKERS, ...OPERATIONS]) {
    await sql.raw(statement).execute(db);
  }
}
