/** Plans that cost the same whatever the statistics say: every look-up of these is by an index. */
const PLANS = 'set enable_seqscan = off set jit = off';

/**
 * Appends a group of receipts: one round trip, one commit.
 *
 * `e_follows` says whether a FINISHED of the same interaction precedes an event in the group itself. The result
 * is a JSON array: for each event its `seq`, or 0 for a duplicate, whether it is late, whether deliveries of it
 * wait, and the listeners for which it was claimed.
 */
export const APPEND = [
  `create function wants_v1(filter jsonb, type text, media_type text, subtype text, channel text)
returns boolean language sql immutable as $$
  select (filter -> 'event' is null or coalesce(filter -> 'event' ? type, false))
    and (filter -> 'mediaType' is null or coalesce(filter -> 'mediaType' ? media_type, false))
    and (filter -> 'interactionSubtype' is null or coalesce(filter -> 'interactionSubtype' ? subtype, false))
    and (filter -> 'channel' is null or coalesce(filter -> 'channel' ? channel, false))
$$`,

  `create function append_v1(
  bodies bytea, r_length int[], r_channel text[], r_trace_id text[], r_secret_index int[], r_received_at bigint[],
  r_digest text[],
  e_receipt int[], e_position int[], e_interaction_key text[], e_dedup_key text[], e_type text[],
  e_interaction_id text[], e_media_type text[], e_subtype text[], e_self_uri text[], e_operation_id text[],
  e_follows boolean[],
  worker bigint, o_listener bigint[], o_capacity int[]
) returns json language plpgsql ${PLANS} as $$
declare
  ids bigint[] := array(select nextval('receipts_id_seq') from generate_series(1, cardinality(r_length)));
  kept bigint[];
  result json;
begin
  perform lock_listeners_v1(false);
  if worker is not null and not lock_worker_v1(worker) then worker := null; end if;
  perform lock_interactions_v1(e_interaction_key || array_remove(r_digest, null));
  perform lock_log_v1();

  insert into channels (name)
  select distinct channel from unnest(r_channel) channel
  where not exists (select from channels where name = channel)
  order by channel
  on conflict do nothing;

  with receipt as materialized (
    select ids[ordinal] as id, r.*, sum(length) over (order by ordinal) - length + 1 as start
    from unnest(r_length, r_channel, r_trace_id, r_secret_index, r_received_at, r_digest)
      with ordinality as r(length, channel, trace_id, secret_index, received_at, digest, ordinal)
  ), draft as materialized (
    select nextval('events_seq_seq') as seq, ids[e.receipt] as receipt_id, e.*,
      r_channel[e.receipt] as channel, r_received_at[e.receipt] as received_at,
      (e.type = 'STARTED' and e.interaction_id is not null and (e.follows or finished.before is not null)) is true as late
    from unnest(
        e_receipt, e_position, e_interaction_key, e_dedup_key, e_type, e_interaction_id, e_media_type, e_subtype,
        e_self_uri, e_operation_id, e_follows
      ) with ordinality as e(
        receipt, position, interaction_key, dedup_key, type, interaction_id, media_type, subtype, self_uri,
        operation_id, follows, ordinal
      )
    left join lateral (
      select true as before from events f
      where f.interaction_key = e.interaction_key and f.type = 'FINISHED' and e.type = 'STARTED'
      limit 1
    ) finished on true
  ), stored as (
    insert into events (
      seq, receipt_id, position, interaction_key, dedup_key, type, interaction_id, media_type, interaction_subtype,
      self_uri, operation_id, channel, late, received_at
    )
    select seq, receipt_id, position, interaction_key, dedup_key, type, interaction_id, media_type, subtype,
      self_uri, operation_id, channel, late::int, received_at
    from draft order by ordinal
    on conflict (interaction_key, dedup_key) do nothing
    returning seq, receipt_id
  ), listener as materialized (
    select l.id, l.filter::jsonb as filter,
      case when l.paused = 1 or worker is null then 0 else coalesce(o.capacity, 0) end as capacity
    from listeners l left join unnest(o_listener, o_capacity) as o(id, capacity) on o.id = l.id
    where l.backfill_seq is null
  ), wanted as (
    select d.seq, d.interaction_key, d.received_at, l.id as listener_id, l.capacity,
      held.line is not null
        or row_number() over (partition by l.id, d.interaction_key order by d.seq) > 1 as held
    from stored s
    join draft d on d.seq = s.seq
    join listener l on wants_v1(l.filter, d.type, d.media_type, d.subtype, d.channel)
    left join lateral (
      select true as line from deliveries x
      where x.interaction_key = d.interaction_key and x.listener_id = l.id and x.holds = 1
      limit 1
    ) held on true
  ), placed as materialized (
    select w.*, not held and row_number() over (partition by listener_id, held order by seq) <= capacity as claimed
    from wanted w
  ), delivered as (
    insert into deliveries (seq, listener_id, interaction_key, state, holds, attempt, due_at, owner)
    select seq, listener_id, interaction_key,
      case when held then 'blocked' when claimed then 'running' else 'pending' end,
      1, claimed::int, case when not held and not claimed then received_at end, case when claimed then worker end
    from placed
  ), receipts_kept as (
    insert into receipts (id, channel, body, trace_id, secret_index, received_at)
    select id, channel, substring(bodies from start::int for length), trace_id, secret_index, received_at
    from receipt where id in (select receipt_id from stored)
    returning id
  ), outcome as (
    select seq, bool_or(not claimed) as waiting,
      coalesce(json_agg(listener_id order by listener_id) filter (where claimed), '[]') as claims
    from placed group by seq
  )
  select
    (select array_agg(id) from receipts_kept),
    (
      select json_agg(
        json_build_array(coalesce(s.seq, 0), d.late, coalesce(o.waiting, false), coalesce(o.claims, '[]'))
        order by d.ordinal
      )
      from draft d left join stored s on s.seq = d.seq left join outcome o on o.seq = s.seq
    )
  into kept, result;

  if coalesce(cardinality(kept), 0) < cardinality(ids) then
    perform count_redeliveries_v1(ids, kept, e_receipt, e_interaction_key, e_dedup_key);
    -- A receipt without events is unique by its digest.
    insert into receipts (id, channel, digest, body, trace_id, secret_index, received_at, redeliveries)
    select distinct on (channel, digest) ids[ordinal], channel, digest, substring(bodies from start::int for length),
      trace_id, secret_index, received_at, count(*) over (partition by channel, digest) - 1
    from (
      select r.*, sum(length) over (order by ordinal) - length + 1 as start
      from unnest(r_length, r_channel, r_trace_id, r_secret_index, r_received_at, r_digest)
        with ordinality as r(length, channel, trace_id, secret_index, received_at, digest, ordinal)
    ) r
    where digest is not null
    order by channel, digest, ordinal
    on conflict (channel, digest) where digest is not null
    do update set redeliveries = receipts.redeliveries + excluded.redeliveries + 1;
  end if;
  return result;
end $$`,

  // A receipt of which no event was new counts for the one that brought its first event.
  `create function count_redeliveries_v1(
  ids bigint[], kept bigint[], e_receipt int[], e_interaction_key text[], e_dedup_key text[]
) returns void language sql ${PLANS} as $$
  update receipts set redeliveries = redeliveries + again.times
  from (
    select known.receipt_id, count(*)::int as times
    from (
      select distinct on (receipt) receipt, interaction_key, dedup_key
      from unnest(e_receipt, e_interaction_key, e_dedup_key)
        with ordinality as e(receipt, interaction_key, dedup_key, ordinal)
      where ids[receipt] <> all (coalesce(kept, '{}'))
      order by receipt, ordinal
    ) first
    cross join lateral (
      select receipt_id from events e
      where e.interaction_key = first.interaction_key and e.dedup_key = first.dedup_key
      limit 1
    ) known
    group by known.receipt_id
  ) again
  where id = again.receipt_id
$$`,
];
