import { beforeAll, describe, expect, it } from '@jest/globals';

import { PATH } from '../support/service.js';
import { readStages, textsOf } from './dockerfile.js';
import { typeErrors } from './manifest-types.js';
import {
  readApplication,
  readKustomization,
  readManifests,
  type Application,
  type Manifest,
} from './manifests.js';

/** Milliseconds that the service takes to stop, at the most, in seconds. */
const STOP_SECONDS = 10;

/** Throws where a manifest does not keep to the schema of its kind. */
async function validate({ apiVersion, kind, ...rest }: Manifest): Promise<void> {
  const models = (await import(`kubernetes-models/${apiVersion}`)) as Record<
    string,
    new (data: object) => { validate: () => void }
  >;
  const Model = models[kind];
  if (Model === undefined) throw new Error(`There is no ${kind} in ${apiVersion}.`);
  new Model({ apiVersion, kind, ...rest }).validate();
}

describe('the manifests for Kubernetes', () => {
  const manifests = readManifests();
  const all = [...manifests.values()].flat();
  let app: Application;
  beforeAll(() => {
    app = readApplication();
  });

  it.each(
    all.map((manifest): [string, Manifest] => [`${manifest.kind} ${manifest.metadata.name}`, manifest]),
  )('have a %s that keeps to its schema', async (_, manifest) => {
    await expect(validate(manifest)).resolves.toBeUndefined();
  });

  it('have no field that Kubernetes does not know', () => {
    expect(typeErrors(all)).toEqual([]);
  });

  it('are all applied, but for the example of the Secret', () => {
    const applied = ['secret.example.yaml', ...readKustomization()];
    expect(applied.toSorted()).toEqual([...manifests.keys()].toSorted());
  });

  it('are allowed where the Pod Security Standard "restricted" is enforced', () => {
    const { pod, container } = app;
    expect(pod.securityContext).toMatchObject({
      runAsNonRoot: true,
      seccompProfile: { type: 'RuntimeDefault' },
    });
    expect(container.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
    const { hostNetwork, hostPID, hostIPC } = pod;
    expect([hostNetwork, hostPID, hostIPC]).toEqual([undefined, undefined, undefined]);
    const allowed = new Set(['configMap', 'emptyDir', 'secret', 'persistentVolumeClaim']);
    const kinds = pod.volumes?.flatMap(({ name: _name, ...source }) => Object.keys(source)) ?? [];
    expect(kinds).not.toEqual([]);
    expect(kinds.filter((kind) => !allowed.has(kind))).toEqual([]);
  });

  it('run as the user of the image', () => {
    const { runAsUser, runAsGroup } = app.pod.securityContext ?? {};
    const [last] = readStages().slice(-1);
    expect(last && textsOf(last, 'USER')).toEqual([`${runAsUser}:${runAsGroup}`]);
  });

  it('select the pods that the Deployment makes', () => {
    const { deployment, pod, services, budget, policy } = app;
    const { matchLabels } = deployment.spec?.selector ?? {};
    expect(deployment.spec?.template.metadata?.labels).toMatchObject(matchLabels ?? {});
    expect(services.map(({ spec }) => spec?.selector)).toEqual([matchLabels, matchLabels]);
    expect(budget.spec?.selector?.matchLabels).toEqual(matchLabels);
    expect(policy.spec?.podSelector?.matchLabels).toEqual(matchLabels);
    expect(pod.topologySpreadConstraints?.[0]?.labelSelector?.matchLabels).toEqual(matchLabels);
  });

  it('name ports that the container has', () => {
    const { container, services, policy } = app;
    const ports = new Map(container.ports?.map(({ name, containerPort }) => [name, containerPort]));
    const used = [
      ...[container.livenessProbe, container.readinessProbe, container.startupProbe].map(
        (probe) => probe?.httpGet?.port,
      ),
      ...services.flatMap(({ spec }) => spec?.ports?.map(({ targetPort }) => targetPort) ?? []),
      ...(policy.spec?.ingress?.flatMap(({ ports }) => ports?.map(({ port }) => port) ?? []) ?? []),
    ];
    expect(used).toHaveLength(7);
    for (const port of used) expect([...ports.keys()]).toContain(port);
    const environment = Object.fromEntries(container.env?.map(({ name, value }) => [name, value]) ?? []);
    expect(environment).toMatchObject({ PORT: String(ports.get('webhook')) });
    expect(environment).toMatchObject({ OPERATIONS_PORT: String(ports.get('operations')) });
  });

  it('ask the health checks whether to restart, and whether to send requests', () => {
    const { livenessProbe, readinessProbe, startupProbe } = app.container;
    expect(startupProbe?.httpGet?.path).toBe('/health/live');
    expect(livenessProbe?.httpGet?.path).toBe('/health/live');
    expect(readinessProbe?.httpGet?.path).toBe('/health/ready');
  });

  it('give a pod the time that it needs to end', () => {
    const before = app.container.lifecycle?.preStop?.sleep?.seconds ?? 0;
    expect(before).toBeGreaterThan(0);
    expect(app.pod.terminationGracePeriodSeconds).toBeGreaterThanOrEqual(before + STOP_SECONDS);
  });

  it('keep one replica running through updates and drains', () => {
    const { deployment, budget } = app;
    expect(deployment.spec?.replicas).toBe(2);
    expect(deployment.spec?.strategy?.rollingUpdate).toEqual({ maxUnavailable: 0, maxSurge: 1 });
    expect(budget.spec?.maxUnavailable).toBe(1);
  });

  it('take every secret from a file of the Secret, which the example has', () => {
    const { pod, container, secret } = app;
    const { mountPath } = container.volumeMounts?.find(({ name }) => name === 'secrets') ?? {};
    const files = container.env?.filter(({ name }) => name.endsWith('_FILE')) ?? [];
    const keys = files.map(({ value }) => value?.replace(`${mountPath}/`, ''));
    expect(keys.toSorted()).toEqual(Object.keys(secret.stringData ?? {}).toSorted());
    const { secret: volume } = pod.volumes?.find(({ name }) => name === 'secrets') ?? {};
    expect(volume?.secretName).toBe(secret.metadata?.name);
    // For the group, which is the pod's fsGroup.
    expect(volume?.defaultMode).toBe(0o440);
  });

  it('let the outside reach the webhook alone', () => {
    const { ingress, configMap, services } = app;
    const rules = ingress.spec?.rules?.flatMap(({ http }) => http?.paths ?? []) ?? [];
    expect(rules.map(({ path }) => path)).toEqual([PATH]);
    expect(`${configMap.data?.['BASE_PATH']}${configMap.data?.['WEBHOOK_PATH']}`).toBe(PATH);
    const [{ backend } = {}] = rules;
    const [webhook] = services;
    expect(backend?.service?.name).toBe(webhook?.metadata?.name);
    expect(webhook?.spec?.ports?.map(({ name, targetPort }) => [name, targetPort])).toEqual([
      ['webhook', 'webhook'],
    ]);
    expect(backend?.service?.port?.name).toBe('webhook');
    expect(services.map(({ spec }) => spec?.type)).toEqual([undefined, undefined]);
  });
});
