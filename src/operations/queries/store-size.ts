import { stat } from 'node:fs/promises';

import type { Database } from '../../config/database.js';
import type { Store } from '../../store/store.js';

/** Bytes that the store has on disk; null where they cannot be told. */
export async function storeSize(store: Store, database: Database): Promise<number | null> {
  if (database.engine === 'sqlite') return sizeOfFiles([database.file, `${database.file}-wal`]);
  const [row] = await store.read(
    store.builder.selectNoFrom((eb) =>
      eb.fn<number>('pg_database_size', [eb.fn('current_database')]).as('size'),
    ),
  );
  return row?.size ?? null;
}

async function sizeOfFiles(files: readonly string[]): Promise<number> {
  const sizes = await Promise.all(files.map((file) => stat(file).catch(() => ({ size: 0 }))));
  return sizes.reduce((sum, { size }) => sum + size, 0);
}
