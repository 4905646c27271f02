const PLANS = 'set enable_seqscan = off set jit = off';

/**
 * Removes old events that are over, with all that belongs to them. Whatever could open a delivery of them again
 * is kept away until the end of the transaction: replays by the lock of their table, late listeners by that of
 * the listeners, everything else by those of the interactions. How many it removed, or null where it must not:
 * another process was faster, or a replay or a late listener has still to look at them.
 */
export const RETENTION = [
  `create function retain_v1(
  walks_log boolean, place bigint, reached bigint, over boolean, o_seq bigint[], o_key text[], before bigint
) returns int language plpgsql ${PLANS} as $$
declare
  gone bigint[];
  papers bigint[];
begin
  perform lock_listeners_v1(false);
  perform lock_interactions_v1(o_key);
  lock table replays in share mode;
  perform from retention where case when walks_log then position else kept_position end = place for update;
  if not found
    or exists (select from listeners where backfill_seq < reached)
    or exists (select from replays where state = 'running' and position < reached)
  then
    return null;
  end if;

  select coalesce(array_agg(o.seq), '{}') into gone
  from unnest(o_seq) o(seq)
  where not exists (select from deliveries d where d.seq = o.seq and d.state not in ('done', 'discarded'));

  if walks_log then
    insert into retention_kept (seq, receipt_id)
    select seq, receipt_id from events where seq > place and seq <= reached and seq <> all (gone);
    update retention set position = reached;
  else
    delete from retention_kept where seq = any (gone);
    update retention set kept_position = case when over then 0 else reached end;
  end if;

  delete from attempts where seq = any (gone);
  delete from deliveries where seq = any (gone);
  delete from transcripts where seq = any (gone);
  with removed as (delete from events where seq = any (gone) returning receipt_id)
  select array_agg(distinct receipt_id) into papers from removed;
  delete from interactions i
  where interaction_key = any (o_key) and (finished_at < before or late_started_at < before)
    and not exists (select from events e where e.interaction_key = i.interaction_key);
  delete from receipts r
  where id = any (papers)
    and not exists (select from retention_kept k where k.receipt_id = r.id)
    and not exists (select from events e where e.receipt_id = r.id and e.position > 0);
  return cardinality(gone);
end $$`,
];
