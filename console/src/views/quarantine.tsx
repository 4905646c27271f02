import { useState } from 'preact/hooks';

import { get } from '../api.js';
import { Badge, Text } from '../components/badge.js';
import { BulkProgress, useBulk } from '../components/bulk.js';
import { Choice } from '../components/filters.js';
import { Confirm } from '../components/dialog.js';
import { Groups } from '../components/groups.js';
import { Heading } from '../components/heading.js';
import { More } from '../components/more.js';
import { Empty, Loaded } from '../components/notice.js';
import { quarantineJob, type QuarantineAction, type QuarantineTarget } from '../components/quarantine-job.js';
import { SelectAll, selectColumn, useSelection } from '../components/selection.js';
import { Table, type Column } from '../components/table.js';
import { Time } from '../components/time.js';
import { bytes, count, plural } from '../format.js';
import { usePages, useResource } from '../resource.js';
import { query, setQuery } from '../router.js';
import { mayAct } from '../session.js';
import type { QuarantineGroup, QuarantineItem } from '../types.js';

const COLUMNS: readonly Column<QuarantineItem>[] = [
  { head: 'Payload', cell: ({ id }) => <a href={`/quarantine/${id}`}>#{id}</a> },
  { head: 'Faults', kind: 'wide', cell: ({ errors }) => <Text value={errors.join(' ')} /> },
  { head: 'State', cell: ({ state }) => <Badge state={state} /> },
  { head: 'Channel', cell: ({ channel }) => <Text value={channel} /> },
  { head: 'Sent', kind: 'num', cell: ({ times }) => `${count(times)}×` },
  { head: 'Last', cell: ({ lastAt }) => <Time at={lastAt} /> },
  { head: 'Size', kind: 'num', cell: ({ size }) => bytes(size) },
];

const keyOf = ({ id }: QuarantineItem): number => id;

/** Authentic payloads that are not valid: by fault, one by one, and reprocessed or discarded in bulk. */
export function Quarantine() {
  const error = query().get('error');
  const state = query().get('state') ?? 'held';
  const groups = useResource('quarantine groups', (signal) =>
    get<{ items: QuarantineGroup[] }>('/quarantine/groups', {}, signal),
  );
  const pages = usePages<QuarantineItem>('/quarantine', { state, error });
  const selection = useSelection(pages.data ?? [], keyOf);
  const bulk = useBulk(() => {
    groups.reload();
    pages.reload();
    selection.clear();
  });
  const [discarding, setDiscarding] = useState<QuarantineTarget>();
  const start = (action: QuarantineAction, of: QuarantineTarget): void =>
    void bulk.run(quarantineJob(action, of));
  const shown = groups.data?.items ?? [];
  const actable = mayAct() && state === 'held';
  return (
    <>
      <Heading name="Quarantine" />
      <Loaded from={groups}>
        {() => (
          <Groups
            label="Payloads by fault"
            groups={shown.map((group) => ({
              key: group.error,
              name: group.error,
              count: group.count,
              active: group.error === error,
              choose: () => setQuery({ error: group.error, state: '' }),
            }))}
            all={error === null ? undefined : () => setQuery({ error: '' })}
          />
        )}
      </Loaded>
      <BulkProgress bulk={bulk} />
      <div class="filters">
        <Choice name="state" label="State" options={['held', 'reprocessed', 'discarded']} none="held" />
      </div>
      <Loaded from={pages}>
        {(rows) => {
          if (rows.length === 0 && !pages.more) {
            return (
              <Empty title={state === 'held' ? 'Nothing is held.' : `Nothing was ${state}.`}>
                Payloads that are signed right and not valid are kept here, so that none is lost.
              </Empty>
            );
          }
          const target: QuarantineTarget =
            selection.size > 0
              ? { total: selection.size, filter: { ids: selection.chosen.map(keyOf) } }
              : { total: totalOf(shown, error), filter: error === null ? {} : { error } };
          const which = selection.size > 0 ? `${count(selection.size)} selected` : 'all';
          return (
            <>
              {actable && (
                <div class="toolbar">
                  <SelectAll selection={selection} />
                  <button
                    type="button"
                    class="primary"
                    disabled={bulk.busy}
                    onClick={() => start('reprocess', target)}
                  >
                    Reprocess {which}
                  </button>
                  <button type="button" disabled={bulk.busy} onClick={() => setDiscarding(target)}>
                    Discard {which}
                  </button>
                </div>
              )}
              <Table
                label="Quarantined payloads"
                columns={actable ? [selectColumn(selection, keyOf), ...COLUMNS] : COLUMNS}
                rows={rows}
                keyOf={keyOf}
              />
              <More pages={pages} />
            </>
          );
        }}
      </Loaded>
      {discarding && (
        <Confirm
          title={`Discard ${plural(discarding.total, 'payload')}?`}
          action="Discard"
          run={() => start('discard', discarding)}
          close={() => setDiscarding(undefined)}
        >
          <p>
            No event will be made of what is discarded. The bytes stay in the store until they are cleaned up.
          </p>
        </Confirm>
      )}
    </>
  );
}

/** A payload with two faults is in two groups: without a choice, the sum is only about right. */
const totalOf = (groups: readonly QuarantineGroup[], error: string | null): number =>
  groups
    .filter((group) => error === null || group.error === error)
    .reduce((sum, group) => sum + group.count, 0);
