import type { Type } from '@nestjs/common';

import type { AppOptions } from '../../src/app.js';
import type { Environment } from '../../src/config/app-config.js';
import { TestService, type Answer } from '../support/service.js';

/** The tokens of services under test. */
export const OPERATOR_TOKEN = 'operator-token-of-tests';
export const VIEWER_TOKEN = 'viewer-token-of-tests';

/** Starts a service that operators may ask. */
export function startOperated(
  env: Environment = {},
  options: AppOptions & { dataDir?: string; listeners?: readonly Type[] } = {},
): Promise<TestService> {
  return TestService.start({ OPERATOR_TOKEN, VIEWER_TOKEN, ...env }, options);
}

/** GETs something of the operators' API. */
export function get(service: TestService, path: string, token = OPERATOR_TOKEN): Promise<Answer> {
  return service.send('GET', `/api/v1${path}`, undefined, { authorization: `Bearer ${token}` });
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
    const answer = await get(service, `${path}${path.includes('?') ? '&' : '?'}limit=${limit}${cursor}`);
    if (answer.status !== 200) throw new Error(answer.text);
    const page = answer.json as { items: T[]; next: string | null };
    items.push(...page.items);
    ({ next } = page);
  } while (next !== null);
  return items;
}
