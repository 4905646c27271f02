import { useState } from 'preact/hooks';

import { get, post } from '../api.js';
import { Text } from '../components/badge.js';
import { BulkProgress, useBulk } from '../components/bulk.js';
import { Confirm } from '../components/dialog.js';
import { EventLink } from '../components/event-rows.js';
import { EventType } from '../components/badge.js';
import { Groups } from '../components/groups.js';
import { Heading } from '../components/heading.js';
import { More, Newer } from '../components/more.js';
import { Empty, Loaded } from '../components/notice.js';
import { SelectAll, selectColumn, useSelection } from '../components/selection.js';
import { Table, type Column } from '../components/table.js';
import { Time } from '../components/time.js';
import { count, firstLine, plural } from '../format.js';
import { useNewer, usePages, useResource } from '../resource.js';
import { query, setQuery } from '../router.js';
import { mayAct } from '../session.js';
import type { Batch, DeadGroup, DeadGroups, DeliveryItem } from '../types.js';

/** Deliveries in one request at the most. */
const BATCH = 500;

type Action = 'retry' | 'discard';
const WORDS: Readonly<Record<Action, readonly [string, string]>> = {
  retry: ['dead letter retried', 'dead letters retried'],
  discard: ['dead letter discarded', 'dead letters discarded'],
};

const COLUMNS: readonly Column<DeliveryItem>[] = [
  { head: 'Interaction', kind: 'id', cell: ({ event }) => <EventLink event={event} /> },
  { head: 'Event', cell: ({ event }) => <EventType type={event.type} late={event.late} /> },
  {
    head: 'Listener',
    kind: 'name',
    cell: ({ listener }) => <a href={`/listeners/${encodeURIComponent(listener)}`}>{listener}</a>,
  },
  {
    head: 'Error',
    kind: 'wide',
    cell: ({ error }) => <Text value={error === null ? null : firstLine(error)} />,
  },
  { head: 'Attempts', kind: 'num', cell: ({ attempt }) => count(attempt) },
  { head: 'Last', cell: ({ startedAt }) => <Time at={startedAt} /> },
];

const keyOf = ({ seq, listener }: DeliveryItem): string => `${seq} ${listener}`;

/** Deliveries whose attempts are used up: by error, one by one, and retried or discarded in bulk. */
export function DeadLetters() {
  const listener = query().get('listener');
  const error = query().get('error');
  const groups = useResource('dead groups', (signal) =>
    get<DeadGroups>('/deliveries/groups', { state: 'dead' }, signal),
  );
  const letters = usePages<DeliveryItem>('/deliveries', { state: 'dead', listener, error });
  const newer = useNewer(letters, (note) => note.kind === 'attempt' && note.attempt.state === 'dead');
  const selection = useSelection(letters.data ?? [], keyOf);
  const reload = (): void => {
    groups.reload();
    newer.show();
    selection.clear();
  };
  const bulk = useBulk(reload);
  const [asking, setAsking] = useState<{ action: Action; of: Target }>();
  const start = (action: Action, of: Target): void => {
    const [one, many] = WORDS[action];
    const parts = of.filters.map(
      (filter) =>
        (cursor?: string): Promise<Batch> =>
          post(`/deliveries/${action}`, { filter: { ...filter, state: 'dead' }, cursor }),
    );
    void bulk.run({ one, many, total: of.total, parts });
  };
  const act = (action: Action, of: Target): void => {
    if (action === 'discard') setAsking({ action, of });
    else start(action, of);
  };
  const all = groups.data?.items ?? [];
  const shown = all.filter((group) => listener === null || group.listener === listener);
  return (
    <>
      <Heading name="Dead letters" />
      <Loaded from={groups}>
        {() => (
          <Groups
            label="Dead letters by error"
            groups={shown.map((group) => ({
              key: JSON.stringify([group.listener, group.error]),
              name: group.error === '' ? 'an error without a message' : group.error,
              note: group.listener,
              count: group.count,
              active: error !== null && group.error === error && group.listener === listener,
              choose: () => setQuery({ listener: group.listener, error: group.error }),
            }))}
            all={
              listener !== null || error !== null ? () => setQuery({ listener: '', error: '' }) : undefined
            }
          />
        )}
      </Loaded>
      <BulkProgress bulk={bulk} />
      <Loaded from={letters}>
        {(rows) => {
          if (rows.length === 0 && !letters.more) {
            return (
              <Empty title="No dead letters.">
                A delivery comes here when its attempts are used up, or when its listener gives up for good.
              </Empty>
            );
          }
          const matching = matchingTarget(listener, error, shown);
          const target = selection.size > 0 ? selectedTarget(selection.chosen) : matching;
          const which =
            selection.size > 0
              ? `${count(selection.size)} selected`
              : `all ${count(matching.total)}${groups.data?.complete === false ? ' or more' : ''}`;
          return (
            <>
              <div class="toolbar">
                {mayAct() && (
                  <>
                    <SelectAll selection={selection} />
                    <button
                      type="button"
                      class="primary"
                      disabled={bulk.busy}
                      onClick={() => act('retry', target)}
                    >
                      Retry {which}
                    </button>
                    <button type="button" disabled={bulk.busy} onClick={() => act('discard', target)}>
                      Discard {which}
                    </button>
                  </>
                )}
                <Newer count={newer.count} show={reload} />
              </div>
              <Table
                label="Dead letters"
                columns={mayAct() ? [selectColumn(selection, keyOf), ...COLUMNS] : COLUMNS}
                rows={rows}
                keyOf={keyOf}
              />
              <More pages={letters} />
            </>
          );
        }}
      </Loaded>
      {asking && (
        <Confirm
          title={`Discard ${plural(asking.of.total, 'dead letter')}?`}
          action="Discard"
          run={() => start(asking.action, asking.of)}
          close={() => setAsking(undefined)}
        >
          <p>Their listeners will not handle these events. A replay can deliver them again.</p>
        </Confirm>
      )}
    </>
  );
}

/** What a command is for, as filters of the API. */
interface Target {
  readonly total: number;
  readonly filters: readonly Readonly<Record<string, unknown>>[];
}

function selectedTarget(chosen: readonly DeliveryItem[]): Target {
  const byListener = Map.groupBy(chosen, ({ listener }) => listener);
  const filters = [...byListener].flatMap(([listener, items]) => {
    const seqs = items.map(({ seq }) => seq);
    return Array.from({ length: Math.ceil(seqs.length / BATCH) }, (_, i) => ({
      listener,
      seqs: seqs.slice(i * BATCH, (i + 1) * BATCH),
    }));
  });
  return { total: chosen.length, filters };
}

function matchingTarget(listener: string | null, error: string | null, groups: readonly DeadGroup[]): Target {
  const matching = groups.filter((group) => error === null || group.error === error);
  const filter = { ...(listener !== null && { listener }), ...(error !== null && { error }) };
  return { total: matching.reduce((sum, group) => sum + group.count, 0), filters: [filter] };
}
