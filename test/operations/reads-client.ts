import type { AppOptions } from '../../src/app.js';
import type { Environment } from '../../src/config/app-config.js';
import { Clock } from '../../src/events/clock.js';
import { EventService } from '../../src/events/event.service.js';
import { StoreUnavailableError } from '../../src/store/errors.js';
import { api, TOKENS } from '../support/operators.js';
import { TestService, type Answer } from '../support/service.js';
import { until } from '../support/until.js';

/** Starts a service that operators may ask. */
export function startOperated(
  env: Environment = {},
  options: AppOptions & { dataDir?: string } = {},
): Promise<TestService> {
  return TestService.start({ ...TOKENS, ...env }, options);
}

/** GETs something of the operators' API. */
export function get(
  service: TestService,
  path: string,
  token: string = TOKENS.OPERATOR_TOKEN,
): Promise<Answer> {
  return api(service, 'GET', path, { token });
}

/** A page of a list. */
export interface ListPage<T> {
  readonly items: T[];
  readonly next: string | null;
}

/** GETs a page that must be there. */
export async function getPage<T = Answer['json']>(service: TestService, path: string): Promise<ListPage<T>> {
  const answer = await get(service, path);
  if (answer.status !== 200) throw new Error(answer.text);
  return answer.json as ListPage<T>;
}

/** Every item of a list, page by page. */
export async function getAll<T = Answer['json']>(
  service: TestService,
  path: string,
  limit = 50,
): Promise<T[]> {
  const items: T[] = [];
  let next: string | null = null;
  do {
    const cursor: string = next === null ? '' : `&cursor=${next}`;
    const join = path.includes('?') ? '&' : '?';
    const page: ListPage<T> = await getPage(service, `${path}${join}limit=${limit}${cursor}`);
    items.push(...page.items);
    ({ next } = page);
  } while (next !== null);
  return items;
}

/** Waits until every delivery is over. */
export async function settled({ store }: TestService): Promise<void> {
  const { builder } = store;
  const open = builder
    .selectFrom('deliveries')
    .select('seq')
    .where('holds', '=', 1)
    .where('state', '<>', 'dead');
  await until(async () => (await store.query(open)).length === 0);
}

/** What is asked of the store's reading side. */
export interface WatchedReads {
  readonly reads: number;
  /** Rows that came back. */
  readonly rows: number;
  end(): void;
}

/** Counts what is asked of the store's reading side until it is ended; lets it fail after some. */
export function watchReads(
  { store }: TestService,
  { failAfter = Infinity }: { failAfter?: number } = {},
): WatchedReads {
  const read = store.read.bind(store);
  const watched = { reads: 0, rows: 0, end: () => void Reflect.deleteProperty(store, 'read') };
  store.read = async (query) => {
    if (++watched.reads > failAfter) throw new StoreUnavailableError('a test lets it fail');
    const rows = await read(query);
    watched.rows += rows.length;
    return rows;
  };
  return watched;
}

/**
 * Lets events be received at another time than now. Only that: a clock that stands still, or jumps, would
 * confuse leases and retries.
 */
export function receiveAt(service: TestService, now: (() => number) | undefined): void {
  Object.assign(service.get(EventService), { clock: now === undefined ? service.get(Clock) : { now } });
}
