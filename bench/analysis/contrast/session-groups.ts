/** Groups the rows of a session in one pass by the clock that figures use, so the rows need not be kept. */

import type { Sample } from '../../types.ts';
import { median } from '../../units.ts';
import { type Grouper, newGrouper, type SampleGroups, type Series } from './group.ts';

/** Groups of the rows that count: of whole blocks, from boxes whose states were right. */
export interface SessionGroups {
  /** By the boxes' own clocks. */
  readonly own: SampleGroups;
  /** Visits timed by the host, as rounds; empty where every clock was reliable. */
  readonly byHost: SampleGroups;
  /** Each box by its reliable clock: its levels. */
  readonly levels: SampleGroups;
  /** Median over an environment's measured bursts of wall time ÷ CPU time; null where no CPU time could be read. */
  readonly wallOverCpu: ReadonlyMap<string, number | null>;
}

/** Reads the rows once. `hostTimed`: boxes with an unreliable clock. `see` is shown every row. */
export function groupSession(
  samples: Iterable<Sample>,
  hostTimed: ReadonlySet<string>,
  see?: (sample: Sample) => void,
): SessionGroups {
  const own = newGrouper();
  const byHost = newGrouper();
  const levelsByHost = newGrouper();
  const shares = newCpuShares();
  for (const sample of samples) {
    see?.(sample);
    const isHostTimed = hostTimed.has(sample.env);
    if (sample.clock === 'guest') {
      own.add(sample);
      if (!isHostTimed) shares.add(sample);
      // A wrong answer counts, whichever clock timed it.
      else if (sample.phase === 'warmup') levelsByHost.add(sample);
      continue;
    }
    const visit = asVisit(sample);
    byHost.add(visit);
    if (!isHostTimed) continue;
    levelsByHost.add(visit);
    shares.add(visit);
  }
  const groups = own.groups();
  return {
    own: groups,
    byHost: byHost.groups(),
    levels: hostTimed.size === 0 ? groups : mixed(groups, levelsByHost, hostTimed),
    wallOverCpu: shares.medians(),
  };
}

/** A visit timed by the host, in the form in which rounds are paired. */
function asVisit(sample: Sample): Sample {
  return { ...sample, phase: 'measure' };
}

function mixed(own: SampleGroups, byHost: Grouper, hostTimed: ReadonlySet<string>): SampleGroups {
  const others = [...own.series].filter(([env]) => !hostTimed.has(env));
  const series = new Map<string, ReadonlyMap<string, Series>>([...others, ...byHost.groups().series]);
  const blocks = new Set<number>();
  let bursts = 0;
  for (const workloads of series.values()) {
    for (const one of workloads.values()) {
      for (const [block, { measured }] of one.blocks) {
        if (measured.size > 0) blocks.add(block);
        bursts += measured.size;
      }
    }
  }
  return { series, blocks: [...blocks].sort((a, b) => a - b), bursts };
}

/** Gathers wall time ÷ CPU time of measured bursts by environment. */
function newCpuShares() {
  const ratios = new Map<string, number[]>();
  return {
    add({ env, phase, ok, wallNs, cpuNs }: Sample): void {
      if (phase !== 'measure' || !ok) return;
      let known = ratios.get(env);
      if (known === undefined) {
        known = [];
        ratios.set(env, known);
      }
      // CPU time of a burst shorter than the accounting's resolution may be 0.
      if (cpuNs !== null && cpuNs > 0 && wallNs > 0) known.push(wallNs / cpuNs);
    },
    medians(): ReadonlyMap<string, number | null> {
      return new Map([...ratios].map(([env, all]) => [env, all.length === 0 ? null : median(all)]));
    },
  };
}
