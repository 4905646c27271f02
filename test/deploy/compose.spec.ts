import { existsSync, readFileSync } from 'node:fs';

import { beforeAll, describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';

import { readCompose, type Compose, type ComposeService } from './compose.js';

/** What is used of dclint, whose types cannot be resolved. */
interface Lint {
  readonly DCLinter: new (options: object) => {
    lintFiles: (paths: string[], recursive: boolean) => { filePath: string; messages: unknown[] }[];
  };
}

/** Rules about the order in which things are written. */
const STYLE = Object.fromEntries(
  [
    'service-keys-order',
    'services-alphabetical-order',
    'service-dependencies-alphabetical-order',
    'service-ports-alphabetical-order',
    'top-level-properties-order',
  ].map((rule) => [rule, 0 as const]),
);

/** Every string of a YAML file's value, wherever it is. */
function strings(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(strings) : [];
}

describe('docker-compose.yml', () => {
  let compose: Compose;
  let services: [string, ComposeService][];
  const service = (name: string): ComposeService => compose.services[name] as ComposeService;
  beforeAll(() => {
    compose = readCompose();
    services = Object.entries(compose.services);
  });

  it('keeps to the schema of the compose specification, and to what its linter finds worth a warning', async () => {
    const { DCLinter } = (await import('dclint')) as unknown as Lint;
    const linter = new DCLinter({ rules: STYLE, quiet: true, debug: false, exclude: [] });
    const results = linter.lintFiles(['docker-compose.yml'], false);
    expect(results.map(({ filePath }) => filePath)).toEqual(['docker-compose.yml']);
    expect(results.flatMap(({ messages }) => messages)).toEqual([]);
  });

  it('mounts files that are in the checkout, made by the script of the secrets, or put there by the user', () => {
    const script = readFileSync('deploy/compose/make-secrets.sh', 'utf8');
    const made = [...script.matchAll(/^secret (\w+)/gm)].map(([, name]) => name);
    for (const [name, { file }] of Object.entries(compose.secrets)) expect(file).toBe(`./secrets/${name}`);
    expect(Object.keys(compose.secrets).toSorted()).toEqual(made.toSorted());
    const sources = services.flatMap(([, { volumes = [] }]) =>
      volumes.map((volume) => volume.split(':')[0] ?? ''),
    );
    const files = sources.filter((source) => source.startsWith('./') && source !== './listeners');
    expect(files).not.toEqual([]);
    expect(files.filter((file) => !existsSync(file))).toEqual([]);
    const volumes = sources.filter((source) => !source.startsWith('./'));
    expect(volumes.toSorted()).toEqual(Object.keys(compose.volumes).toSorted());
  });

  it('has no secret in an environment, and gives each service what its variables name', () => {
    for (const [, { environment = {}, secrets = [] }] of services) {
      const files = strings(environment).filter((value) => value.startsWith('/run/secrets/'));
      const named = new Set(files.map((file) => file.slice('/run/secrets/'.length)));
      for (const name of named) expect(secrets).toContain(name);
      for (const name of Object.keys(environment)) {
        if (/SECRET|TOKEN|PASSWORD|DATABASE_URL/.test(name)) expect(name).toMatch(/_FILE$/);
      }
    }
  });

  it('shows the outside the load balancer for the webhook alone; all else is on this machine', () => {
    const ports = services.flatMap(([name, { ports = [] }]) => ports.map((port) => `${name} ${port}`));
    const open = ports.filter((port) => !port.includes(' 127.0.0.1:'));
    expect(open).toEqual(['nginx 0.0.0.0:8080:8080']);
    expect(ports).toContain('nginx 127.0.0.1:8081:8081');
  });

  it('lets nobody but the replicas reach PostgreSQL', () => {
    const reach = services.filter(([, { networks }]) => networks.includes('data')).map(([name]) => name);
    expect(reach).toEqual(['postgres', 'service']);
    expect(service('postgres').networks).toEqual(['data']);
    expect(compose.networks['data']?.internal).toBe(true);
  });

  it('runs two replicas, which get longer to end than they need, with nothing to write to but /tmp', () => {
    expect(service('service').deploy?.replicas).toBe(2);
    expect(parseInt(service('service').stop_grace_period ?? '', 10)).toBeGreaterThan(10);
    expect(service('service').read_only).toBe(true);
  });

  it('starts what observes only when it is asked to', () => {
    const always = services.filter(([, { profiles }]) => profiles === undefined).map(([name]) => name);
    expect(always).toEqual(['postgres', 'service', 'nginx']);
    const observing = services.filter(([, { profiles = [] }]) => profiles.includes('observability'));
    expect(observing.map(([name]) => name)).toEqual(['otel-collector', 'prometheus', 'grafana']);
  });
});

describe('what docker-compose.yml mounts', () => {
  const yaml = (file: string): unknown => parse(readFileSync(`deploy/compose/${file}`, 'utf8'));

  it('makes Prometheus ask the replicas where the compose file has them, with the token it is given', () => {
    const { services } = readCompose();
    const { scrape_configs, rule_files } = yaml('prometheus.yml') as {
      scrape_configs: Record<string, unknown>[];
      rule_files: string[];
    };
    const [replicas] = scrape_configs;
    expect(replicas).toMatchObject({
      // By which the alerts know them.
      job_name: 'interactions-webhook',
      authorization: { credentials_file: '/run/secrets/viewer_token' },
      dns_sd_configs: [
        { names: ['service'], port: Number(services['service']?.environment?.['OPERATIONS_PORT']) },
      ],
    });
    expect(services['prometheus']?.secrets).toContain('viewer_token');
    const mounted = services['prometheus']?.volumes?.map((volume) => volume.split(':')[1]);
    for (const file of rule_files) expect(mounted).toContain(file);
  });

  it('gives the collector pipelines of parts that it has', () => {
    type Parts = Record<string, unknown>;
    const config = yaml('otel-collector.yml') as {
      receivers: Parts;
      processors: Parts;
      exporters: Parts;
      connectors: Parts;
      service: {
        pipelines: Record<string, Record<'receivers' | 'processors' | 'exporters', string[] | undefined>>;
      };
    };
    const { receivers, processors, exporters, connectors } = config;
    const pipelines = Object.values(config.service.pipelines);
    expect(pipelines).toHaveLength(2);
    for (const pipeline of pipelines) {
      for (const name of pipeline.receivers ?? [])
        expect({ ...receivers, ...connectors }).toHaveProperty(name);
      for (const name of pipeline.processors ?? []) expect(processors).toHaveProperty(name);
      for (const name of pipeline.exporters ?? [])
        expect({ ...exporters, ...connectors }).toHaveProperty(name);
    }
  });

  it('makes Grafana ask Prometheus, and show the dashboards where they are mounted', () => {
    const { services } = readCompose();
    const { datasources } = yaml('grafana/datasources.yml') as { datasources: { url: string }[] };
    expect(datasources.map(({ url }) => url)).toEqual(['http://prometheus:9090']);
    const { providers } = yaml('grafana/dashboards.yml') as { providers: { options: { path: string } }[] };
    for (const { options } of providers) {
      expect(services['grafana']?.volumes).toContain(`./deploy/grafana:${options.path}:ro`);
    }
  });
});
