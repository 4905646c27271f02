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
