/** Judges published claims on a session: reproduced, refuted, not reproduced here, inconclusive or not applicable, each with its reason. */

import { COMPOSITE_WORKLOADS, SUITE, suiteOf } from '../../plan/suite.ts';
import type { SessionEvent } from '../../session/events.ts';
import type { Contrast, Estimate, FootprintRow, Interval, Sample, Start } from '../../types.ts';
import type { ContrastRow } from '../contrast/ratio.ts';
import type { SessionGroups } from '../contrast/session-groups.ts';
import { sessionTable } from '../contrast/session-table.ts';
import type { Reason } from '../contrast/verdict.ts';
import { blocksNeeded, halfWidthLog } from '../stats/precision.ts';
import { type ClaimGround, failingCondition } from './conditions.ts';
import { figureNames, isOfInstances, resourceLogs, startEstimate, unitOf } from './figures.ts';
import { type KindOf, matchesAny, type Pair, pairsOf } from './pairs.ts';
import { type Band, type Claim, isRateClaim, type RateClaim, type ResourceClaim } from './schema.ts';

export const CLAIM_VERDICTS = ['reproduced', 'refuted', 'not-reproduced', 'inconclusive', 'not-applicable'] as const;
export type ClaimVerdict = (typeof CLAIM_VERDICTS)[number];

/** A session as claims see it: rows that count only. */
export interface ClaimSession extends ClaimGround {
  readonly samples: Iterable<Sample> | SessionGroups;
  readonly starts: readonly Start[];
  /** Of sessions that measured it. */
  readonly footprint?: readonly FootprintRow[];
  /** For what was unequal, and whose clock can't be trusted. */
  readonly events: readonly SessionEvent[];
}

export interface ClaimOptions {
  readonly kindOf: KindOf;
  /** ` (did you mean "lu"?)`, or nothing. */
  readonly nearest?: (name: string, known: readonly string[]) => string;
}

export interface ClaimResult {
  readonly claim: Claim;
  /** What it was judged on; null where a session has nothing to judge it on. */
  readonly pair: Pair | null;
  readonly workload: string | null;
  /** Our figure in the metric of the claim. */
  readonly ours: Estimate | null;
  /** Of our figure, and of the claim's value and band. */
  readonly unit: 'ratio' | 'ms' | 'MiB';
  /** The same as a time ratio, for claims on time and throughput. */
  readonly timeRatio: Estimate | null;
  readonly verdict: ClaimVerdict;
  readonly reason: string;
}

/**
 * One result a claim, or several where a session has several pairs or the claim several workloads to judge it on. A
 * claim that can't be judged on any has one result, with what each of them is missing.
 */
export function judgeClaims(claims: readonly Claim[], session: ClaimSession, options: ClaimOptions): ClaimResult[] {
  const paths = session.plan.environments.map(({ path }) => path);
  const pairs = new Map(claims.map((claim) => [claim, pairsOf(claim, paths, options.kindOf)]));
  const rows = contrastRows(claims, pairs, session);
  return claims.flatMap((claim) => {
    const all = (pairs.get(claim) ?? []).flatMap((pair) =>
      isRateClaim(claim)
        ? [claim.workload].flat().map((workload) => judgeRate(claim, pair, workload, session, rows, options))
        : judgeResource(claim, pair, session, options),
    );
    if (all.length === 0) return [notApplicable(claim, null, null, missingEnvironments(claim, paths, options))];
    const judged = all.filter(({ verdict }) => verdict !== 'not-applicable');
    if (judged.length > 0) return judged;
    const reasons = [...new Set(all.map(({ reason }) => reason))];
    const [only] = all;
    return [notApplicable(claim, all.length === 1 ? (only?.pair ?? null) : null, null, reasons.join('; '))];
  });
}

/** The 95 % interval against the band, both in the same unit: inside it, disjoint from it, or across an edge. */
export function placeInBand(interval: Interval, { low = 0, high = Number.POSITIVE_INFINITY }: Band) {
  if (interval.low >= low && interval.high <= high) return 'inside';
  return interval.high < low || interval.low > high ? 'disjoint' : 'across';
}

/** A throughput ratio from a time ratio, and back: its ends swap places. */
export function invertEstimate({ ratio, interval, blocks }: Estimate): Estimate {
  return {
    ratio: 1 / ratio,
    interval: interval && { low: 1 / interval.high, high: 1 / interval.low },
    blocks,
  };
}

/** Pairs that no contrast of the session is about are computed from the samples like the others. */
function contrastRows(
  claims: readonly Claim[],
  pairs: ReadonlyMap<Claim, readonly Pair[]>,
  session: ClaimSession,
): readonly ContrastRow[] {
  const wanted: Contrast[] = claims
    .filter(isRateClaim)
    .flatMap((claim) =>
      (pairs.get(claim) ?? []).flatMap(({ numerator, denominator }) =>
        denominator === null ? [] : { env: numerator, baseline: denominator },
      ),
    );
  if (wanted.length === 0) return [];
  const plan = { ...session.plan, contrasts: [...session.plan.contrasts, ...wanted] };
  return sessionTable({ ...session, plan }).rows;
}

function judgeRate(
  claim: RateClaim,
  pair: Pair,
  workload: string,
  session: ClaimSession,
  rows: readonly ContrastRow[],
  options: ClaimOptions,
): ClaimResult {
  const missing =
    missingWorkload(workload, session, options) ?? failingCondition(claim.applies_if ?? [], session, pair);
  if (missing !== null) return notApplicable(claim, pair, workload, missing);
  const isPair = (row: ContrastRow) => row.env === pair.numerator && row.baseline === pair.denominator;
  const row = rows.find((candidate) => isPair(candidate) && candidate.workload === workload);
  const base = { claim, pair, workload, unit: 'ratio' as const };
  if (row === undefined) {
    return { ...base, ours: null, timeRatio: null, ...open(`no block has bursts of both sides on ${workload}`) };
  }
  const timeRatio = { ratio: row.timeRatio, interval: row.interval, blocks: row.blocks };
  const ours = claim.metric === 'time' ? timeRatio : invertEstimate(timeRatio);
  const distrust = (row.verdict === 'untrusted' ? (row.judgement?.reasons ?? []) : []).filter(
    ({ kind }) => !(claim.allow_unequal && kind === 'unequal'),
  );
  const judged =
    distrust.length > 0 ? open(distrust.map(wordsOf).join('; ')) : judgeEstimate(ours, claim, pair, session);
  return { ...base, ours, timeRatio, ...judged };
}

function judgeResource(claim: ResourceClaim, pair: Pair, session: ClaimSession, options: ClaimOptions): ClaimResult {
  const names = figureNames(claim.metric);
  const holdsNone = isOfInstances(claim) && (session.footprint ?? []).length === 0;
  const missing = names.includes(claim.figure)
    ? holdsNone
      ? 'needs idle instances: a session of --measure footprint or density'
      : failingCondition(claim.applies_if ?? [], session, pair)
    : `needs the ${claim.metric} figure ${claim.figure}${hint(claim.figure, names, options)}, which no session has`;
  if (missing !== null) return notApplicable(claim, pair, null, missing);
  const base = { claim, pair, workload: null, unit: unitFor(claim), timeRatio: null };
  const found = resourceLogs(session, claim, pair);
  if (found.logs === null) return { ...base, ours: null, ...open(found.reason) };
  const ours = startEstimate(found.logs);
  return { ...base, ours, ...judgeEstimate(ours, claim, pair, session) };
}

function judgeEstimate(
  ours: Estimate,
  claim: Claim,
  pair: Pair,
  session: ClaimSession,
): Pick<ClaimResult, 'verdict' | 'reason'> {
  const { band } = claim;
  if (ours.interval === null) return open('one block gives no interval');
  const place = placeInBand(ours.interval, band);
  if (place === 'inside') return { verdict: 'reproduced', reason: 'the whole interval lies inside the band' };
  if (place === 'disjoint') {
    const excuse = otherGround(claim, pair, session, ours.blocks);
    const reason = 'the whole interval lies outside the band';
    return excuse === null
      ? { verdict: 'refuted', reason }
      : { verdict: 'not-reproduced', reason: `${reason}; ${excuse}` };
  }
  const edges = [band.low, band.high].filter((edge) => edge !== undefined);
  const distances = edges.map((edge) => Math.abs(Math.log(ours.ratio) - Math.log(edge)));
  const spread = { halfWidthLog: halfWidthLog(ours.interval), blocks: ours.blocks };
  const further = blocksNeeded(spread, Math.min(...distances));
  const count = Math.max(1, further ?? 0);
  const need =
    further === null ? 'more than 1000 further blocks' : `about ${count} further ${count === 1 ? 'block' : 'blocks'}`;
  return open(`too wide: the interval crosses an edge of the band; ${need} would decide`);
}

/** Why this host can't refute the claim: its figure is of other hardware, or the host had other work. Null when it can. */
function otherGround(claim: Claim, pair: Pair, session: ClaimSession, blocks: number): string | null {
  const { measured_on: hardware } = claim;
  if (hardware === 'unnamed') return 'it was measured on another machine, which the claim does not name';
  const failing = hardware === undefined ? null : failingCondition(hardware, session, pair);
  if (failing !== null) return `it was measured on other hardware (${failing})`;
  return loadText(session.events, blocks);
}

/** Blocks that other work reached, as a share of those of the session, from which on the host counts as loaded. */
const LOADED_SHARE = 0.25;

function loadText(events: readonly SessionEvent[], blocks: number): string | null {
  if (events.some(({ kind }) => kind === 'other-run')) return 'another run measured on this host at the same time';
  const hit = new Set(
    events.flatMap((event) => (event.kind === 'steal' || event.kind === 'pressure' ? [event.block] : [])),
  ).size;
  if (blocks === 0 || hit / blocks < LOADED_SHARE) return null;
  return `the host had other work in ${hit} of ${blocks} blocks (events steal and pressure)`;
}

function missingWorkload(workload: string, { plan }: ClaimSession, options: ClaimOptions): string | null {
  if (workload !== SUITE) {
    if (plan.workloads.includes(workload)) return null;
    const known = [SUITE, ...COMPOSITE_WORKLOADS, ...plan.workloads];
    return `needs the workload ${workload}${hint(workload, known, options)}; here: ${plan.workloads.join(', ')}`;
  }
  const missing = COMPOSITE_WORKLOADS.filter((id) => !suiteOf(plan).includes(id));
  const extra = suiteOf(plan).filter((id) => !(COMPOSITE_WORKLOADS as readonly string[]).includes(id));
  if (missing.length > 0) return `needs all five workloads of SciMark; missing here: ${missing.join(', ')}`;
  return extra.length > 0 ? `needs SciMark's workloads alone; here also: ${extra.join(', ')}` : null;
}

/** Suggests a similar name: a typing error must not look like a claim that does not apply. */
function hint(name: string, known: readonly string[], { nearest }: ClaimOptions): string {
  return known.includes(name) ? '' : (nearest?.(name, known) ?? '');
}

function missingEnvironments(claim: Claim, paths: readonly string[], { kindOf }: ClaimOptions): string {
  const isThere = (patterns: string | readonly string[]) => paths.some((path) => matchesAny(path, patterns, kindOf));
  const sides = [claim.numerator_env, claim.denominator_env].filter((side) => side !== undefined);
  const missing = sides.filter((side) => !isThere(side));
  const wanted = (missing.length > 0 ? missing : sides).map((side) => [side].flat().join(' or '));
  return `needs ${wanted.join(' and ')}; here: ${paths.join(', ')}`;
}

function notApplicable(claim: Claim, pair: Pair | null, workload: string | null, reason: string): ClaimResult {
  const unit = isRateClaim(claim) ? 'ratio' : unitFor(claim);
  return { claim, pair, workload, ours: null, unit, timeRatio: null, verdict: 'not-applicable', reason };
}

function unitFor(claim: ResourceClaim): ClaimResult['unit'] {
  return claim.denominator_env === undefined ? unitOf(claim.metric) : 'ratio';
}

function open(reason: string): { verdict: 'inconclusive'; reason: string } {
  return { verdict: 'inconclusive', reason };
}

function wordsOf(reason: Reason): string {
  if (reason.kind === 'unequal') return `untrusted: a setting made the two sides unequal (${reason.facts.join(', ')})`;
  return reason.kind === 'session-untrusted'
    ? 'untrusted: the control differs from the baseline on several workloads'
    : 'untrusted: the control differs from the baseline on this workload';
}
