import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';

import { REFUSAL_REASONS } from '../../src/observability/refusal-reason.js';
import { Recorder } from '../support/listeners.js';
import { payload, TestService } from '../support/service.js';
import { until } from '../support/until.js';
import { parsePromql } from './promql.js';
import { parseExposition, samplesOf, SCRAPED, scrape, type Exposed } from './scrape.js';

const PROMETHEUS = 'deploy/prometheus';
const GRAFANA = 'deploy/grafana';
/** What Prometheus itself knows of what it scrapes. */
const OF_PROMETHEUS = ['up'];
const LABELS_OF_PROMETHEUS = ['job', 'instance', 'le'];

interface Alert {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

const { groups } = parse(readFileSync(`${PROMETHEUS}/alerts.yml`, 'utf8')) as {
  groups: { name: string; rules: Alert[] }[];
};
const alerts = groups.flatMap(({ rules }) => rules);

let service: TestService;
let exposed: Map<string, Exposed>;
/** By the name of a series. */
const series = new Map<string, Exposed>();

/** A service that has done all it can do, so that every label of every metric is in use. */
beforeAll(async () => {
  service = await TestService.start(SCRAPED, { listeners: [new Recorder().module()] });
  await service.post(payload());
  await until(
    async () => (await samplesOf(service))['attempts_total{listener="recorder",outcome="done"}'] === 1,
  );
  exposed = parseExposition(await scrape(service));
  for (const metric of exposed.values()) for (const name of metric.series) series.set(name, metric);
});
afterAll(() => service.stop());

/** Fails where an expression is not well-formed, or asks for what the service does not have. */
function expectAnswerable(expression: string): void {
  const { selectors, groupings } = parsePromql(expression);
  expect(selectors).not.toEqual([]);
  const labels = new Set(LABELS_OF_PROMETHEUS);
  for (const { metric, matchers } of selectors) {
    if (OF_PROMETHEUS.includes(metric)) continue;
    const found = series.get(metric);
    expect([metric, found === undefined ? 'is not exposed' : 'is exposed']).toEqual([metric, 'is exposed']);
    for (const label of found?.labels ?? []) labels.add(label);
    for (const { label, operator, value } of matchers) {
      if (LABELS_OF_PROMETHEUS.includes(label)) continue;
      const values = found?.values.get(label);
      expect([metric, label, values === undefined ? 'is no label of it' : 'is one']).toEqual([
        metric,
        label,
        'is one',
      ]);
      // Each alternative of a choice has to be a value: one with a slip of the pen would match nothing, silently.
      const known = operator === '=~' ? value.split('|') : operator === '=' ? [value] : [];
      for (const one of known.filter((text) => text !== '.*')) expect([...(values ?? [])]).toContain(one);
    }
  }
  for (const label of groupings) expect([...labels]).toContain(label);
}

describe('docs/observability.md', () => {
  const page = readFileSync('docs/observability.md', 'utf8');
  const rows = [
    ...page.matchAll(/^\| `((?:interactions_webhook|process|nodejs)_\w+)` \| (.+?) \| (.+?) \| (.+) \|$/gm),
  ];

  it('describes every metric that a running service exposes, as it is', () => {
    const described = rows.map(([, name, type, labels, meaning]) => ({ name, type, labels, meaning }));
    const real = [...exposed].map(([name, { type, help, labels }]) => ({
      name,
      type,
      labels:
        [...labels]
          .filter((label) => label !== 'le')
          .map((label) => `\`${label}\``)
          .join(', ') || 'none',
      meaning: help,
    }));
    const byName = (a: { name?: string | undefined }, b: { name?: string | undefined }): number =>
      (a.name ?? '').localeCompare(b.name ?? '');
    expect(described.toSorted(byName)).toEqual(real.toSorted(byName));
  });

  it('describes every reason of a refusal', () => {
    const [, table = ''] = /### Reasons of refusals(.*?)\n## /s.exec(page) ?? [];
    const described = [...table.matchAll(/^\| `(\w+)` \| \d{3} \|/gm)].map(([, reason]) => reason);
    expect(described.toSorted()).toEqual([...REFUSAL_REASONS].toSorted());
  });
});

describe('the names of the metrics', () => {
  it('are as Prometheus has them: a prefix, base units, and _total for counters alone', () => {
    for (const [name, { type }] of exposed) {
      expect(name).toMatch(/^(interactions_webhook|process|nodejs)_[a-z_]+$/);
      expect([name, name.endsWith('_total')]).toEqual([name, type === 'counter']);
      expect(name).not.toMatch(/_(ms|millis|milliseconds|kb|mb|percent)(_|$)/);
    }
  });
});

describe('the alerts', () => {
  const runbook = readFileSync('docs/runbook.md', 'utf8');

  it.each(alerts)('$alert asks for what there is', ({ expr }) => expectAnswerable(expr));

  it.each(alerts)(
    '$alert says how bad it is, what it means and what to do',
    ({ alert, labels, annotations }) => {
      expect(['critical', 'warning', 'info']).toContain(labels['severity']);
      for (const part of ['summary', 'description', 'action']) expect(annotations[part]).toMatch(/^\S.+\.$/s);
      expect(annotations['runbook']).toBe(`docs/runbook.md#${alert.toLowerCase()}`);
    },
  );

  it.each(alerts)('$alert uses labels in its text that its expression leaves', ({ expr, annotations }) => {
    const { selectors, groupings } = parsePromql(expr);
    // What is not aggregated has all labels of the process.
    const left = new Set([...groupings, ...(groupings.length === 0 ? ['instance', 'job'] : [])]);
    expect(selectors.length).toBeGreaterThan(0);
    for (const [, label = ''] of (annotations['summary'] ?? '').matchAll(/\$labels\.(\w+)/g)) {
      expect([...left]).toContain(label);
    }
  });

  it('have an entry in the runbook each, in the same order, and it has no other', () => {
    const entries = [...runbook.matchAll(/^## (.+)$/gm)].map(([, title]) => title);
    expect(entries).toEqual(alerts.map(({ alert }) => alert));
  });

  it.each(alerts)('$alert has an entry that says where to look and what to do', ({ alert }) => {
    const [, entry = ''] = new RegExp(`^## ${alert}$(.*?)(?=^## |$(?![\\s\\S]))`, 'ms').exec(runbook) ?? [];
    expect(entry).toMatch(/\n\*\*Look\.\*\* \S/);
    expect(entry).toMatch(/\n\*\*Do\.\*\* \S/);
  });

  it('are loaded by the example for Prometheus, which sends the token of viewers from a file', () => {
    const { rule_files, scrape_configs } = parse(readFileSync(`${PROMETHEUS}/prometheus.yml`, 'utf8')) as {
      rule_files: string[];
      scrape_configs: Record<string, unknown>[];
    };
    for (const file of rule_files) expect(existsSync(join(PROMETHEUS, file))).toBe(true);
    expect(scrape_configs).toEqual([
      expect.objectContaining({
        // As the alert WebhookDown has it.
        job_name: 'interactions-webhook',
        metrics_path: '/metrics',
        authorization: { credentials_file: expect.any(String) },
      }),
    ]);
  });
});

describe('the runbook', () => {
  const runbook = readFileSync('docs/runbook.md', 'utf8');

  it('names metrics that there are', () => {
    for (const [name] of runbook.matchAll(/interactions_webhook_\w+|process_\w+_total/g)) {
      expect([...series.keys(), ...exposed.keys()]).toContain(name);
    }
  });

  it('leads to pages and parts of them that there are', () => {
    for (const [, target = ''] of runbook.matchAll(/\]\(([^)]+)\)/g)) {
      const [path = '', anchor] = target.split('#');
      const page = path === '' ? 'docs/runbook.md' : join(dirname('docs/runbook.md'), path);
      expect([page, existsSync(page)]).toEqual([page, true]);
      if (anchor === undefined) continue;
      const anchors = [...readFileSync(page, 'utf8').matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
        title
          .toLowerCase()
          .replaceAll(/[^a-z0-9 -]/g, '')
          .replaceAll(' ', '-'),
      );
      expect(anchors).toContain(anchor);
    }
  });
});

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly datasource?: { readonly uid: string };
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly { readonly expr: string; readonly datasource: { readonly uid: string } }[];
}

interface Dashboard {
  readonly title: string;
  readonly uid: string;
  readonly panels: readonly Panel[];
  readonly templating: {
    readonly list: readonly { name: string; type: string; definition?: string; query: unknown }[];
  };
}

describe.each(readdirSync(GRAFANA).filter((file) => file.endsWith('.json')))('the dashboard %s', (file) => {
  const dashboard = JSON.parse(readFileSync(join(GRAFANA, file), 'utf8')) as Dashboard;
  const panels = dashboard.panels.filter(({ type }) => type !== 'row');
  const variables = dashboard.templating.list;
  /** An expression as Grafana sends it. */
  const filled = (expression: string): string =>
    expression.replaceAll('$__rate_interval', '1m').replaceAll(/\$(\w+)/g, (whole, name: string) => {
      expect(variables.map((variable) => variable.name)).toContain(name);
      return whole === '$datasource' ? whole : '.*';
    });

  it.each(panels.map(({ title, targets }) => ({ title, targets })))(
    '$title asks for what there is',
    ({ targets }) => {
      expect(targets).not.toHaveLength(0);
      for (const { expr } of targets ?? []) expectAnswerable(filled(expr));
    },
  );

  it('lets its reader choose the data source, and every panel uses that one', () => {
    expect(variables[0]).toMatchObject({ name: 'datasource', type: 'datasource' });
    for (const { datasource, targets } of panels) {
      const uids = [datasource, ...(targets ?? []).map((target) => target.datasource)].map(
        (source) => source?.uid,
      );
      expect(new Set(uids)).toEqual(new Set(['${datasource}']));
    }
  });

  it('has choices that come from metrics that there are', () => {
    for (const { definition, query } of variables.filter(({ type }) => type === 'query')) {
      expect(query).toMatchObject({ query: definition });
      const [, selector = ''] = /^label_values\((.+), \w+\)$/.exec(definition ?? '') ?? [];
      expectAnswerable(filled(selector));
    }
  });

  it('says in every panel what it shows', () => {
    for (const { title, description } of panels)
      expect([title, description]).toEqual([title, expect.stringMatching(/\.$/)]);
  });

  it('has panels that do not lie on one another, and each its own number', () => {
    expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length);
    const cells = dashboard.panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, i) => `${x + (i % w)},${y + Math.floor(i / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
  });
});
