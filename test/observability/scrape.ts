import type { TestService } from '../support/service.js';

/** The token that {@link scrape} sends. */
export const VIEWER_TOKEN = 'token-of-the-viewers';

/** Variables with which a service lets {@link scrape} in. */
export const SCRAPED = { OPERATOR_TOKEN: 'token-of-the-operators', VIEWER_TOKEN };

/** `/metrics` as text. */
export async function scrape(service: TestService): Promise<string> {
  const answer = await service.send('GET', '/metrics', undefined, {
    authorization: `Bearer ${VIEWER_TOKEN}`,
  });
  if (answer.status !== 200) throw new Error(`/metrics answered ${answer.status}: ${answer.text}`);
  return answer.text;
}

/** Every sample by its name without the service's prefix, such as `dead_letters{listener="crm"}`. */
export async function samplesOf(service: TestService): Promise<Record<string, number>> {
  const lines = (await scrape(service)).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return Object.fromEntries(
    lines.map((line) => {
      const space = line.lastIndexOf(' ');
      return [line.slice(0, space).replace(/^interactions_webhook_/, ''), Number(line.slice(space + 1))];
    }),
  );
}

/** Samples that counters and histograms gained while `work` ran, and nothing of those that did not change. */
export async function gained(
  service: TestService,
  work: () => Promise<unknown>,
): Promise<Record<string, number>> {
  const before = await samplesOf(service);
  await work();
  const after = await samplesOf(service);
  return Object.fromEntries(
    Object.entries(after)
      .map(([name, value]): [string, number] => [name, value - (before[name] ?? 0)])
      .filter(([name, value]) => value !== 0 && /_total(\{|$)|_count(\{|$)/.test(name)),
  );
}

/** A metric as the service exposes it. */
export interface Exposed {
  readonly type: string;
  readonly help: string;
  readonly labels: ReadonlySet<string>;
  /** Values that a label has, where it was ever used. */
  readonly values: ReadonlyMap<string, ReadonlySet<string>>;
  /** The names of its series: those of a histogram have suffixes. */
  readonly series: ReadonlySet<string>;
}

const SERIES_OF: Readonly<Record<string, readonly string[]>> = { histogram: ['_bucket', '_sum', '_count'] };

/** Every metric of an exposition, by name. */
export function parseExposition(text: string): Map<string, Exposed> {
  const metrics = new Map<string, Exposed>();
  const bySeries = new Map<string, Exposed>();
  const help = new Map(
    [...text.matchAll(/^# HELP (\S+) (.*)$/gm)].map(([, name = '', said = '']) => [name, said]),
  );
  for (const [, name = '', type = ''] of text.matchAll(/^# TYPE (\S+) (\S+)$/gm)) {
    const series = new Set((SERIES_OF[type] ?? ['']).map((suffix) => `${name}${suffix}`));
    const metric = { type, help: help.get(name) ?? '', labels: new Set<string>(), values: new Map(), series };
    metrics.set(name, metric);
    for (const one of series) bySeries.set(one, metric);
  }
  for (const [, name = '', labels = ''] of text.matchAll(/^(\w+)\{(.*)\} \S+$/gm)) {
    const metric = bySeries.get(name);
    for (const [, label = '', value = ''] of labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)) {
      (metric?.labels as Set<string>).add(label);
      const values = (metric?.values as Map<string, Set<string>>).get(label) ?? new Set();
      (metric?.values as Map<string, Set<string>>).set(label, values.add(value));
    }
  }
  return metrics;
}
