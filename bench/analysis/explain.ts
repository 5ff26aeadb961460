/** Breaks a difference down: consecutive contrasts along a ladder of environments, and the rest that they leave. */

import { FACTS } from '../box/facts.ts';
import { hasSuite, SUITE, suiteOf } from '../plan/suite.ts';
import type { BoxFacts, Contrast, Estimate, Fact, Plan } from '../types.ts';
import { type BlockValues, blockValues, suiteValues } from './contrast/block-values.ts';
import type { SampleGroups } from './contrast/group.ts';
import { estimateOf } from './stats/interval.ts';

/** An environment, and what it adds to the one before it in the ladder. */
export interface Rung {
  readonly env: string;
  readonly part: string;
}

export interface Ladder {
  readonly baseline: string;
  /** From the barest box to the whole environment, which is last; never empty. */
  readonly rungs: readonly Rung[];
  /** The whole environment with one thing replaced, each compared with the whole. */
  readonly exchanges: readonly Rung[];
}

export interface ExplainedPart extends Rung {
  /** The rung below, or for an exchange the whole environment. */
  readonly against: string;
  readonly estimate: Estimate;
  /** Its share of the whole difference, in logarithms; null unless the whole's interval excludes 1. */
  readonly share: number | null;
}

export interface Explained {
  /** A workload, or `suite`. */
  readonly workload: string;
  /** The whole environment against the baseline, over the blocks that have every part. */
  readonly whole: Estimate;
  /** Their logarithms and that of the rest add up to the whole's, exactly. */
  readonly parts: readonly ExplainedPart[];
  /** Medians over rounds are not additive: what is left, block by block. 1 with a single part. */
  readonly rest: Estimate;
  readonly exchanges: readonly ExplainedPart[];
}

export type ExplainPlan = Pick<Plan, 'baseline' | 'workloads' | 'suite'>;

/** Each workload and the suite; those without a block that has every part are left out. */
export function explain(groups: SampleGroups, plan: ExplainPlan, ladder: Ladder): Explained[] {
  const valuesOf = (contrast: Contrast) => {
    const each = plan.workloads.map((workload) => blockValues(groups, plan.baseline, contrast, workload));
    const ofSuite = suiteOf(plan);
    const inSuite = each.filter((_, index) => ofSuite.includes(plan.workloads[index] ?? ''));
    return [...each, suiteValues(inSuite)];
  };
  const { baseline, rungs, exchanges } = ladder;
  const top = rungs.at(-1)?.env ?? baseline;
  const steps = rungs.map((rung, index) => ({ ...rung, against: rungs[index - 1]?.env ?? baseline }));
  const swaps = exchanges.map((rung) => ({ ...rung, against: top }));
  const stepValues = steps.map(({ env, against }) => valuesOf({ env, baseline: against }));
  const swapValues = swaps.map(({ env, against }) => valuesOf({ env, baseline: against }));
  const wholeValues = valuesOf({ env: top, baseline });
  const workloads = hasSuite(plan) ? [...plan.workloads, SUITE] : plan.workloads;
  return workloads.flatMap((workload, index) => {
    const typical = (values: readonly BlockValues[]) => values[index]?.typical ?? new Map<number, number>();
    const parts = stepValues.map(typical);
    const whole = typical(wholeValues);
    const blocks = [...whole.keys()].filter((block) => parts.every((part) => part.has(block)));
    const kept = (values: ReadonlyMap<number, number>) =>
      new Map(blocks.map((block) => [block, values.get(block) ?? 0]));
    const total = estimateOf(kept(whole));
    if (total === null) return [];
    const rest = new Map(
      blocks.map((block) => [
        block,
        (whole.get(block) ?? 0) - parts.reduce((sum, part) => sum + (part.get(block) ?? 0), 0),
      ]),
    );
    const isShown = total.interval !== null && (total.interval.low > 1 || total.interval.high < 1);
    const explained = (
      step: Rung & { against: string },
      estimate: Estimate | null,
      shared: boolean,
    ): ExplainedPart[] =>
      estimate === null
        ? []
        : [{ ...step, estimate, share: shared && isShown ? Math.log(estimate.ratio) / Math.log(total.ratio) : null }];
    return {
      workload,
      whole: total,
      parts: steps.flatMap((step, at) => explained(step, estimateOf(kept(parts[at] ?? new Map())), true)),
      rest: estimateOf(rest) ?? total,
      exchanges: swaps.flatMap((step, at) => explained(step, estimateOf(typical(swapValues[at] ?? [])), false)),
    };
  });
}

/** Facts that settings change, in the order in which they are shown. */
const CHANGEABLE: readonly Fact[] = [
  'seccomp',
  'seccomp_filters',
  'speculation_store_bypass',
  'no_new_privs',
  'capabilities_effective',
  'security_label',
  'root_filesystem',
  'host_memory_limit_bytes',
  'host_cpu_quota',
  'host_cpuset',
  'cpu_model',
  'cpu_flags_sha256',
  'namespace_net',
  'kernel',
];

/** Which facts changed from one box to the other: whether a step took effect at all. */
export function changedFacts(before: BoxFacts | null, after: BoxFacts | null): string[] {
  if (before === null || after === null) return [];
  return CHANGEABLE.flatMap((fact) => {
    const { words } = FACTS[fact];
    const [a, b] = [factText(before, fact), factText(after, fact)];
    if (a === null || b === null || a === b) return [];
    return [/digest|sha256/.test(fact) ? words : `${words} ${b} after ${a}`];
  });
}

/** A namespace has a new number in every box: only whether it is the host's matters. */
function factText(facts: BoxFacts, fact: Fact): string | null {
  const value = facts[fact];
  if (value === null || value === undefined) return null;
  if (fact !== 'namespace_net') return String(value);
  const host = facts[`host_${fact}`];
  return host === undefined || host === null ? null : value === host ? "the host's" : 'own';
}
