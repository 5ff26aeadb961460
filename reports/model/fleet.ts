/** From fleets and folders of sessions to the model of their report: figures over hosts, and hosts without figures. */

import { type FleetLine, fleetLine } from '../../bench/analysis/fleet/lines.ts';
import { usageError } from '../../bench/errors.ts';
import { type Design, designDifference } from '../../bench/fleet/design.ts';
import { readFigures } from '../../bench/fleet/figures.ts';
import { type AbsentHost, type HostSession, type LeftOutHost, readHosts } from '../../bench/fleet/hosts.ts';
import { Names } from '../../bench/fleet/names.ts';
import { inShort, isSuite } from '../../bench/plan/suite.ts';

export type { FleetLine, GroupLine } from '../../bench/analysis/fleet/lines.ts';
export type { RandomEffects } from '../../bench/analysis/stats/random-effects.ts';

/** Hosts that ran the same plan. */
export interface FleetDesign {
  readonly design: Design;
  /** What it differs in from the first one; empty for that. */
  readonly differs: readonly string[];
  readonly hosts: readonly HostSession[];
  readonly lines: readonly FleetLine[];
}

export interface FleetModel {
  readonly program: string;
  readonly folders: readonly string[];
  readonly fleets: readonly string[];
  /** What hosts are grouped by; null without groups. */
  readonly by: string | null;
  /** The one of most hosts first; empty when no host has figures. */
  readonly designs: readonly FleetDesign[];
  readonly absent: readonly AbsentHost[];
  readonly leftOut: readonly LeftOutHost[];
  /** Sessions of hosts that have a newer one. */
  readonly older: number;
  readonly untrusted: { readonly rows: number; readonly hosts: readonly string[] };
  /** Images that ran on the hosts of the first design. */
  readonly images: number;
}

export interface FleetOptions {
  readonly program: string;
  readonly by: string | undefined;
  /** Ms since 1970, by which a host is overdue. */
  readonly nowMs?: number;
}

/** Throws a usage error for a folder without sessions, and for a label that no host has. */
export function readFleetModel(folders: readonly string[], { program, by, nowMs }: FleetOptions): FleetModel {
  const { hosts, absent, leftOut, older } = readHosts(folders, nowMs);
  const groupOf = by === undefined ? null : grouping(hosts, by);
  const names = new Names();
  const left = [...leftOut];
  const untrusted = { rows: 0, hosts: [] as string[] };
  const designs = designsOf(hosts).flatMap((own): FleetDesign[] => {
    const read = readFigures(own, names);
    left.push(...read.leftOut);
    untrusted.rows += read.untrusted.rows;
    untrusted.hosts.push(...read.untrusted.hosts);
    const [first] = read.hosts;
    if (first === undefined) return [];
    const ofPlace = groupOf === null ? null : (place: number) => groupOf(read.hosts[place] as HostSession);
    const lines = inShort(read.figures.map((figure) => fleetLine(figure, ofPlace)));
    return [{ design: first.design, differs: [], hosts: read.hosts, lines: inOrder(lines, first.design) }];
  });
  const sorted = designs.sort((a, b) => b.hosts.length - a.hosts.length);
  const [main] = sorted;
  return {
    program,
    folders,
    fleets: [...new Set([...hosts, ...absent].flatMap(({ fleet }) => (fleet === null ? [] : [fleet])))],
    by: by ?? null,
    designs: sorted.map((one) =>
      main === undefined ? one : { ...one, differs: designDifference(one.design, main.design) },
    ),
    absent,
    leftOut: left,
    older,
    untrusted,
    images: new Set(main?.hosts.map(({ image }) => image)).size,
  };
}

/** Hosts of each design, in the order in which they come. */
export function designsOf(hosts: readonly HostSession[]): HostSession[][] {
  const found = new Map<Design, HostSession[]>();
  for (const host of hosts) {
    const known = found.get(host.design);
    if (known === undefined) found.set(host.design, [host]);
    else known.push(host);
  }
  return [...found.values()];
}

/** Each pair's workloads in the order of the plan, the suite last. */
function inOrder(lines: readonly FleetLine[], { workloads }: Design): FleetLine[] {
  const pairs = [...new Set(lines.map(({ env, baseline }) => JSON.stringify([env, baseline])))];
  const rank = ({ env, baseline, workload }: FleetLine) =>
    pairs.indexOf(JSON.stringify([env, baseline])) * (workloads.length + 1) +
    (isSuite(workload) ? workloads.length : workloads.indexOf(workload));
  return [...lines].sort((a, b) => rank(a) - rank(b));
}

const FACTS = ['cpu', 'kernel', 'architecture'] as const;
/** Where a host does not have the fact. */
const UNKNOWN = 'not known';

/** By a fact or a label. Throws a usage error for a label that no host has. */
export function grouping(hosts: readonly HostSession[], by: string): (host: HostSession) => string {
  const fact = FACTS.find((name) => name === by);
  if (fact !== undefined) return (host) => host[fact] || UNKNOWN;
  const labels = new Set(hosts.flatMap((host) => Object.keys(host.labels)));
  if (labels.has(by) || hosts.length === 0) return (host) => ownLabel(host, by) ?? UNKNOWN;
  const known = [...FACTS, ...[...labels].sort().slice(0, 20)];
  throw usageError('No host has a label of this name.', by, known.join(', '));
}

function ownLabel({ labels }: HostSession, name: string): string | undefined {
  return Object.hasOwn(labels, name) ? labels[name] : undefined;
}

/** The figures that stand for an environment: the suite, or the plan's first workload. */
export function leadLines({ design, lines }: FleetDesign): FleetLine[] {
  const hasSuite = lines.some(({ workload }) => isSuite(workload));
  const [first] = design.workloads;
  return lines.filter(({ workload }) => (hasSuite ? isSuite(workload) : workload === first));
}
