import type Database from 'better-sqlite3';
import type { Compilable } from 'kysely';

/** Stands for a value that is bound at each run. */
class Placeholder {
  constructor(readonly name: string) {}
}

/** A statement that Kysely typed and compiled once, and SQLite prepared once. */
export interface Prepared<P, R> {
  /** Runs a statement without rows; the number of rows it changed and the last row id it inserted. */
  run(values: P): { changes: number; lastInsertRowid: number };
  /** The first row. */
  get(values: P): R | undefined;
  all(values: P): R[];
}

/**
 * Prepares a statement. `build` gets an object that has a placeholder under each name of `P`.
 *
 * Building and compiling a query costs Kysely about ten times what SQLite needs to run it, hence once.
 *
 * @example
 * const byName = prepare<{ name: string }, { id: number }>(sqlite, (p) =>
 *   kysely.selectFrom('listeners').select('id').where('name', '=', p.name));
 * byName.get({ name: 'audit-log' });
 */
export function prepare<P, R = never>(
  sqlite: Database.Database,
  build: (placeholders: P) => Compilable<R>,
): Prepared<P, R> {
  const placeholders = new Proxy({}, { get: (_, name) => new Placeholder(String(name)) }) as P;
  const { sql, parameters } = build(placeholders).compile();
  const statement = sqlite.prepare<unknown[], R>(sql);
  const bind = (values: P): unknown[] => {
    const bound = new Array<unknown>(parameters.length);
    for (let i = 0; i < bound.length; i++) {
      const parameter = parameters[i];
      bound[i] = parameter instanceof Placeholder ? values[parameter.name as keyof P] : parameter;
    }
    return bound;
  };
  return {
    run: (values) => statement.run(bind(values)) as { changes: number; lastInsertRowid: number },
    get: (values) => statement.get(bind(values)),
    all: (values) => statement.all(bind(values)),
  };
}
