/** The measuring container of a manifest as the words of `docker run`: what a kubelet would give it, as far as Docker can. */

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';

// biome-ignore lint/suspicious/noExplicitAny: test/fleet/manifest.test.ts checks its form
type K8s = any;

export interface Node {
  readonly name: string;
  /** For what a pod has of its own: files of the ConfigMap, empty folders. */
  readonly folder: string;
  /** Paths of the node that are somewhere else here. */
  readonly paths: Readonly<Record<string, string>>;
}

/** Flags, image and arguments. Throws for what it doesn't know, so that nothing in the manifest is left out. */
export function containerWords(manifest: string, node: Node): string[] {
  const [config, workload] = parseAllDocuments(manifest).map((one) =>
    'toJS' in one ? one.toJS() : undefined,
  ) as K8s[];
  const pod = workload.spec.template.spec;
  const container = pod.initContainers?.[0] ?? pod.containers[0];
  const { name, image, imagePullPolicy, args, env, resources, securityContext, volumeMounts, ...others } = container;
  if (name !== 'measure' || imagePullPolicy !== 'IfNotPresent' || Object.keys(others).length > 0) {
    throw new Error(`not translated: ${JSON.stringify({ name, imagePullPolicy, ...others })}`);
  }
  return [
    ...['--pull', 'never', ...namespaces(pod), ...security(pod.securityContext, securityContext)],
    ...['--cpus', resources.limits.cpu, '--memory', `${resources.limits.memory}b`],
    ...env.flatMap((one: K8s) => {
      if (one.valueFrom?.fieldRef?.fieldPath !== 'spec.nodeName') throw new Error(`not translated: ${one.name}`);
      return ['-e', `${one.name}=${node.name}`];
    }),
    ...volumeMounts.flatMap((mount: K8s) => {
      const volume = pod.volumes.find((one: K8s) => one.name === mount.name);
      return ['-v', `${sourceOf(volume, mount, config, node)}:${mount.mountPath}${mount.readOnly ? ':ro' : ''}`];
    }),
    ...[image, ...args],
  ];
}

function namespaces({ hostPID, hostNetwork, hostIPC }: K8s): string[] {
  return [
    ...(hostPID ? ['--pid', 'host'] : []),
    ...['--network', hostNetwork ? 'host' : 'none'],
    ...(hostIPC ? ['--ipc', 'host'] : []),
  ];
}

function security(pod: K8s, { allowPrivilegeEscalation, capabilities, ...others }: K8s): string[] {
  if (allowPrivilegeEscalation !== false || Object.keys(others).length > 0) throw new Error('not translated');
  // The default of Docker is what Kubernetes calls that of the runtime.
  const seccomp = pod.seccompProfile.type === 'RuntimeDefault' ? [] : ['--security-opt', 'seccomp=unconfined'];
  const drop = capabilities.drop.flatMap((name: string) => ['--cap-drop', name]);
  return ['--security-opt', 'no-new-privileges', ...drop, ...seccomp];
}

function sourceOf({ name, configMap, hostPath, emptyDir }: K8s, mount: K8s, config: K8s, node: Node): string {
  if (hostPath !== undefined) return node.paths[hostPath.path] ?? hostPath.path;
  const folder = join(node.folder, name);
  mkdirSync(folder, { recursive: true });
  if (emptyDir !== undefined) return folder;
  if (configMap?.name !== config.metadata.name) throw new Error(`not translated: ${name}`);
  writeFileSync(join(folder, mount.subPath), config.data[mount.subPath]);
  return join(folder, mount.subPath);
}
