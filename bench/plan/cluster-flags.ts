/** Flags of fleets whose hosts are nodes of a cluster, or whose sessions come as files. */

import { ANY, flag } from './flag.ts';
import { choice, count, names, ON, SIZE, text } from './values.ts';

/** The API of Kubernetes takes no larger Indexed Job. */
const MOST_NODES = 100_000;
const MOST_CPUS = 4096;
/** What of a node's engines a pod may reach. */
const SOCKETS = { docker: '', none: '' } as const;
export type Socket = keyof typeof SOCKETS;
/** Where a DaemonSet keeps sessions on a node. */
export const KEPT_ON_NODE = '/var/lib/boxmark/fleets';

export const CLUSTERS = [
  flag('plan', text('file', 'plan.yaml'), {
    required: true,
    help: 'the plan that every node measures',
    commands: { 'fleet manifest': ANY },
  }),
  flag('plan', text('file', 'plan.yaml'), {
    help: 'the plan of the fleet; what was measured by another one is refused',
    otherwise: 'that of the first log',
    commands: { 'fleet collect': ANY },
  }),
  flag('out', text('dir', 'nightly-1'), {
    short: 'o',
    required: true,
    help: 'folder of the fleet, which is made or extended',
    commands: { 'fleet collect': ANY },
  }),
  flag('name', names('host', 'node1'), {
    repeats: true,
    help: 'name of the host, one for each log in their order; may be repeated',
    otherwise: 'the name of the node, the pod, the file, or the folder above',
    commands: { 'fleet collect': ANY },
  }),
  flag('image', text('ref', 'registry.example/boxmark-node:1'), {
    required: true,
    help: 'the node image, as the nodes find it',
    commands: { 'fleet manifest': ANY },
  }),
  flag('name', text('name', 'nightly-1'), {
    help: 'of the fleet and its objects; a node measures once for each name',
    otherwise: 'boxmark- and the digest of the plan',
    commands: { 'fleet manifest': ANY },
  }),
  flag('namespace', text('name', 'benchmarks'), {
    help: 'namespace of the objects',
    otherwise: "kubectl's",
    commands: { 'fleet manifest': ANY },
  }),
  flag('selector', names('label=value', 'kubernetes.io/arch=amd64'), {
    repeats: true,
    help: 'a label that nodes must have; may be repeated',
    otherwise: 'every node',
    commands: { 'fleet manifest': ANY },
  }),
  flag('indexed', count(1, MOST_NODES), {
    help: 'an Indexed Job with a pod on each of so many nodes, which ends by itself',
    otherwise: 'a DaemonSet with a pod on every node',
    commands: { 'fleet manifest': ANY },
  }),
  flag('socket', choice(SOCKETS, 'engine'), {
    help: "the engine's socket of the node that pods may use",
    default: 'docker',
    commands: { 'fleet manifest': ANY },
  }),
  flag('native', ON, {
    help: "give pods the process, network and IPC namespaces of their node, for a baseline of the node's own processes",
    commands: { 'fleet manifest': ANY },
  }),
  flag('cpus', count(1, MOST_CPUS), {
    help: 'whole CPUs of each pod, requested and limited alike',
    default: '2',
    commands: { 'fleet manifest': ANY },
  }),
  flag('pod-memory', SIZE, {
    help: 'memory of each pod, requested and limited alike',
    default: '2g',
    commands: { 'fleet manifest': ANY },
  }),
  flag('tolerate', ON, { help: 'measure nodes with taints, too', commands: { 'fleet manifest': ANY } }),
  flag('keep', text('dir', KEPT_ON_NODE), {
    help: 'folder of the node in which sessions are kept as well, so that none is measured twice',
    otherwise: `${KEPT_ON_NODE} for a DaemonSet, none for a Job`,
    commands: {
      'fleet manifest': ANY,
      'fleet node': {
        help: 'folder in which what is said is kept as well; what has ended there is said again, not measured again',
        otherwise: 'nowhere',
      },
    },
  }),
] as const;
