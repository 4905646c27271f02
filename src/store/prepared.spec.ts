import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import Database from 'better-sqlite3';
import { Kysely, sql, SqliteDialect } from 'kysely';

import { prepare } from './prepared.js';

interface Tables {
  calls: { id: number; caller: string; note: string | null; recording: Buffer | null };
}

describe('a prepared statement', () => {
  let sqlite: Database.Database;
  let db: Kysely<Tables>;
  beforeEach(() => {
    sqlite = new Database(':memory:');
    sqlite.exec(
      'create table calls (id integer primary key, caller text not null, note text, recording blob)',
    );
    db = new Kysely<Tables>({ dialect: new SqliteDialect({ database: sqlite }) });
  });
  afterEach(() => db.destroy());

  const insertCall = () =>
    prepare<{ caller: string; note: string | null; recording: Buffer | null }>(sqlite, (p) =>
      db
        .insertInto('calls')
        .values({ id: sql`null`, caller: p.caller, note: p.note, recording: p.recording }),
    );
  const none = { note: null, recording: null };

  it('binds other values at each run, and tells what it changed', () => {
    const insert = insertCall();
    expect(insert.run({ caller: 'ann', ...none })).toEqual({ changes: 1, lastInsertRowid: 1 });
    expect(insert.run({ caller: 'bob', ...none })).toEqual({ changes: 1, lastInsertRowid: 2 });
    expect(sqlite.prepare('select caller from calls').pluck().all()).toEqual(['ann', 'bob']);
  });

  it('gives back the first row, all rows, or none', () => {
    const insert = insertCall();
    for (const caller of ['ann', 'bob', 'ann']) insert.run({ caller, ...none });
    const byCaller = prepare<{ caller: string }, { id: number }>(sqlite, (p) =>
      db.selectFrom('calls').select('id').where('caller', '=', p.caller).orderBy('id'),
    );
    expect(byCaller.get({ caller: 'ann' })).toEqual({ id: 1 });
    expect(byCaller.all({ caller: 'ann' })).toEqual([{ id: 1 }, { id: 3 }]);
    expect(byCaller.get({ caller: 'eve' })).toBeUndefined();
    expect(byCaller.all({ caller: 'eve' })).toEqual([]);
  });

  it('binds a value wherever its placeholder stands, beside values that are fixed', () => {
    insertCall().run({ caller: 'ann', ...none });
    const update = prepare<{ name: string; id: number }>(sqlite, (p) =>
      db
        .updateTable('calls')
        .set({ note: 'fixed', caller: p.name })
        .where('id', '=', p.id)
        .where('caller', '!=', p.name)
        .where('note', 'is', null),
    );
    expect(update.run({ id: 1, name: 'ann' }).changes).toBe(0);
    expect(update.run({ id: 1, name: 'eve' }).changes).toBe(1);
    expect(sqlite.prepare('select caller, note from calls').all()).toEqual([
      { caller: 'eve', note: 'fixed' },
    ]);
  });

  it('never takes a value for SQL, nor for a placeholder', () => {
    const insert = insertCall();
    const awkward = [`'); drop table calls; --`, '?', '@caller', '${caller}', 'caller', ''];
    for (const caller of awkward) insert.run({ caller, ...none });
    expect(sqlite.prepare('select caller from calls order by id').pluck().all()).toEqual(awkward);
  });

  it('keeps bytes and null as they are', () => {
    const recording = Buffer.from([0, 1, 0xff, 0]);
    insertCall().run({ caller: 'ann', note: null, recording });
    expect(sqlite.prepare('select note, recording from calls').get()).toEqual({ note: null, recording });
  });

  it('throws what SQLite refuses, and goes on with the next run', () => {
    const insert = insertCall();
    expect(() => insert.run({ caller: null as never, ...none })).toThrow(
      'NOT NULL constraint failed: calls.caller',
    );
    expect(() => insert.run({ caller: {} as never, ...none })).toThrow('can only bind');
    expect(insert.run({ caller: 'ann', ...none }).changes).toBe(1);
  });

  it('throws at once when it is no valid SQL for these tables', () => {
    expect(() => prepare(sqlite, () => db.selectFrom('callers' as 'calls').selectAll())).toThrow(
      'no such table: callers',
    );
  });
});
