/**
 * The objects that give a job to the nodes of a Kubernetes cluster: a ConfigMap with the plan, and an Indexed Job or a
 * DaemonSet. No cluster is asked, and the pods ask none either: they have no token.
 */

import { stringify } from 'yaml';
import { usageError } from '../../bench/errors.ts';
import { FLEET_PLAN } from '../../bench/fleet/info.ts';
import { JOB_FILE, type Job, jobFiles } from '../../bench/fleet/job.ts';
import { NODE_PATH } from '../../bench/payload/image-files.ts';
import type { Socket } from '../../bench/plan/cluster-flags.ts';
import { assertImage, assertName, assertNamespace } from './names.ts';

export interface ManifestSpec {
  /** Of the fleet, and of the objects. */
  readonly job: Job;
  readonly namespace: string | null;
  readonly image: string;
  /** Labels that a node must have. */
  readonly selector: Readonly<Record<string, string>>;
  readonly socket: Socket;
  /** The pod has the namespaces of its node. */
  readonly native: boolean;
  /** Of an Indexed Job; null for a DaemonSet. */
  readonly nodes: number | null;
  /** Whole CPUs of the pod. */
  readonly cpus: number;
  readonly memoryBytes: number;
  /** Folder of the node in which what a pod says is kept; null for none. */
  readonly keep: string | null;
  /** Nodes with taints are measured too. */
  readonly tolerate: boolean;
}

type Yaml = { readonly [name: string]: unknown };

/** Where the container finds its job. The files are mounted one by one: in a mounted folder they would be links. */
const JOB_FOLDER = '/etc/boxmark/job';
const KEPT = '/var/lib/boxmark/kept';
const SCRATCH = '/var/tmp';
const DOCKER_SOCKET = '/var/run/docker.sock';
/** Of all values of a ConfigMap together. */
const MOST_CONFIG_BYTES = 1 << 20;
const FLEET_LABEL = 'boxmark.dev/fleet';
/** Boxes are closed in that time. */
const GRACE_SECONDS = 60;

/** The objects, in the order in which they are made. Throws a usage error for what Kubernetes would refuse. */
export function manifestOf(spec: ManifestSpec): readonly Yaml[] {
  assertName(spec.job.fleet, '--name');
  assertImage(spec.image);
  if (spec.namespace !== null) assertNamespace(spec.namespace);
  const data = jobFiles(spec.job);
  const bytes = Object.values(data).reduce((sum, text) => sum + Buffer.byteLength(text), 0);
  if (bytes > MOST_CONFIG_BYTES) {
    const most = `${MOST_CONFIG_BYTES} bytes`;
    throw usageError(
      `The plan does not fit into a ConfigMap, which holds ${most}.`,
      `${bytes} bytes`,
      'a shorter plan',
    );
  }
  const config = { apiVersion: 'v1', kind: 'ConfigMap', metadata: metadataOf(spec), immutable: true, data };
  return [config, spec.nodes === null ? daemonSet(spec) : indexedJob(spec, spec.nodes)];
}

/** As a file for `kubectl create -f`. */
export function manifestText(spec: ManifestSpec): string {
  const documents = manifestOf(spec).map((one) => stringify(one, { lineWidth: 0, aliasDuplicateObjects: false }));
  return `${headOf(spec)}${documents.join('---\n')}`;
}

function headOf({ job: { fleet }, namespace, nodes }: ManifestSpec): string {
  const kubectl = namespace === null ? 'kubectl' : `kubectl -n ${namespace}`;
  const wait =
    nodes === null
      ? `${kubectl} rollout status daemonset/${fleet}      # ends when every node has measured`
      : `${kubectl} wait --for=condition=complete --timeout=24h job/${fleet}`;
  const lines = [
    `The fleet ${fleet}. Each pod says its session in its log:`,
    `  ${kubectl} create -f FILE`,
    `  ${wait}`,
    `  ${kubectl} logs --prefix -c measure -l ${FLEET_LABEL}=${fleet} --tail=-1 |`,
    `    boxmark fleet collect - -o ${fleet}`,
    `  ${kubectl} delete -f FILE`,
  ];
  return lines.map((line) => `# ${line}\n`).join('');
}

function metadataOf({ job: { fleet }, namespace }: ManifestSpec): Yaml {
  return { name: fleet, ...(namespace === null ? {} : { namespace }), labels: labelsOf(fleet) };
}

function labelsOf(fleet: string): Readonly<Record<string, string>> {
  return { 'app.kubernetes.io/name': 'boxmark', [FLEET_LABEL]: fleet };
}

/**
 * Ends by itself. A pod on each of so many nodes, all at once: a pod that has ended no longer keeps the next one away from
 * its node. A node that fails does not end the others.
 */
function indexedJob(spec: ManifestSpec, nodes: number): Yaml {
  const { fleet } = spec.job;
  const apart = { labelSelector: { matchLabels: { [FLEET_LABEL]: fleet } }, topologyKey: 'kubernetes.io/hostname' };
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: metadataOf(spec),
    spec: {
      completionMode: 'Indexed',
      completions: nodes,
      parallelism: nodes,
      backoffLimitPerIndex: 0,
      podReplacementPolicy: 'Failed',
      template: {
        metadata: { labels: labelsOf(fleet) },
        spec: {
          restartPolicy: 'Never',
          ...podOf(spec),
          affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [apart] } },
          containers: [measuring(spec)],
        },
      },
    },
  };
}

/**
 * A pod on every node, those that join later included. Pods of a DaemonSet never end, so it measures before its container
 * starts: a pod that is ready has measured.
 */
function daemonSet(spec: ManifestSpec): Yaml {
  const { fleet } = spec.job;
  return {
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: metadataOf(spec),
    spec: {
      selector: { matchLabels: { [FLEET_LABEL]: fleet } },
      // A change of the template would measure again.
      updateStrategy: { type: 'OnDelete' },
      template: {
        metadata: { labels: labelsOf(fleet) },
        spec: { restartPolicy: 'Always', ...podOf(spec), initContainers: [measuring(spec)], containers: [idle(spec)] },
      },
    },
  };
}

function podOf(spec: ManifestSpec): Yaml {
  const { native, selector, tolerate } = spec;
  return {
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    terminationGracePeriodSeconds: GRACE_SECONDS,
    ...(native ? { hostPID: true, hostNetwork: true, hostIPC: true } : {}),
    ...(Object.keys(selector).length === 0 ? {} : { nodeSelector: selector }),
    ...(tolerate ? { tolerations: [{ operator: 'Exists' }] } : {}),
    securityContext: native ? UNFILTERED : { seccompProfile: { type: 'RuntimeDefault' } },
    volumes: volumesOf(spec).map(({ volume }) => volume),
  };
}

function measuring(spec: ManifestSpec): Yaml {
  const { cpus, memoryBytes, keep, native } = spec;
  // Limits equal to requests, in whole CPUs: under the static policy of the CPU manager the pod has them to itself.
  const amounts = { cpu: String(cpus), memory: String(memoryBytes) };
  return {
    name: 'measure',
    image: spec.image,
    imagePullPolicy: 'IfNotPresent',
    args: [
      // Said here, so that it does not depend on the cluster's container runtime.
      ...['fleet', 'node', '--job', JOB_FOLDER, '--footing', native ? 'host' : 'container'],
      ...(keep === null ? [] : ['--keep', KEPT]),
    ],
    env: [{ name: 'BOXMARK_NODE', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } }],
    resources: { requests: amounts, limits: amounts },
    securityContext: LEAST,
    volumeMounts: volumesOf(spec).flatMap(({ mounts }) => mounts),
  };
}

/** Waits to be ended, with as little as possible. */
function idle({ image }: ManifestSpec): Yaml {
  const amounts = { cpu: '10m', memory: '128Mi' };
  return {
    name: 'measured',
    image,
    imagePullPolicy: 'IfNotPresent',
    command: [`/${NODE_PATH}`, '-e', "process.on('SIGTERM', () => process.exit()); setInterval(() => {}, 2 ** 30)"],
    resources: { requests: amounts, limits: amounts },
    securityContext: { ...LEAST, readOnlyRootFilesystem: true, runAsNonRoot: true, runAsUser: 65534 },
  };
}

/** The baseline would pay for a filter that a process of the node does not have. */
const UNFILTERED = { seccompProfile: { type: 'Unconfined' }, appArmorProfile: { type: 'Unconfined' } };
const LEAST = { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } };

interface Volume {
  readonly volume: Yaml;
  readonly mounts: readonly Yaml[];
}

function volumesOf({ job, socket, native, keep }: ManifestSpec): Volume[] {
  const files = [JOB_FILE, FLEET_PLAN].map((file) => ({
    ...{ name: 'job', mountPath: `${JOB_FOLDER}/${file}`, subPath: file, readOnly: true },
  }));
  // Docker looks on the node for what a box is given, so it has the same path there.
  const isShared = socket === 'docker' || native;
  const scratch = isShared ? { hostPath: { path: SCRATCH, type: 'Directory' } } : { emptyDir: {} };
  return [
    { volume: { name: 'job', configMap: { name: job.fleet } }, mounts: files },
    { volume: { name: 'scratch', ...scratch }, mounts: [{ name: 'scratch', mountPath: SCRATCH }] },
    ...(socket === 'docker' ? [hostVolume('socket', DOCKER_SOCKET, 'Socket', DOCKER_SOCKET)] : []),
    ...(keep === null ? [] : [hostVolume('kept', keep, 'DirectoryOrCreate', KEPT)]),
  ];
}

function hostVolume(name: string, path: string, type: string, mountPath: string): Volume {
  return { volume: { name, hostPath: { path, type } }, mounts: [{ name, mountPath }] };
}
