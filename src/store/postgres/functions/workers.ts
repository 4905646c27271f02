/**
 * Leases. They are written and compared by the database's clock: those of machines can be apart by more than
 * a lease, and then one would take from another what that one still runs.
 */
export const WORKERS = [
  `create index deliveries_owner on deliveries (owner) where owner is not null`,

  `create function lease_clock_v1() returns bigint language sql volatile as $$
  select (extract(epoch from clock_timestamp()) * 1000)::bigint
$$`,

  `create function enroll_v1(process int, lease_ms bigint) returns bigint language sql as $$
  insert into workers (pid, started_at, lease_until)
  values (process, lease_clock_v1(), lease_clock_v1() + lease_ms) returning id
$$`,

  // Whether the lease had not ended before, and the workers whose lease has.
  `create function heartbeat_v1(worker bigint, lease_ms bigint, out renewed boolean, out expired json)
language plpgsql as $$
begin
  update workers set lease_until = lease_clock_v1() + lease_ms where id = worker;
  renewed := found;
  select coalesce(json_agg(id), '[]') into expired from workers where lease_until <= lease_clock_v1();
end $$`,

  // Frees whatever a worker still holds, and removes it. After a crash each of its deliveries is due a little
  // later than the others, by a hash of its seq: up to 2 s, doubled with each attempt up to 32 s. One of them may
  // be what ended the process: together again they would all run out of attempts with it.
  `create function retire_v1(worker bigint, now bigint, begun boolean, only_expired boolean) returns void
language plpgsql set enable_seqscan = off set jit = off as $$
declare
  line record;
begin
  perform pg_advisory_xact_lock(1230450002, (worker % 2147483647)::int);
  delete from workers where id = worker and (not only_expired or lease_until <= lease_clock_v1());
  if not found then return; end if;
  perform lock_interactions_v1(array(select interaction_key from deliveries where owner = worker));
  for line in
    update deliveries set
      state = 'pending', owner = null, attempt = attempt - 1 + begun::int,
      due_at = now + begun::int *
        ((seq % 32749) * ((worker + 7919) % 32749) % 32749 % (1000 << least(attempt - attempts_before, 5)))
    where owner = worker
    returning listener_id, interaction_key
  loop
    perform step_up_v1(line.listener_id, line.interaction_key, now);
  end loop;
end $$`,
];
