import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import type { IDeployment } from 'kubernetes-models/apps/v1';
import type { IIngress, INetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1';
import type { IPodDisruptionBudget } from 'kubernetes-models/policy/v1';
import type { IConfigMap, IContainer, IPodSpec, ISecret, IService } from 'kubernetes-models/v1';
import { parse, parseAllDocuments } from 'yaml';

const KUBERNETES = 'deploy/kubernetes';
const KUSTOMIZATION = 'kustomization.yaml';

/** What every manifest has. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string };
}

/** The manifests by the name of their file. Read as kubectl reads them: as YAML 1.1, in which 0440 is octal. */
export function readManifests(): ReadonlyMap<string, readonly Manifest[]> {
  const files = readdirSync(KUBERNETES).filter((file) => file !== KUSTOMIZATION);
  return new Map(
    files.map((file) => {
      const documents = parseAllDocuments(readFileSync(join(KUBERNETES, file), 'utf8'), { version: '1.1' });
      return [file, documents.map((document) => document.toJS() as Manifest)];
    }),
  );
}

/** The files that `kubectl apply --kustomize` applies. */
export function readKustomization(): readonly string[] {
  const text = readFileSync(join(KUBERNETES, KUSTOMIZATION), 'utf8');
  return (parse(text) as { resources: string[] }).resources;
}

/** The manifests by what they are. */
export interface Application {
  readonly deployment: IDeployment;
  readonly pod: IPodSpec;
  readonly container: IContainer;
  readonly configMap: IConfigMap;
  readonly secret: ISecret;
  readonly services: readonly IService[];
  readonly ingress: IIngress;
  readonly budget: IPodDisruptionBudget;
  readonly policy: INetworkPolicy;
}

/** Finds each manifest; what each is, the schemas have to say. */
export function readApplication(): Application {
  const all = [...readManifests().values()].flat();
  const of = (kind: string): unknown => all.find((manifest) => manifest.kind === kind);
  const deployment = of('Deployment') as IDeployment;
  const pod = deployment.spec?.template.spec as IPodSpec;
  return {
    deployment,
    pod,
    container: pod.containers[0] as IContainer,
    configMap: of('ConfigMap') as IConfigMap,
    secret: of('Secret') as ISecret,
    services: all.filter(({ kind }) => kind === 'Service') as IService[],
    ingress: of('Ingress') as IIngress,
    budget: of('PodDisruptionBudget') as IPodDisruptionBudget,
    policy: of('NetworkPolicy') as INetworkPolicy,
  };
}
