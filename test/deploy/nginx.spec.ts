import { readFileSync } from 'node:fs';

import { beforeAll, describe, expect, it } from '@jest/globals';

import { VARIABLES } from '../../src/config/variables.js';
import { PATH } from '../support/service.js';
import { readCompose } from './compose.js';
import { everything, named, parseNginx, type Directive } from './nginx.js';

const TEMPLATE = 'deploy/compose/nginx.conf.template';

describe('the load balancer', () => {
  const environment = readCompose().services['nginx']?.environment ?? {};
  let http: readonly Directive[];
  let webhook: readonly Directive[];
  let operations: readonly Directive[];
  const parametersOf = (directives: readonly Directive[], name: string): string[] =>
    named(directives, name).map(({ parameters }) => parameters.join(' '));

  beforeAll(() => {
    // What the image's entrypoint does.
    const filter = new RegExp(environment['NGINX_ENVSUBST_FILTER'] ?? '');
    const text = readFileSync(TEMPLATE, 'utf8').replace(/\$\{?(\w+)\}?/g, (reference, name: string) =>
      filter.test(name) ? (environment[name] ?? reference) : reference,
    );
    http = named(parseNginx(text), 'http')[0]?.block ?? [];
    [webhook = [], operations = []] = named(http, 'server').map(({ block }) => block ?? []);
  });

  it('lets the vendor reach the webhook, its channels and its health, and nothing else', () => {
    expect(parametersOf(webhook, 'listen')).toEqual(['8080']);
    const locations = named(webhook, 'location').map(({ parameters, block }) => [
      parameters.join(' '),
      ...parametersOf(block ?? [], 'proxy_pass'),
    ]);
    expect(locations).toEqual([
      [`= ${PATH}`, 'http://webhook'],
      [`${PATH}/`, 'http://webhook'],
      ['= /health/live', 'http://webhook'],
      ['= /health/ready', 'http://webhook'],
      ['/'],
      ['@too_large'],
      ['@unavailable'],
    ]);
    expect(parametersOf(named(webhook, 'location')[4]?.block ?? [], 'return')[0]).toMatch(/^404 /);
  });

  it('sends each of its servers to the port that the replicas have for it', () => {
    const { PORT, OPERATIONS_PORT } = readCompose().services['service']?.environment ?? {};
    const upstreams = named(http, 'upstream').map(({ parameters, block }) => [
      parameters[0],
      named(block, 'server')[0]?.parameters.slice(0, 2),
    ]);
    expect(upstreams).toEqual([
      ['webhook', [`service:${PORT}`, 'resolve']],
      ['operations', [`service:${OPERATIONS_PORT}`, 'resolve']],
    ]);
    expect(parametersOf(named(operations, 'location')[0]?.block ?? [], 'proxy_pass')).toEqual([
      'http://operations',
    ]);
  });

  it('sends a webhook to another replica, and no request of an operator', () => {
    const [retries = ''] = parametersOf(webhook, 'proxy_next_upstream');
    expect(retries.split(' ')).toEqual(
      expect.arrayContaining(['error', 'timeout', 'http_503', 'non_idempotent']),
    );
    expect(named(everything(http), 'proxy_next_upstream')).toHaveLength(1);
  });

  it('gives up before the vendor does, after 10 s', () => {
    const seconds = (directives: readonly Directive[], name: string): number =>
      parseInt(parametersOf(directives, name)[0] ?? '', 10);
    const each = seconds(http, 'proxy_connect_timeout') + seconds(webhook, 'proxy_read_timeout');
    expect(each * seconds(webhook, 'proxy_next_upstream_tries')).toBeLessThanOrEqual(10);
  });

  it('tells the service who really called, not who a sender claims to be', () => {
    const headers = [http, webhook, operations].map((block) => parametersOf(block, 'proxy_set_header'));
    expect(headers[0]).toContain('X-Forwarded-For $remote_addr');
    // One in a server would take the place of them all.
    expect(headers.slice(1)).toEqual([[], []]);
  });

  it('refuses bodies where the service does', () => {
    expect(VARIABLES.BODY_LIMIT.default).toBe('1MiB');
    expect(parametersOf(http, 'client_max_body_size')).toEqual(['1m']);
  });

  it('has its own words in the shape of the answers of the service', () => {
    const texts = named(webhook, 'location').flatMap(({ block }) => parametersOf(block ?? [], 'return'));
    expect(texts).toHaveLength(3);
    for (const text of texts) {
      const [, status, body = ''] = /^(\d+) '(.*)'$/.exec(text) ?? [];
      const { status: said } = JSON.parse(body) as { status: { code: number; message: string } };
      expect(said.code).toBe(Number(status));
      expect(said.message).not.toBe('');
    }
  });
});
