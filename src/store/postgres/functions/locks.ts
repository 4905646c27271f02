/**
 * Advisory locks, all until the end of the transaction. Every function takes them in the order below, so that
 * no two wait for each other, and before the statement that reads what they guard: each statement of a function
 * sees what was committed before it began.
 *
 * 1. the listeners: shared by appends, which make deliveries for them; alone by whoever changes them
 * 2. a worker: shared by whoever claims for it; alone by whoever retires it
 * 3. all interactions: shared by whoever locks some; alone by whoever would need too many
 * 4. each interaction, in the order of the keys of their locks
 * 5. a place in the log: shared, from before an append takes its numbers (`horizon`)
 */
export const LOCKS = [
  // 1230450001 and its successor are ours by nothing but being odd: other users of the database may have locks.
  `create function lock_listeners_v1(alone boolean) returns void language plpgsql as $$
begin
  if alone then perform pg_advisory_xact_lock(1230450001, 1);
  else perform pg_advisory_xact_lock_shared(1230450001, 1);
  end if;
end $$`,

  // Whether the worker is there, and will be to the end of the transaction.
  `create function lock_worker_v1(worker bigint) returns boolean language plpgsql as $$
begin
  perform pg_advisory_xact_lock_shared(1230450002, (worker % 2147483647)::int);
  return exists (select from workers where id = worker);
end $$`,

  // Locks are kept in memory that all sessions share: a payload of thousands of interactions must not fill it.
  // Negative, so that none is taken for a place in the log.
  `create function lock_interactions_v1(keys text[]) returns void language plpgsql as $$
declare
  ids bigint[];
begin
  select array_agg(id order by id) into ids
  from (select distinct hashtextextended(key, 0) | '-9223372036854775808'::bigint as id from unnest(keys) key) k;
  if ids is null then return; end if;
  if cardinality(ids) > 256 then
    perform pg_advisory_xact_lock(1230450001, 2);
  else
    perform pg_advisory_xact_lock_shared(1230450001, 2);
    perform pg_advisory_xact_lock(id) from unnest(ids) id;
  end if;
end $$`,

  // 18775 in the upper 16 bits says what the lock is, the rest up to where the log was numbered when it was taken.
  `create function lock_log_v1() returns void language plpgsql as $$
declare
  place bigint;
begin
  select case when is_called then last_value else last_value - 1 end into place from events_seq_seq;
  perform pg_advisory_xact_lock_shared((18775::bigint << 48) | place);
end $$`,

  // A lock ends after its transaction can be seen. So whatever was numbered up to the first statement, and is
  // not to be seen yet, holds a lock in the second.
  `create function horizon_v1() returns bigint language plpgsql as $$
declare
  last bigint;
  unfinished bigint;
begin
  select case when is_called then last_value else last_value - 1 end into last from events_seq_seq;
  select min(((classid::bigint & 65535) << 32) | objid::bigint) into unfinished
  from pg_locks
  where locktype = 'advisory' and objsubid = 1 and classid::bigint >> 16 = 18775
    and database = (select oid from pg_database where datname = current_database());
  return least(last, unfinished);
end $$`,
];
