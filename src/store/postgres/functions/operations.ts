const PLANS = 'set enable_seqscan = off set jit = off';

/**
 * What operators do, a batch at a time. What a batch holds was read before, without a lock: each function looks
 * again whether it still is so.
 */
export const OPERATIONS = [
  // Deliveries are made for a listener from then on. Appends that have begun make none for it: they are waited for.
  `create function register_v1(title text, wish text, backfill bigint, now bigint) returns bigint
language plpgsql ${PLANS} as $$
declare
  known record;
begin
  select id, filter into known from listeners where name = title;
  if known.filter = wish then return known.id; end if;
  perform lock_listeners_v1(true);
  insert into listeners (name, filter, backfill_seq, created_at) values (title, wish, backfill, now)
  on conflict (name) do update set filter = excluded.filter
  returning id into known;
  return known.id;
end $$`,

  `create function set_paused_v1(listener bigint, pause int) returns void language plpgsql as $$
begin
  perform lock_listeners_v1(true);
  update listeners set paused = pause where id = listener;
end $$`,

  `create function retry_v1(o_seq bigint[], o_listener bigint[], o_key text[], now bigint) returns int
language plpgsql ${PLANS} as $$
declare
  dead record;
  retried int := 0;
begin
  perform lock_interactions_v1(o_key);
  for dead in
    select d.seq, d.listener_id, d.interaction_key
    from unnest(o_seq, o_listener) as o(seq, listener)
    join deliveries d on d.seq = o.seq and d.listener_id = o.listener and d.state = 'dead'
    order by d.seq, d.listener_id
  loop
    perform reopen_v1(dead.seq, dead.listener_id, dead.interaction_key, now);
    retried := retried + 1;
  end loop;
  return retried;
end $$`,

  `create function discard_v1(o_seq bigint[], o_listener bigint[], o_key text[], now bigint) returns int
language plpgsql ${PLANS} as $$
declare
  line record;
  discarded int := 0;
begin
  perform lock_interactions_v1(o_key);
  for line in
    update deliveries d set state = 'discarded', holds = 0, due_at = null
    from unnest(o_seq, o_listener) as o(seq, listener)
    where d.seq = o.seq and d.listener_id = o.listener and d.state in ('dead', 'pending', 'blocked')
    returning d.listener_id, d.interaction_key
  loop
    perform step_up_v1(line.listener_id, line.interaction_key, now);
    discarded := discarded + 1;
  end loop;
  return discarded;
end $$`,

  // Carries a replay from one place of the log to another; how many it delivers again, or null where another
  // process was faster. What is still on its way is not doubled.
  `create function replay_v1(
  replay bigint, place bigint, reached bigint, over boolean, o_seq bigint[], o_key text[], now bigint
) returns int language plpgsql ${PLANS} as $$
declare
  listener bigint;
  event record;
  again int := 0;
begin
  perform lock_interactions_v1(o_key);
  select listener_id into listener from replays
  where id = replay and position = place and state = 'running' for update;
  if listener is null then return null; end if;
  for event in
    select o.seq, o.key, d.state
    from unnest(o_seq, o_key) as o(seq, key)
    left join deliveries d on d.seq = o.seq and d.listener_id = listener
    order by o.seq
  loop
    if event.state is null then
      insert into deliveries (seq, listener_id, interaction_key, state, holds, attempt)
      values (event.seq, listener, event.key, 'blocked', 0, 0);
    elsif event.state not in ('done', 'dead', 'discarded') then
      continue;
    end if;
    perform reopen_v1(event.seq, listener, event.key, now);
    again := again + 1;
  end loop;
  update replays
  set position = reached, replayed = replayed + again, state = case when over then 'done' else 'running' end
  where id = replay;
  return again;
end $$`,

  `create function backfill_v1(
  listener bigint, place bigint, reached bigint, o_seq bigint[], o_key text[], now bigint
) returns boolean language plpgsql ${PLANS} as $$
begin
  perform lock_interactions_v1(o_key);
  perform from listeners where id = listener and backfill_seq = place for update;
  if not found then return false; end if;
  perform deliver_v1(listener, seq, key, now) from unnest(o_seq, o_key) as o(seq, key);
  update listeners set backfill_seq = reached where id = listener;
  return true;
end $$`,

  `create function deliver_v1(listener bigint, event bigint, key text, now bigint) returns void
language plpgsql ${PLANS} as $$
begin
  insert into deliveries (seq, listener_id, interaction_key, state, holds, attempt)
  values (event, listener, key, 'blocked', 0, 0);
  perform reopen_v1(event, listener, key, now);
end $$`,

  // Ends a backfill that has come to the end of the log: from here on appends make the listener's deliveries.
  // None is under way meanwhile, and the last few events are taken along.
  `create function go_live_v1(listener bigint, at_most int, now bigint) returns boolean
language plpgsql ${PLANS} as $$
declare
  place bigint;
  wish jsonb;
  seqs bigint[];
  keys text[];
begin
  perform lock_listeners_v1(true);
  select backfill_seq, filter::jsonb into place, wish from listeners where id = listener for update;
  if place is null then return false; end if;
  select array_agg(seq order by seq), array_agg(interaction_key order by seq) into seqs, keys
  from (
    select seq, interaction_key from events
    where seq > place and wants_v1(wish, type, media_type, interaction_subtype, channel)
    order by seq limit at_most + 1
  ) rest;
  if cardinality(seqs) > at_most then return false; end if;
  perform lock_interactions_v1(coalesce(keys, '{}'));
  perform deliver_v1(listener, seq, key, now) from unnest(seqs, keys) as o(seq, key);
  update listeners set backfill_seq = null where id = listener;
  return true;
end $$`,
];
