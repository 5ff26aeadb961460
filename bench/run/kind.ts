/** A kind of measurement: what its session does in a block, how long that takes, and which figures follow from its rows. */

import type { RatioRow } from '../analysis/reproduction.ts';
import type { Measure } from '../plan/flag.ts';
import { boxesOf } from '../plan/schedule.ts';
import type { NewEvent, SessionEvent } from '../session/events.ts';
import type { SessionInfo } from '../session/info.ts';
import { kindRows } from '../session/kind-tables.ts';
import { isCounted } from '../session/load.ts';
import type {
  BoxFacts,
  ContrastResult,
  Environment,
  KindRow,
  KindRows,
  KindTable,
  Plan,
  Sample,
  Start,
  StartupRow,
} from '../types.ts';
import type { HostGauges } from './watch/host-gauges.ts';
import type { Patience } from './watch/patience.ts';

/** One kind of measurement; `kinds/index.ts` has all of them. */
export interface Kind {
  /** As the value of `--measure`. */
  readonly name: Measure;
  /** May a session end early, once every interval is narrow enough? */
  readonly hasTarget: boolean;
  /** Seconds that so many blocks should take. */
  estimate(plan: Plan, guess: TimeGuess, blocks: number): number;
  /** The lines of a plan that only this kind has, each a name of up to 13 columns and a value. */
  describe(plan: Plan): string[];
  /** A session begins, or resumes. Nothing is started before the first call of a method. */
  open(session: SessionScope): KindRun;
  /** The rows that count in figures. */
  counted(records: SessionRecords): SessionRows;
  /** Figures of all whole blocks. Pure: the rows of a stored session give the same. */
  conclude(records: SessionRecords): Conclusion;
  /** Ratios to the baseline, by which a session and its reproduction are compared. */
  ratios(records: SessionRecords): readonly RatioRow[];
  /** What single environments took, the baseline's included, where that is a time or a size: followed over sessions. */
  levels?(records: SessionRecords): readonly LevelRow[];
  /** Environments that gave their data. */
  measured(rows: SessionRows): ReadonlySet<string>;
}

/** A figure of one environment. */
export interface LevelRow {
  readonly env: string;
  readonly figure: string;
  readonly unit: 'ns' | 'bytes';
  readonly value: number;
}

/** A kind in one session. */
export interface KindRun {
  /** Before the first block: what `session.json` must record about the measurement; undefined if it does already. */
  prepare?(): Promise<Partial<SessionInfo> | undefined>;
  runBlock(block: BlockScope): Promise<BlockResult>;
  /** What `session.json` learns from a block that has just ended. */
  learn?(block: number): Partial<SessionInfo>;
  /** Is every interval within the plan's target? Asked at ends of blocks, where the plan has one. */
  isPrecise?(): boolean;
  close?(): Promise<void>;
}

/** What a start and a burst are expected to take in a box, for the time estimate only. */
export type TimeGuess = (box: string) => {
  readonly startSeconds: number;
  /** Time of a burst in it over the time natively. */
  readonly factor: number;
};

export interface SessionRows extends KindRows {
  readonly samples: readonly Sample[];
  readonly starts: readonly Start[];
}

/** Everything that a session has recorded so far, including an incomplete block. */
export interface SessionRecords extends SessionRows {
  readonly plan: Plan;
  readonly events: readonly SessionEvent[];
  readonly blocksCompleted: number;
}

export interface Conclusion {
  readonly contrasts: readonly ContrastResult[];
  readonly startup?: readonly StartupRow[];
  /** What shows only over the whole session. */
  readonly events: readonly NewEvent[];
}

/** What a session offers its kind. */
export interface SessionScope {
  readonly plan: Plan;
  readonly environments: readonly Environment[];
  /** Where states are computed again; runs on the housekeeping CPUs. */
  readonly verifier: Environment;
  readonly gauges: HostGauges;
  readonly signal: AbortSignal;
  /** Boxes that were not given up. */
  readonly boxes: ReadonlyMap<string, Environment>;
  readonly progress: { phase(text: string, isMeasuring?: boolean): void };
  info(): SessionInfo;
  records(): SessionRecords;
  event(event: NewEvent): void;
}

/** What a block is given. */
export interface BlockScope {
  readonly plan: Plan;
  readonly block: number;
  /** In the first block of a run, boxes report their facts and the digests of their files. */
  readonly isFirst: boolean;
  /** By box: the environments, and the control. Boxes that were given up, or can't run any more, are absent. */
  readonly environments: ReadonlyMap<string, Environment>;
  whyAbsent(box: string): string;
  readonly gauges: HostGauges;
  readonly image: { readonly node: string; readonly payload: string };
  readonly patience: Patience;
  readonly signal: AbortSignal;
  readonly sink: BlockSink;
}

/** Where a block's results go, as they come. */
export interface BlockSink {
  samples(rows: readonly Sample[]): void;
  start(row: Start): void;
  rows<K extends KindTable>(table: K, rows: readonly KindRow[K][]): void;
  event(event: NewEvent): void;
  /** Between rounds, while nothing is measured. */
  pause(round: number): void;
  facts(box: string, facts: BoxFacts): void;
}

export interface BlockResult {
  /** Boxes that were measured to the end. */
  readonly completed: readonly string[];
  readonly failed: readonly string[];
}

/** What every row of a kind says about where it belongs. */
interface PlacedRow {
  readonly block: number;
  readonly env: string;
  readonly workload?: string;
}

/** Without workloads, the rows of whole blocks count. */
export function wholeOf(records: SessionRecords): SessionRows {
  const { blocksCompleted } = records;
  return { ...rowsThat(records, ({ block }) => block <= blocksCompleted), samples: [] };
}

/** With workloads, they do without those of a box that computed something wrong, as its bursts do. */
export function countedOf(records: SessionRecords): SessionRows {
  return rowsThat(records, isCounted(records.events, records.blocksCompleted));
}

/** A table can name any number of environments and workloads: those that the plan does not have were never measured. */
function rowsThat({ samples, starts, plan, ...records }: SessionRecords, counts: (row: PlacedRow) => boolean) {
  const rows: KindRows = records;
  const boxes = new Set(boxesOf(plan));
  const workloads = new Set(plan.workloads);
  const isKept = (row: PlacedRow) =>
    counts(row) && boxes.has(row.env) && (row.workload === undefined || workloads.has(row.workload));
  return {
    samples: samples.filter(isKept),
    starts: starts.filter(({ block, env }) => block <= records.blocksCompleted && boxes.has(env)),
    ...kindRows((table) => (rows[table] as readonly KindRow[typeof table][]).filter(isKept)),
  };
}

/** Environments of which a start completed. */
export function startedIn({ starts }: SessionRows): ReadonlySet<string> {
  return new Set(starts.filter(({ status }) => status === 'completed').map(({ env }) => env));
}
