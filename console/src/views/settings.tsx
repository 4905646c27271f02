import { get } from '../api.js';
import { Text } from '../components/badge.js';
import { Heading } from '../components/heading.js';
import { More } from '../components/more.js';
import { Empty, Loaded } from '../components/notice.js';
import { Table, type Column } from '../components/table.js';
import { Time } from '../components/time.js';
import { bytes, count, zone } from '../format.js';
import { usePages, useResource } from '../resource.js';
import type { AuditEntry, Settings as Values } from '../types.js';

type Variable = Values['configuration'][number];

const VARIABLE_COLUMNS: readonly Column<Variable>[] = [
  { head: 'Variable', cell: ({ name }) => <code>{name}</code> },
  { head: 'Value', cell: (variable) => <Value of={variable} /> },
  { head: 'Meaning', kind: 'wide', cell: ({ meaning }) => <Meaning text={meaning} /> },
];

/** A value; of a secret, only whether there is one. What is not the default stands out. */
function Value({ of: { value, secret, set, default: usual } }: { of: Variable }) {
  if (secret) return <span class="muted">{set ? 'set, and secret' : 'not set'}</span>;
  if (value === null || value === '') return <span class="muted">not set</span>;
  return set && value !== usual ? (
    <b>
      <Text value={value} mono />
    </b>
  ) : (
    <Text value={value} mono />
  );
}

/** The meaning, which is also a text of the documentation: backticks are code, and of a link its name is shown. */
function Meaning({ text: markdown }: { text: string }) {
  const text = markdown.replace(/\[([^\]]+)\]\([^)]+\)/g, '$1');
  return <>{text.split('`').map((part, i) => (i % 2 === 1 ? <code key={i}>{part}</code> : part))}</>;
}

const AUDIT_COLUMNS: readonly Column<AuditEntry>[] = [
  { head: 'When', cell: ({ at }) => <Time at={at} /> },
  { head: 'Who', cell: ({ requestedBy, role }) => <Text value={`${requestedBy} (${role})`} /> },
  { head: 'From', cell: ({ address }) => <Text value={address} mono /> },
  { head: 'Did', cell: ({ action }) => <Text value={action} /> },
  { head: 'To', kind: 'wide', cell: ({ target }) => <Text value={JSON.stringify(target)} mono /> },
  { head: 'How many', kind: 'num', cell: (entry) => count(entry.count) },
];

/** How the service is set, and who did what. */
export function Settings() {
  const settings = useResource('settings', (signal) => get<Values>('/settings', {}, signal));
  return (
    <>
      <Heading name="Settings" />
      <Loaded from={settings}>
        {({ version, node, startedAt, store, configuration }) => (
          <>
            <dl class="facts">
              <Fact term="Version">{version}</Fact>
              <Fact term="Node">{node}</Fact>
              <Fact term="Running since">
                <Time at={startedAt} />
              </Fact>
              <Fact term="Store">{store.kind}</Fact>
              <Fact term="Size">{store.sizeBytes === null ? '–' : bytes(store.sizeBytes)}</Fact>
              <Fact term="Events">{count(store.events)}</Fact>
              <Fact term="Oldest event">
                <Time at={store.oldestEventAt} />
              </Fact>
              <Fact term="Times are in">{zone()}</Fact>
              {configuration.some(({ name, value }) => name === 'DOCS' && value === 'on') && (
                <Fact term="API">
                  <a href="/docs">documented</a>
                </Fact>
              )}
              <Fact term="Location" wide>
                <Text value={store.location} mono />
              </Fact>
            </dl>
            <section class="card flush" aria-labelledby="configuration">
              <h2 id="configuration">
                Configuration <span class="muted">what differs from its default is bold</span>
              </h2>
              <Table
                label="Configuration"
                columns={VARIABLE_COLUMNS}
                rows={configuration}
                keyOf={({ name }) => name}
              />
            </section>
          </>
        )}
      </Loaded>
      <Audit />
    </>
  );
}

function Fact({
  term,
  wide = false,
  children,
}: {
  term: string;
  wide?: boolean;
  children: preact.ComponentChildren;
}) {
  return (
    <div class={wide ? 'wide' : ''}>
      <dt>{term}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function Audit() {
  const entries = usePages<AuditEntry>('/audit', { limit: 20 });
  return (
    <section class="card flush" aria-labelledby="audit">
      <h2 id="audit">What operators did</h2>
      <Loaded from={entries}>
        {(rows) =>
          rows.length === 0 ? (
            <Empty title="Nothing yet.">Every retry, replay, pause and discard is written down here.</Empty>
          ) : (
            <>
              <Table label="What operators did" columns={AUDIT_COLUMNS} rows={rows} keyOf={({ id }) => id} />
              <More pages={entries} />
            </>
          )
        }
      </Loaded>
    </section>
  );
}
