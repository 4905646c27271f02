/** Every look-up is by a unique key or the index of a line, whatever the statistics say. */
const PLANS = 'set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off set jit = off';

/**
 * The state machine of deliveries. Whatever moves a line holds the lock of its interaction. A claim does not,
 * it skips what others have locked: so who reads that a delivery is `pending`, to change it, locks the row first.
 */
export const DELIVERIES = [
  // Makes the head of a line due, if it waits and nothing of the line runs. The head may be one that was brought
  // back while a later one ran: that one, where it is not over, waits behind it.
  `create function step_up_v1(listener bigint, key text, now bigint) returns boolean language plpgsql ${PLANS} as $$
declare
  head record;
  active record;
begin
  select seq, state into head from deliveries
  where interaction_key = key and listener_id = listener and holds = 1 order by seq limit 1;
  if head.state is distinct from 'blocked' then return false; end if;
  select seq, state into active from deliveries
  where interaction_key = key and listener_id = listener and holds = 1 and state in ('pending', 'running')
  limit 1 for update;
  if active.state = 'running' then return false; end if;
  if active.seq is not null then
    update deliveries set state = 'blocked', due_at = null where seq = active.seq and listener_id = listener;
  end if;
  update deliveries set state = 'pending', due_at = now where seq = head.seq and listener_id = listener;
  return true;
end $$`,

  // Makes a delivery open again, at its place in the line of its listener and interaction. What was the head and
  // has not begun waits behind it again.
  `create function reopen_v1(delivery bigint, listener bigint, key text, now bigint) returns void
language plpgsql ${PLANS} as $$
declare
  must_wait boolean;
begin
  perform from deliveries
  where interaction_key = key and listener_id = listener and holds = 1 and state = 'pending' for update;
  select exists (
    select from deliveries
    where interaction_key = key and listener_id = listener and holds = 1 and seq <> delivery
      and (seq < delivery or state = 'running')
  ) into must_wait;
  if not must_wait then
    update deliveries set state = 'blocked', due_at = null
    where interaction_key = key and listener_id = listener and holds = 1 and seq <> delivery and state = 'pending';
  end if;
  update deliveries
  set state = case when must_wait then 'blocked' else 'pending' end, holds = 1,
    due_at = case when not must_wait then now end, attempts_before = attempt
  where seq = delivery and listener_id = listener;
end $$`,

  // The result is JSON: the deliveries in the order in which they were due, and when the next ones are.
  `create function claim_v1(worker bigint, w_listener bigint[], w_limit int[], now bigint) returns json
language plpgsql ${PLANS} as $$
declare
  wanted record;
  part json;
  parts json[] := '{}';
  soonest bigint;
  due json[] := '{}';
begin
  if lock_worker_v1(worker) then
    for wanted in
      select w.listener, w.at_most from unnest(w_listener, w_limit) as w(listener, at_most)
      join listeners l on l.id = w.listener and l.paused = 0
    loop
      with ripe as materialized (
        select seq, due_at from deliveries
        where listener_id = wanted.listener and due_at <= now
        order by due_at, seq limit wanted.at_most for update skip locked
      ), taken as (
        update deliveries d set state = 'running', due_at = null, owner = worker, attempt = attempt + 1
        from ripe where d.seq = ripe.seq and d.listener_id = wanted.listener
        returning d.seq, d.attempt, d.attempts_before, d.interaction_key, ripe.due_at as was_due_at
      )
      select json_agg(json_build_array(
        wanted.listener, t.attempt, t.attempts_before, t.interaction_key, t.seq, e.type, e.interaction_id,
        e.media_type, e.interaction_subtype, e.self_uri, e.operation_id, e.channel, e.late, r.trace_id, e.received_at
      ) order by t.was_due_at, t.seq)
      into part
      from taken t join events e on e.seq = t.seq join receipts r on r.id = e.receipt_id;
      if part is not null then parts := parts || part; end if;

      select due_at into soonest from deliveries
      where listener_id = wanted.listener and due_at is not null order by due_at limit 1;
      if soonest is not null then due := due || json_build_array(wanted.listener, soonest); end if;
    end loop;
  end if;
  return json_build_object('deliveries', array_to_json(parts), 'nextDue', array_to_json(due));
end $$`,

  // A settlement whose claim is no longer its worker's is void. How many were not, and how many of those that
  // waited in line are due now.
  `create function settle_v1(
  s_seq bigint[], s_listener bigint[], s_key text[], s_owner bigint[], s_attempt int[], s_state text[], s_holds int[],
  s_due_at bigint[], s_started_at bigint[], s_duration bigint[], s_error text[], s_outcome text[], now bigint,
  out settled int, out stepped_up int
) language plpgsql ${PLANS} as $$
begin
  perform lock_interactions_v1(s_key);
  with settlement as (
    select * from unnest(
      s_seq, s_listener, s_key, s_owner, s_attempt, s_state, s_holds, s_due_at, s_started_at, s_duration, s_error,
      s_outcome
    ) as s(seq, listener, key, owner, attempt, state, holds, due_at, started_at, duration, error, outcome)
  ), done as (
    update deliveries d
    set state = s.state, holds = s.holds, due_at = s.due_at, owner = null, started_at = s.started_at,
      duration = s.duration, last_error = s.error
    from settlement s
    where d.seq = s.seq and d.listener_id = s.listener and d.owner = s.owner and d.attempt = s.attempt
    returning d.seq, d.listener_id, d.attempt, d.state, s.outcome, s.error, s.started_at, s.duration
  ), failed as (
    insert into attempts (seq, listener_id, attempt, outcome, error, started_at, duration)
    select seq, listener_id, attempt, outcome, error, started_at, duration from done where state <> 'done'
  )
  select count(*) into settled from done;

  select count(*) filter (where step_up_v1(listener, key, now)) into stepped_up
  from (select distinct listener, key from unnest(s_listener, s_key) as s(listener, key)) line
  cross join lateral (
    select state from deliveries
    where interaction_key = key and listener_id = listener and holds = 1 order by seq limit 1
  ) head
  where head.state = 'blocked';
end $$`,

  // Returns deliveries whose attempt never began.
  `create function release_v1(worker bigint, c_seq bigint[], c_listener bigint[], now bigint) returns void
language plpgsql ${PLANS} as $$
declare
  line record;
begin
  perform lock_interactions_v1(array(
    select d.interaction_key from unnest(c_seq, c_listener) as c(seq, listener)
    join deliveries d on d.seq = c.seq and d.listener_id = c.listener where d.owner = worker
  ));
  for line in
    update deliveries d set state = 'pending', due_at = now, owner = null, attempt = d.attempt - 1
    from unnest(c_seq, c_listener) as c(seq, listener)
    where d.seq = c.seq and d.listener_id = c.listener and d.owner = worker
    returning d.listener_id, d.interaction_key
  loop
    perform step_up_v1(line.listener_id, line.interaction_key, now);
  end loop;
end $$`,
];
