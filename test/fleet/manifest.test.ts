/** The objects for Kubernetes: valid by its own definitions, one pod a node, and no more power than the plan needs. */

import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { digestOfText } from '../../bench/fleet/job.ts';
import { type ManifestSpec, manifestOf, manifestText } from '../../fleet/kubernetes/manifest.ts';
import { selectorOf } from '../../fleet/kubernetes/names.ts';
import { KUBERNETES_VERSION, kubernetesProblems } from './kubernetes-schema.ts';

const PLAN = 'env: [docker, "docker:seccomp=unconfined"]\nblocks: 4\n';
/** Parsed YAML. */
// biome-ignore lint/suspicious/noExplicitAny: the schema says what is in it
type K8s = any;

const SPEC: ManifestSpec = {
  job: { fleet: 'nightly-1', plan: PLAN, planDigest: digestOfText(PLAN), flags: [] },
  ...{ namespace: null, image: 'registry.example/boxmark-node:1', selector: {}, socket: 'docker', native: false },
  ...{ nodes: null, cpus: 2, memoryBytes: 2 ** 31, keep: null, tolerate: false },
};

const parsed = (spec: ManifestSpec) =>
  parseAllDocuments(manifestText(spec)).map((one) => {
    if (!('toJS' in one)) throw new Error('no document');
    expect(one.errors).toEqual([]);
    return one.toJS() as K8s;
  });
const podOf = (spec: ManifestSpec) => parsed(spec)[1].spec.template.spec;
const measuringOf = (spec: ManifestSpec) => {
  const pod = podOf(spec);
  return pod.initContainers?.[0] ?? pod.containers[0];
};
const pathsOf = (spec: ManifestSpec) =>
  podOf(spec).volumes.flatMap(({ hostPath }: K8s) => (hostPath === undefined ? [] : [hostPath.path]));

const VARIANTS: readonly (readonly [string, Partial<ManifestSpec>])[] = [
  ['a DaemonSet', {}],
  ['an Indexed Job', { nodes: 5 }],
  ['one with all its settings', { nodes: 5, native: true, tolerate: true, keep: '/srv/kept', namespace: 'benchmarks' }],
  ['one without a socket', { socket: 'none', selector: selectorOf(['pool=bench', 'example.org/disk=ssd']) }],
];

describe('the manifest of a fleet', () => {
  it.each(VARIANTS)(`is valid by Kubernetes ${KUBERNETES_VERSION}: %s`, (_, changes) => {
    const objects = parsed({ ...SPEC, ...changes });
    expect(objects).toHaveLength(2);
    for (const object of objects) expect(kubernetesProblems(object)).toEqual([]);
    expect(objects).toEqual(JSON.parse(JSON.stringify(manifestOf({ ...SPEC, ...changes }))));
  });

  it('would be found invalid if it were', () => {
    const [config, job] = parsed({ ...SPEC, nodes: 5 });
    job.spec.completionMode = 'indexed';
    job.spec.template.spec.containers[0].resources.limits.cpu = 2;
    job.spec.template.spec.hostPid = true;
    delete job.spec.template.spec.volumes[0].name;
    expect(kubernetesProblems(job)).toEqual([
      'Job.spec.completionMode is none of NonIndexed, Indexed',
      'Job.spec.template.spec.volumes.0.name is missing',
      'Job.spec.template.spec.containers.0.resources.limits.cpu is no string',
      'Job.spec.template.spec.hostPid is not known',
    ]);
    expect(kubernetesProblems({ ...config, kind: 'Configmap' })).toEqual(['there is no Configmap of v1']);
  });

  it('has the plan byte for byte, whatever is in it', () => {
    const plan = `# "quoted" \u2028 \ttab: {}\r\n---\nenv: [docker]   \n\n${'x'.repeat(500)}: |\n  a\n\n\n`;
    const job = { ...SPEC.job, plan, planDigest: digestOfText(plan) };
    const [{ data }] = parsed({ ...SPEC, job });
    expect(data['plan.yaml']).toBe(plan);
    expect(JSON.parse(data['job.json'])).toEqual({
      schema: 1,
      fleet: 'nightly-1',
      planDigest: job.planDigest,
      flags: [],
    });
  });

  it('has the files of the job mounted one by one: in a mounted folder they are links', () => {
    const mounts = measuringOf(SPEC).volumeMounts.filter(({ name }: K8s) => name === 'job');
    expect(mounts.map(({ subPath, mountPath }: K8s) => [subPath, mountPath])).toEqual([
      ['job.json', '/etc/boxmark/job/job.json'],
      ['plan.yaml', '/etc/boxmark/job/plan.yaml'],
    ]);
    const words = ['fleet', 'node', '--job', '/etc/boxmark/job', '--footing'];
    expect(measuringOf(SPEC).args).toEqual([...words, 'container']);
    expect(measuringOf({ ...SPEC, native: true }).args).toEqual([...words, 'host']);
  });

  it.each(VARIANTS)('gives its pods no token, no privilege and no capability: %s', (_, changes) => {
    const pod = podOf({ ...SPEC, ...changes });
    expect(pod.automountServiceAccountToken).toBe(false);
    const profile = changes.native === true ? 'Unconfined' : 'RuntimeDefault';
    expect(pod.securityContext.seccompProfile).toEqual({ type: profile });
    for (const { securityContext } of [...pod.containers, ...(pod.initContainers ?? [])]) {
      expect(securityContext).toMatchObject({ allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } });
      expect(securityContext).not.toHaveProperty('privileged');
    }
  });

  it('shares of the node what the plan needs, and nothing else', () => {
    expect(pathsOf(SPEC)).toEqual(['/var/tmp', '/var/run/docker.sock']);
    expect(pathsOf({ ...SPEC, socket: 'none' })).toEqual([]);
    expect(pathsOf({ ...SPEC, keep: '/srv/kept' })).toEqual(['/var/tmp', '/var/run/docker.sock', '/srv/kept']);
    expect(podOf(SPEC)).not.toHaveProperty('hostPID');
    expect(podOf({ ...SPEC, native: true })).toMatchObject({ hostPID: true, hostNetwork: true, hostIPC: true });
  });

  it('asks for whole CPUs, and for no more than it requests', () => {
    const { requests, limits } = measuringOf({ ...SPEC, cpus: 3 }).resources;
    expect(requests).toEqual({ cpu: '3', memory: String(2 ** 31) });
    expect(limits).toEqual(requests);
    const { resources } = podOf(SPEC).containers[0];
    expect(resources.limits).toEqual(resources.requests);
  });

  it('puts the pods of a Job on different nodes, all at once, and tries each index once', () => {
    const [, { spec }] = parsed({ ...SPEC, nodes: 7 });
    expect(spec).toMatchObject({ completions: 7, parallelism: 7, backoffLimitPerIndex: 0 });
    const { labels } = spec.template.metadata;
    const [{ labelSelector, topologyKey }] =
      spec.template.spec.affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution;
    expect(topologyKey).toBe('kubernetes.io/hostname');
    expect(labels).toMatchObject(labelSelector.matchLabels);
    expect(spec.template.spec.restartPolicy).toBe('Never');
  });

  it('has a DaemonSet measure before its container, so that a pod that is ready has measured', () => {
    const [, { spec }] = parsed({ ...SPEC, keep: '/srv/kept' });
    expect(spec.template.metadata.labels).toMatchObject(spec.selector.matchLabels);
    expect(spec.template.spec.initContainers[0].args).toContain('--keep');
    expect(spec.template.spec.containers.map(({ name }: K8s) => name)).toEqual(['measured']);
    expect(spec.updateStrategy).toEqual({ type: 'OnDelete' });
  });

  it.each<readonly [string, Partial<ManifestSpec> | { fleet: string }, RegExp]>([
    ['upper case in its name', { fleet: 'Nightly' }, /--name takes/],
    ['a name that pods can not have', { fleet: 'x'.repeat(53) }, /at most 52/],
    ['a name that ends in -', { fleet: 'x-' }, /--name takes/],
    ['a namespace with a dot', { namespace: 'a.b' }, /--namespace takes/],
    ['a space in its image', { image: 'a b' }, /--image takes/],
  ])('is refused with %s', (_, changes, message) => {
    const spec = 'fleet' in changes ? { ...SPEC, job: { ...SPEC.job, ...changes } } : { ...SPEC, ...changes };
    expect(() => manifestOf(spec)).toThrow(message);
  });

  it('is refused with a plan that no ConfigMap holds', () => {
    const plan = `# ${'x'.repeat(2 ** 20)}\n${PLAN}`;
    expect(() => manifestOf({ ...SPEC, job: { ...SPEC.job, plan } })).toThrow(/does not fit into a ConfigMap/);
    const short = plan.slice(-(2 ** 20) + 400);
    expect(() => manifestOf({ ...SPEC, job: { ...SPEC.job, plan: short } })).not.toThrow();
  });
});

describe('labels of nodes', () => {
  it('are taken as kubectl prints them', () => {
    expect(selectorOf(['pool=bench', 'node.example.org/disk=', 'pool=bench'])).toEqual({
      pool: 'bench',
      'node.example.org/disk': '',
    });
  });

  it.each(['pool', '=bench', 'pool=a b', 'a/b/c=d', `${'x'.repeat(64)}=a`, `a=${'x'.repeat(64)}`, '-a=b', 'A.B_/c=d'])(
    'are refused: %s',
    (pair) => {
      expect(() => selectorOf([pair])).toThrow(/--selector takes LABEL=VALUE/);
    },
  );

  it('are refused with two values of one', () => {
    expect(() => selectorOf(['pool=a', 'pool=b'])).toThrow(/two values/);
  });
});
