/** From an interval to a verdict: ordered rules, exclusive and exhaustive. Verdicts are about typical bursts. */

import { DEFAULT_MARGIN } from '../../plan/profiles.ts';
import type { Contrast, ContrastResult, Estimate, Interval, Verdict } from '../../types.ts';
import { blocksNeeded, decisiveHalfWidthLog, halfWidthLog, minutesFor } from '../stats/precision.ts';
import { avoidablyUnequal, judgeControl, type Trust, type Unequal } from './trust.ts';

/** Why a verdict is `inconclusive` or `untrusted`. */
export type Reason =
  | { readonly kind: 'too-wide' | 'one-block' | 'control-too-wide' | 'no-control' | 'control-wider' }
  | { readonly kind: 'intermittent' | 'total-not-shown' | 'sustained-differs' | 'no-long-visits' }
  | { readonly kind: 'control-differs' | 'session-untrusted' }
  | { readonly kind: 'unequal'; readonly facts: readonly string[] };

/** A remark beside a verdict. */
export type Addition = 'past-margin' | 'sustained-not-shown';

export interface Judgement {
  readonly verdict: Verdict;
  readonly reasons: readonly Reason[];
  readonly additions: readonly Addition[];
}

export interface Judged extends Judgement {
  /**
   * What would make the intervals of an open verdict narrow enough. `blocks` are further ones, null when they are more
   * than 1000. The whole is null when the verdict is not open for width.
   */
  readonly more: { readonly blocks: number | null; readonly minutes: number | null } | null;
}

export interface Evidence {
  readonly interval: Interval | null;
  /** Interval of the control on the same workload. */
  readonly control: Interval | null;
  readonly intermittent: boolean;
  /** Of the total and the sustained ratio; null where there is none. */
  readonly total: Interval | null;
  readonly sustained: Interval | null;
  /** Were long visits planned? */
  readonly hasLongVisits?: boolean;
  /** Are all visits short, although longer ones may go otherwise? Equality is not shown then. */
  readonly onlyShortVisits?: boolean;
  /** Why the contrast can't be trusted; empty when it can. */
  readonly distrust: readonly Reason[];
}

/**
 * The first rule that applies, with the margin δ (0.02 is 2 %):
 * 1. `untrusted`: there is a reason for distrust.
 * 2. `slower`: low > 1 and high > 1+δ. `faster`: high < 1 and low < 1/(1+δ). In both, the ratio lies further from 1 than
 *    either end of the control's interval: what two equal boxes may show is no difference.
 * 3. `equivalent`: the intervals of the typical ratio, of the total ratio and of the control lie inside [1/(1+δ), 1+δ], no
 *    side stalls more often, and the sustained ratio was measured and is not shown to be outside. Where it is not shown to be
 *    inside either, the verdict says so.
 * 4. `inconclusive`: the rest.
 * An interval of half-width ln(1+δ)/2 or less in logs is never too wide: if it does not fit into the margin, it passes
 * one edge and can't reach 1. Equivalence by an interval inside a margin: Schuirmann's two one-sided tests, J.
 * Pharmacokinetics and Biopharmaceutics 15, 1987, here at 2.5 % each.
 */
export function judge(evidence: Evidence, margin = DEFAULT_MARGIN): Judgement {
  const { interval, control, distrust } = evidence;
  if (distrust.length > 0) return { verdict: 'untrusted', reasons: distrust, additions: [] };
  if (interval === null) return inconclusive([{ kind: 'one-block' }]);
  const edge = Math.log1p(margin);
  const low = Math.log(interval.low);
  const high = Math.log(interval.high);
  const differs = (low > 0 && high > edge) || (high < 0 && low < -edge);
  if (differs && !(control !== null && furthest(control) >= Math.abs(low + high) / 2)) {
    const isPast = low > edge || high < -edge;
    return { verdict: low > 0 ? 'slower' : 'faster', reasons: [], additions: isPast ? ['past-margin'] : [] };
  }
  if (differs) return inconclusive([{ kind: 'control-wider' }]);
  const reasons = againstEquivalence(evidence, interval, edge);
  if (reasons.length > 0) return inconclusive(reasons);
  return { verdict: 'equivalent', reasons: [], additions: remarks(evidence, edge) };
}

/** The verdict of a ratio that has nothing but its interval: no rounds in which a side could stall, no long visits. */
export function judgeRatio(
  { interval }: Pick<Estimate, 'interval'>,
  control: Pick<Estimate, 'interval'> | null,
  margin?: number,
): Verdict {
  const known = { control: control?.interval ?? null, intermittent: false, total: null, sustained: null };
  return judge({ ...known, interval, hasLongVisits: false, distrust: [] }, margin).verdict;
}

/** Each condition of `equivalent` that does not hold. */
function againstEquivalence(evidence: Evidence, interval: Interval, edge: number): Reason[] {
  const { control, intermittent, total, sustained, onlyShortVisits = false } = evidence;
  const reasons: Reason[] = [];
  if (!isInside(interval, edge)) reasons.push({ kind: 'too-wide' });
  if (control === null) reasons.push({ kind: 'no-control' });
  else if (!isInside(control, edge)) reasons.push({ kind: 'control-too-wide' });
  if (intermittent) reasons.push({ kind: 'intermittent' });
  if (total !== null && !isInside(total, edge)) reasons.push({ kind: 'total-not-shown' });
  if (sustained !== null && isOutside(sustained, edge)) reasons.push({ kind: 'sustained-differs' });
  if (onlyShortVisits) reasons.push({ kind: 'no-long-visits' });
  return reasons;
}

function remarks({ sustained, hasLongVisits = true }: Evidence, edge: number): Addition[] {
  if (!hasLongVisits) return [];
  return sustained !== null && isInside(sustained, edge) ? [] : ['sustained-not-shown'];
}

export interface VerdictOptions {
  /** 0.02 when left out. */
  readonly margin?: number | undefined;
  readonly unequal?: Unequal | undefined;
  /** Inequalities that a setting makes don't cost the verdict. */
  readonly allowUnequal?: boolean | undefined;
  /** False where no long visit was planned: nothing is said of them then. */
  readonly hasLongVisits?: boolean | undefined;
  /** True where long visits would show what the short ones don't, and none were planned. */
  readonly onlyShortVisits?: boolean | undefined;
  /** How long a block took, so that minutes can be named. */
  readonly secondsPerBlock?: number | undefined;
}

export interface SessionVerdicts {
  /** One a row, in the order of the rows. */
  readonly judged: readonly Judged[];
  readonly trust: Trust;
}

/** The verdicts of all rows of a session, and what its control says about them. */
export function sessionVerdicts(
  table: { readonly rows: readonly ContrastResult[]; readonly controlRows: readonly ContrastResult[] },
  options: VerdictOptions = {},
): SessionVerdicts {
  const margin = options.margin ?? DEFAULT_MARGIN;
  const trust = judgeControl(table.controlRows, margin);
  const judged = table.rows.map((row): Judged => {
    const control = table.controlRows.find(({ workload }) => workload === row.workload) ?? null;
    const { interval, intermittent, total, sustained } = row;
    const distrust = distrustOf(row, table.controlRows.slice(0, 1), trust, options);
    const sums = { total: total?.interval ?? null, sustained: sustained?.interval ?? null };
    const hasLongVisits = options.hasLongVisits !== false;
    const onlyShortVisits = options.onlyShortVisits === true;
    const judgement = judge(
      { hasLongVisits, onlyShortVisits, interval, control: control?.interval ?? null, intermittent, ...sums, distrust },
      margin,
    );
    return { ...judgement, more: furtherBlocks(judgement, row, control, margin, options.secondsPerBlock) };
  });
  return { judged, trust };
}

function distrustOf(
  row: ContrastResult,
  controlPair: readonly Contrast[],
  trust: Trust,
  options: VerdictOptions,
): Reason[] {
  const reasons: Reason[] = [];
  if (trust.workloads.includes(row.workload)) reasons.push({ kind: 'control-differs' });
  else if (trust.session) reasons.push({ kind: 'session-untrusted' });
  if (options.allowUnequal) return reasons;
  const unequal = options.unequal ?? {};
  // A control that is unequal to the baseline says nothing about the host.
  const facts = new Set([row, ...controlPair].flatMap((contrast) => avoidablyUnequal(contrast, unequal)));
  if (facts.size > 0) reasons.push({ kind: 'unequal', facts: [...facts] });
  return reasons;
}

/** The larger need of row and control, of those of them that are too wide. */
function furtherBlocks(
  judgement: Judgement,
  row: ContrastResult,
  control: ContrastResult | null,
  margin: number,
  secondsPerBlock: number | undefined,
): Judged['more'] {
  const target = decisiveHalfWidthLog(margin);
  const has = (kind: Reason['kind']) => judgement.reasons.some((reason) => reason.kind === kind);
  // More blocks of the same plan have no long visits either.
  if (has('no-long-visits')) return null;
  const wide = [
    ...(has('too-wide') ? [row] : []),
    ...((has('control-too-wide') || has('control-wider')) && control !== null ? [control] : []),
    ...(has('total-not-shown') && row.total !== null ? [row.total] : []),
  ];
  const spreads = wide.map(({ interval, blocks }) => ({ halfWidthLog: halfWidthLog(interval), blocks }));
  // A narrow control that is not inside the margin is off centre: more blocks don't move it.
  const open = spreads.filter((spread) => !(spread.halfWidthLog <= target));
  if (open.length === 0) return null;
  const needs = open.map((spread) => blocksNeeded(spread, target));
  const blocks = needs.some((need) => need === null) ? null : Math.max(...needs.map((need) => need ?? 0));
  const minutes = blocks === null || secondsPerBlock === undefined ? null : minutesFor(blocks, secondsPerBlock);
  return { blocks, minutes };
}

function isInside({ low, high }: Interval, edge: number): boolean {
  return Math.log(low) >= -edge && Math.log(high) <= edge;
}

function isOutside({ low, high }: Interval, edge: number): boolean {
  return Math.log(low) > edge || Math.log(high) < -edge;
}

/** Distance of the further end from 1, in logs. */
function furthest({ low, high }: Interval): number {
  return Math.max(Math.abs(Math.log(low)), Math.abs(Math.log(high)));
}

function inconclusive(reasons: readonly Reason[]): Judgement {
  return { verdict: 'inconclusive', reasons, additions: [] };
}
