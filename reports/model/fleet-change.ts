/** From two fleets to the model of their comparison: the hosts that both have, what changed on them, and what is left out. */

import { type ChangeLine, fleetChanges } from '../../bench/analysis/fleet/change.ts';
import { type Design, designDifference } from '../../bench/fleet/design.ts';
import { type FleetFigures, readFigures } from '../../bench/fleet/figures.ts';
import { type HostSession, type LeftOutHost, readHosts } from '../../bench/fleet/hosts.ts';
import { Names } from '../../bench/fleet/names.ts';
import { inShort } from '../../bench/plan/suite.ts';
import { grouping } from './fleet.ts';

export type { ChangeLine } from '../../bench/analysis/fleet/change.ts';

export interface ChangeModel {
  readonly program: string;
  readonly margin: number;
  readonly by: string | null;
  readonly before: string;
  readonly after: string;
  /** Hosts of both sides, as they are after. */
  readonly hosts: readonly HostSession[];
  readonly lines: readonly ChangeLine[];
  /** Names of hosts that only one side has figures of. */
  readonly onlyBefore: readonly string[];
  readonly onlyAfter: readonly string[];
  readonly leftOut: readonly LeftOutHost[];
}

export interface ChangeOptions {
  readonly program: string;
  /** The plan's when left out. */
  readonly margin: number | undefined;
  readonly by: string | undefined;
}

interface Pair {
  readonly before: HostSession;
  readonly after: HostSession;
}

/**
 * Hosts are matched by name and hardware, and only those that ran the same plan on both sides; of several plans the one of
 * most hosts. Throws a usage error like `readFleetModel`.
 */
export function readChangeModel(before: string, after: string, { program, margin, by }: ChangeOptions): ChangeModel {
  const [old, now] = [readHosts([before]), readHosts([after])];
  const found = matched(old.hosts, now.hosts);
  const changed = found.pairs.filter((pair) => !isSame(pair));
  const design = commonest(changed);
  const pairs = changed.filter((pair) => isOf(design, pair));
  const names = new Names();
  const [first, second] = [
    readFigures(
      pairs.map((pair) => pair.before),
      names,
    ),
    readFigures(
      pairs.map((pair) => pair.after),
      names,
    ),
  ];
  const hosts = pairs.map((pair) => pair.after);
  const groupOf = by === undefined ? null : grouping(now.hosts, by);
  const used = margin ?? design?.margin ?? 0;
  const sides = { before: placedAt(first, pairs, 'before'), after: placedAt(second, pairs, 'after') };
  return {
    program,
    margin: used,
    by: by ?? null,
    before,
    after,
    hosts,
    lines: inShort(
      fleetChanges(sides, used, groupOf === null ? null : (place) => groupOf(hosts[place] as HostSession)),
    ),
    onlyBefore: found.onlyBefore,
    onlyAfter: found.onlyAfter,
    leftOut: [
      ...old.leftOut,
      ...now.leftOut,
      ...first.leftOut,
      ...second.leftOut,
      ...sameSessions(found.pairs),
      ...otherPlans(changed, design),
    ],
  };
}

function matched(before: readonly HostSession[], after: readonly HostSession[]) {
  const keyOf = ({ host, machine }: HostSession) => JSON.stringify([host, machine]);
  const later = new Map(after.map((host) => [keyOf(host), host]));
  const earlier = new Set(before.map(keyOf));
  return {
    pairs: before.flatMap((one): Pair[] => {
      const other = later.get(keyOf(one));
      return other === undefined ? [] : [{ before: one, after: other }];
    }),
    onlyBefore: before.filter((one) => !later.has(keyOf(one))).map(({ host }) => host),
    onlyAfter: after.filter((one) => !earlier.has(keyOf(one))).map(({ host }) => host),
  };
}

/** One session on both sides shows no change. */
function isSame({ before, after }: Pair): boolean {
  return before.session === after.session;
}

function sameSessions(pairs: readonly Pair[]): LeftOutHost[] {
  return pairs
    .filter(isSame)
    .map(({ after: { host, dir } }) => ({ host, dir, why: 'both sides have the same session of it' }));
}

/** Two sides are read by themselves, so the same design is two objects. */
function isOf(design: Design | null, { before, after }: Pair): boolean {
  return design !== null && [before, after].every((side) => designDifference(side.design, design).length === 0);
}

/** The design that most hosts have on both sides; null without any. */
function commonest(pairs: readonly Pair[]): Design | null {
  const times = new Map<Design, number>();
  for (const { before, after } of pairs) {
    if (designDifference(before.design, after.design).length > 0) continue;
    times.set(before.design, (times.get(before.design) ?? 0) + 1);
  }
  return [...times].sort(([, a], [, b]) => b - a)[0]?.[0] ?? null;
}

function otherPlans(pairs: readonly Pair[], design: Design | null): LeftOutHost[] {
  return pairs
    .filter((pair) => !isOf(design, pair))
    .map(({ before, after }) => {
      const between = designDifference(after.design, before.design);
      const differs = between.length > 0 || design === null ? between : designDifference(after.design, design);
      const what = between.length > 0 ? 'its plan changed' : 'another plan';
      return { host: after.host, dir: after.dir, why: `${what}: ${differs.join('; ')}` };
    });
}

/** Figures by the places of the pairs: a host whose table can't be read has none. */
function placedAt({ hosts, figures }: FleetFigures, pairs: readonly Pair[], side: keyof Pair) {
  const placeOf = new Map(pairs.map((pair, place) => [pair[side], place]));
  const places = hosts.map((host) => placeOf.get(host) as number);
  return figures.map((figure) => ({ ...figure, places: figure.places.map((place) => places[place] as number) }));
}
