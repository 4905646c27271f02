import { join } from 'node:path';

import { ConfigError, EnvironmentReader } from '../../config/app-config.js';
import { sqliteDatabase, type Database } from '../../config/database.js';
import { readEnvironment } from '../environment.js';

/** The store that the service would open here. Of the configuration, nothing else need be right. */
export function configuredDatabase(): Database {
  const reader = new EnvironmentReader(readEnvironment().merged);
  const database = reader.optional('DATABASE_URL');
  const dataDir = reader.required('DATA_DIR');
  if (reader.faults.length > 0) throw new ConfigError(reader.faults);
  return database ?? sqliteDatabase(join(dataDir, 'interactions.db'));
}
