/** What every report is rendered from: a session's figures, computed once, as plain data. */

import { WindowBursts } from '../../bench/analysis/capacity/scale.ts';
import { type ClaimResult, judgeClaims } from '../../bench/analysis/claims/judge.ts';
import { hostTimedBoxes } from '../../bench/analysis/contrast/clock.ts';
import type { ContrastRow } from '../../bench/analysis/contrast/ratio.ts';
import { groupSession, type SessionGroups } from '../../bench/analysis/contrast/session-groups.ts';
import { sessionTable, unequalOf } from '../../bench/analysis/contrast/session-table.ts';
import type { Trust, Unequal } from '../../bench/analysis/contrast/trust.ts';
import type { StartSeries } from '../../bench/analysis/start-series.ts';
import {
  type EnvironmentSummary,
  type StartupSummary,
  summarizeEnvironment,
  summarizeStarts,
} from '../../bench/analysis/summary.ts';
import { grouped } from '../../bench/grouped.ts';
import { type Integrity, NO_FILES } from '../../bench/kinds/whole-check.ts';
import { DEFAULT_MARGIN } from '../../bench/plan/profiles.ts';
import { eventKind, type SessionEvent } from '../../bench/session/events.ts';
import {
  type BoxFacts,
  type DensityRow,
  INTERRUPTED,
  type KindRows,
  NO_TRAITS,
  type Plan,
  type Sample,
  type Start,
  type StormRow,
  type Traits,
  type Unavailable,
} from '../../bench/types.ts';
import { type CostModel, costsOf } from './costs.ts';
import { headlineOf } from './headline.ts';
import type { ClaimsToJudge, SessionRecord } from './record.ts';
import { newRunOrder, type RunOrder } from './run-order.ts';

export type { ContrastRow } from '../../bench/analysis/contrast/ratio.ts';
export type { StartSeries } from '../../bench/analysis/start-series.ts';
export { halfWidthLog } from '../../bench/analysis/stats/precision.ts';
export type { Integrity } from '../../bench/kinds/whole-check.ts';

/** An environment as it was prepared: what is printed beside its results. */
export interface EnvironmentInfo {
  readonly path: string;
  readonly labels: readonly string[];
  readonly traits: Traits;
  readonly versions: Readonly<Record<string, string>>;
  /** Read inside the box; null or absent when it never came so far. */
  readonly facts?: BoxFacts | null;
}

/** Starts of one environment that ended the same way. */
export interface StartFailure {
  readonly env: string;
  readonly status: Exclude<Start['status'], 'completed'>;
  readonly reason: string;
  readonly blocks: readonly number[];
}

/** The session apart from its figures. */
export interface SessionHeader {
  readonly id: string;
  /** Version of the program. */
  readonly program: string;
  /** The command line as it was given. */
  readonly command: string;
  readonly plan: Plan;
  /** The host in one line: CPU, kernel, system. */
  readonly host: string;
  readonly environments: readonly EnvironmentInfo[];
  /** RFC 3339; `finishedAt` is null while the session runs, or when it was cut. */
  readonly startedAt: string;
  readonly finishedAt: string | null;
  /** The last sign of life, RFC 3339; of a session that has ended its end. */
  readonly lastActivityAt?: string | undefined;
  /** `blocks` when all planned blocks were measured, else what ended it. */
  readonly stopReason: string | null;
  /** Folder of the session as a user would type it. */
  readonly folder?: string | undefined;
  /** How long a whole block took, so that open verdicts can name minutes. */
  readonly secondsPerBlock?: number | undefined;
  /** Of an anonymised copy: the seal of the session that it was made of. */
  readonly copyOf?: string | undefined;
}

export interface ModelInput extends Partial<KindRows> {
  readonly session: SessionHeader;
  readonly samples: Iterable<Sample>;
  readonly starts: Iterable<Start>;
  readonly events: Iterable<SessionEvent>;
  readonly unavailable: readonly Unavailable[];
  /** Asked for after all samples were read. */
  readonly record?: () => SessionRecord;
  readonly claims?: ClaimsToJudge | undefined;
  /** Absent where the figures come from no folder. */
  readonly integrity?: Integrity;
  readonly bursts?: () => readonly StartSeries[];
}

export interface EnvironmentModel extends EnvironmentInfo {
  readonly role: 'baseline' | 'control' | 'environment';
  readonly alias: string | null;
  readonly summary: EnvironmentSummary;
  readonly startup: StartupSummary | null;
  /** Median over measured bursts: above 1 the environment did not have its CPU to itself. Null without CPU times. */
  readonly wallOverCpu: number | null;
}

export interface EventCount {
  readonly kind: string;
  readonly count: number;
  /** Those that they are about, in the order in which they came. */
  readonly environments: readonly string[];
}

/** Verdicts that are open for width, and what would decide them. */
export interface OpenVerdicts {
  readonly count: number;
  /** Those among them that more than 1000 further blocks would be needed for. */
  readonly beyond: number;
  /** Further blocks that decide all others, and how long they take; null when there are no others, or it is not known. */
  readonly blocks: number | null;
  readonly minutes: number | null;
}

export interface ReportModel {
  readonly session: SessionHeader;
  /** Of the files that the figures come from: every format says it. */
  readonly integrity: Integrity;
  /** Blocks with data, and measured bursts in them. */
  readonly blocks: number;
  readonly bursts: number;
  /** In the plan's order, the control last. */
  readonly environments: readonly EnvironmentModel[];
  /** Against the baseline first, then the other pairs; per pair the workloads, then the suite. */
  readonly contrasts: readonly ContrastRow[];
  readonly control: { readonly env: string; readonly rows: readonly ContrastRow[] };
  /** Differences up to this share count as none. */
  readonly margin: number;
  readonly trust: Trust;
  /** Null when no verdict is open for width. */
  readonly open: OpenVerdicts | null;
  readonly unequal: Unequal;
  readonly allowUnequal: boolean;
  /** Environments whose clock could not be relied on: their contrasts are timed by the host. */
  readonly hostTimed: readonly string[];
  /** Beside CPU time: starts, memory, disk, posture. */
  readonly costs: CostModel;
  /** The row that the one-sentence answer is about. */
  readonly headline: ContrastRow | null;
  readonly failures: readonly StartFailure[];
  readonly unavailable: readonly Unavailable[];
  readonly events: { readonly count: number; readonly byKind: readonly EventCount[] };
  /** What pictures and long reports are made of; short ones leave it out. */
  readonly details: SessionDetails;
}

export interface SessionDetails {
  /** Null where only figures are known. */
  readonly record: SessionRecord | null;
  readonly claims: { readonly title: string; readonly results: readonly ClaimResult[] } | null;
  readonly starts: readonly Start[];
  /** Of kinds that hold many instances at once. */
  readonly density: readonly DensityRow[];
  readonly storm: readonly StormRow[];
  readonly events: readonly SessionEvent[];
  readonly runOrder: RunOrder;
  readonly groups: SessionGroups;
  /** Bursts by fresh start, in the order of `environments`, workloads and blocks; read when asked for. */
  readonly bursts: () => readonly StartSeries[];
}

/** Computes everything; reads each input once. Missing environments, blocks and answers make gaps, never errors. */
export function buildModel(input: ModelInput): ReportModel {
  const { session } = input;
  const { plan } = session;
  const starts = [...input.starts].filter((start) => !isInterrupted(start));
  const startups = new Map(summarizeStarts(starts).map((startup) => [startup.env, startup]));
  const events = [...input.events].filter((event) => !isInterrupted(event));
  const hostTimed = hostTimedBoxes(events);
  const runOrder = newRunOrder(hostTimed);
  const bursts = new WindowBursts();
  // Bursts of several instances at once are no pairs of boxes that take turns.
  const paired = plan.measure === undefined ? input.samples : [];
  if (plan.measure !== undefined) for (const sample of input.samples) bursts.add(sample);
  const samples = groupSession(paired, hostTimed, runOrder.add);
  const groups = samples.levels;
  // A session of an early version has no margin.
  const margin = plan.margin ?? DEFAULT_MARGIN;
  const { secondsPerBlock } = session;
  const table = sessionTable({ plan: { ...plan, margin }, samples, starts, events }, { secondsPerBlock });
  // A wrong state at the end of a block has no sample that records it.
  const refuted = new Set(events.filter(({ kind }) => kind === 'checksum-mismatch').map(({ env }) => env));
  const known = { session, samples, startups, refuted };
  const environments = environmentsOf(known, table.control);
  return {
    session,
    integrity: input.integrity ?? NO_FILES,
    blocks: groups.blocks.length || new Set(starts.map(({ block }) => block)).size,
    bursts: groups.bursts,
    environments,
    contrasts: table.rows,
    control: { env: table.control, rows: table.controlRows },
    margin,
    trust: table.trust,
    open: openOf(table.rows),
    unequal: unequalOf(events),
    allowUnequal: plan.allowUnequal === true,
    hostTimed: [...hostTimed],
    costs: costsOf({ ...input, plan, starts, bursts, environments: session.environments }),
    headline: headlineOf(table.rows, plan, environments),
    failures: failuresOf(starts),
    unavailable: input.unavailable,
    events: countEvents(events),
    details: {
      record: input.record?.() ?? null,
      claims: input.claims === undefined ? null : judged(input.claims, { samples, starts, events }),
      starts,
      density: input.density ?? [],
      storm: input.storm ?? [],
      events,
      runOrder: runOrder.done(),
      groups: samples,
      bursts: input.bursts ?? (() => []),
    },
  };
}

interface Known {
  readonly session: ModelInput['session'];
  readonly samples: SessionGroups;
  readonly startups: ReadonlyMap<string, StartupSummary>;
  /** Environments of which a state was found wrong. */
  readonly refuted: ReadonlySet<string | undefined>;
}

/** Those of the plan, and the control. */
function environmentsOf(known: Known, control: string): EnvironmentModel[] {
  const { plan, environments } = known.session;
  const infoOf = (path: string) => environments.find((info) => info.path === path);
  return [
    ...plan.environments.map(({ path }) =>
      environmentOf(known, path, path === plan.baseline ? 'baseline' : 'environment', infoOf(path)),
    ),
    environmentOf(known, control, 'control', infoOf(plan.baseline)),
  ];
}

function environmentOf(
  { session: { plan }, samples, startups, refuted }: Known,
  path: string,
  role: EnvironmentModel['role'],
  info: EnvironmentInfo | undefined,
): EnvironmentModel {
  return {
    path,
    role,
    alias: plan.environments.find((environment) => environment.path === path)?.alias ?? null,
    labels: info?.labels ?? [],
    traits: info?.traits ?? NO_TRAITS,
    versions: info?.versions ?? {},
    summary: {
      ...summarizeEnvironment(samples.levels, path, plan.workloads),
      ...(refuted.has(path) ? { compositeMflops: null } : {}),
    },
    startup: startups.get(path) ?? null,
    wallOverCpu: samples.wallOverCpu.get(path) ?? null,
  };
}

function judged(
  { title, claims, ground, ...options }: ClaimsToJudge,
  measured: Pick<Parameters<typeof judgeClaims>[1], 'samples' | 'starts' | 'events'>,
): SessionDetails['claims'] {
  return { title, results: judgeClaims(claims, { ...ground, ...measured }, options) };
}

function openOf(rows: readonly ContrastRow[]): OpenVerdicts | null {
  const needs = rows.flatMap(({ judgement }) => (judgement?.more == null ? [] : [judgement.more]));
  if (needs.length === 0) return null;
  const within = needs.filter(({ blocks }) => blocks !== null);
  const most = within.toSorted((a, b) => (b.blocks ?? 0) - (a.blocks ?? 0))[0];
  const { blocks, minutes } = most ?? { blocks: null, minutes: null };
  return { count: needs.length, beyond: needs.length - within.length, blocks, minutes };
}

/** Of a box that was running when the session was interrupted, which is no failure. */
function isInterrupted(it: Start | SessionEvent): boolean {
  return 'reason' in it && it.reason === INTERRUPTED;
}

function failuresOf(starts: readonly Start[]): StartFailure[] {
  const failed = starts.filter((start) => start.status !== 'completed');
  return grouped(failed, ({ env, status, reason }) => [env, status, reason]).map((same) => {
    const [{ env, status, reason }] = same as [(typeof same)[number]];
    return { env, status, reason, blocks: same.map(({ block }) => block) };
  });
}

function countEvents(events: Iterable<SessionEvent>): ReportModel['events'] {
  const all = [...events].map((event) => ({ kind: eventKind(event), env: 'env' in event ? event.env : undefined }));
  const byKind = grouped(all, ({ kind }) => [kind]).map((same): EventCount => {
    const environments = new Set(same.flatMap(({ env }) => env ?? []));
    return { kind: same[0]?.kind ?? '', count: same.length, environments: [...environments] };
  });
  return { count: all.length, byKind: byKind.sort((a, b) => b.count - a.count) };
}
