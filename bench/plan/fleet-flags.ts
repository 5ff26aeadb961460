/** Flags of the commands that measure fleets over a Swarm or ssh, and of those that read them. */

import { ANY, flag } from './flag.ts';
import { choice, choices, count, LABELS, names, ON, text } from './values.ts';

/** Of `fleet report`; a test compares them. */
export const FLEET_FORMATS = { terminal: '', json: '', md: '', csv: '', html: '', png: '', svg: '' } as const;
export const FLEET_TABLES = { parquet: '', csv: '', json: 'an object a line' } as const;

export const READING_FLEETS = [
  flag('by', text('fact', 'cpu'), {
    help: 'group hosts by cpu, kernel, architecture, or a label of the fleet',
    commands: { 'fleet report': ANY, 'fleet compare': ANY },
  }),
  flag('format', choices(FLEET_FORMATS), {
    help: 'formats, joined by commas',
    otherwise: 'print text',
    commands: { 'fleet report': ANY },
  }),
  flag('as', choice(FLEET_TABLES, 'format'), { required: true, help: 'the format', commands: { 'fleet export': ANY } }),
] as const;

/** Where the processes that a plan compares with can be started; fleet/ has what each means. */
const FOOTINGS = {
  host: 'native is a process of the host',
  container: 'the barest container takes the place of native',
} as const;

const FLEET_RUNS = { 'fleet run': ANY, 'fleet resume': ANY };
const MOST_AT_ONCE = 1_000_000;

export const RUNNING_FLEETS = [
  flag('plan', text('file', 'plan.yaml'), {
    required: true,
    help: 'what every host measures: settings of boxmark run as a YAML file',
    commands: {
      'fleet run': ANY,
      'fleet resume': { help: 'the same plan, named again because it runs on every host' },
    },
  }),
  flag('nodes', LABELS, {
    repeats: true,
    excludes: 'host',
    help: 'nodes with this label, of the node or its engine; may be repeated, and all must hold',
    otherwise: 'all nodes of the Swarm',
    commands: FLEET_RUNS,
  }),
  flag('inventory', text('file', 'hosts.yaml'), {
    excludes: 'nodes',
    help: 'hosts that ssh reaches, as a YAML file, instead of a Swarm',
    commands: FLEET_RUNS,
  }),
  flag('host', names('host', 'ssh:node1'), {
    repeats: true,
    excludes: 'inventory',
    help: 'a host that ssh reaches, as ssh:HOST, instead of a Swarm; several by commas, or repeated',
    commands: FLEET_RUNS,
  }),
  flag('parallel', count(1, MOST_AT_ONCE), {
    help: 'hosts that measure at the same time',
    default: '1',
    commands: FLEET_RUNS,
  }),
  flag('at-once', ON, { excludes: 'parallel', help: 'all hosts at the same time', commands: FLEET_RUNS }),
  flag('socket', text('path', '/var/run/docker.sock'), {
    help: 'socket of the Docker daemon on every node; a label boxmark.socket=PATH of a node wins',
    default: '/var/run/docker.sock',
    commands: FLEET_RUNS,
  }),
  flag('job', text('dir', '/run/boxmark-job'), {
    required: true,
    help: 'folder with the job; - reads it from standard input, and stops at its end',
    commands: { 'fleet node': ANY },
  }),
  flag('footing', choice(FOOTINGS), {
    help: 'what the baseline is',
    otherwise: 'the best that can be had here',
    commands: { 'fleet node': ANY },
  }),
] as const;
