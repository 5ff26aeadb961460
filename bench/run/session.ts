/** Runs a session of any kind: block after block, keeps the folder up to date, and stops when the plan says so. */

import type { RatioRow } from '../analysis/reproduction.ts';
import { messageOf } from '../errors.ts';
import type { NewEvent, SessionEvent } from '../session/events.ts';
import { FIGURES, type SessionInfo, type StopReason } from '../session/info.ts';
import { kindRows, NO_KIND_ROWS } from '../session/kind-tables.ts';
import type { Store } from '../session/store.ts';
import type { ContrastResult, Environment, KindRow, KindRows, KindTable, Plan, Sample, Start } from '../types.ts';
import type { BlockSink, Kind, KindRun, SessionRecords, SessionRows } from './kind.ts';
import type { HostGauges } from './watch/host-gauges.ts';
import { GIVEN_UP, SessionLog } from './watch/log.ts';
import { Patience } from './watch/patience.ts';
import { Standings } from './watch/standings.ts';

/** Events for a progress display; called only while nothing is being measured. */
export interface ProgressSink {
  /** Something else begins. `isMeasuring`: nothing may be shown until the next call. */
  phase(text: string, isMeasuring?: boolean): void;
  /** A block begins. The first `round` of it says so as well, where lines are not repainted. */
  block(block: number, text: string, isMeasuring?: boolean): void;
  round(at: { block: number; round: number; fraction: number; blocks?: number }): void;
  /** So many blocks have ended. `rows`, the ratios so far, are computed when asked for here; null where they are left out. */
  standings?(blocks: number, rows: () => readonly RatioRow[] | null): void;
}

export interface SessionRequest {
  readonly kind: Kind;
  readonly plan: Plan;
  readonly environments: readonly Environment[];
  /** A second copy of the baseline, prepared on its own. */
  readonly control: Environment;
  /** Computes the correct states; runs on the housekeeping CPUs. */
  readonly verifier: Environment;
  readonly store: Store;
  readonly info: SessionInfo;
  readonly gauges: HostGauges;
  readonly signal: AbortSignal;
  readonly progress: ProgressSink;
  /** What a session that resumes has already: rows and events of its whole blocks. */
  readonly earlier?: EarlierRows;
  /** Why an environment of the plan has no box. */
  readonly absent?: ReadonlyMap<string, string>;
  /** Without it, that of every session. */
  readonly patience?: Patience;
  /** Between blocks, when no box runs: what must not disturb a measurement. Never throws. */
  betweenBlocks?(): Promise<void>;
  /** Called once, with a function that receives what others notice before and during the session. */
  notices(report: (event: NewEvent) => void): void;
}

export interface EarlierRows extends SessionRows {
  readonly events: readonly SessionEvent[];
}

/** Rows of kinds, `samples` and, without workloads, `starts` are those that count: of whole blocks, from boxes in right states. */
export interface SessionOutcome extends SessionRows {
  readonly info: SessionInfo;
  readonly events: readonly SessionEvent[];
  readonly contrasts: readonly ContrastResult[];
  /** Set when the session ended because Boxmark itself failed. */
  readonly failure: unknown;
}

export function runSession(request: SessionRequest): Promise<SessionOutcome> {
  return new SessionRun(request).run();
}

/** Finishes a session that has all its blocks but was killed before its end. Nothing is started. */
export function finishSession(
  request: Pick<SessionRequest, 'kind' | 'plan' | 'store' | 'info'> & {
    readonly earlier: EarlierRows;
    /** Recorded before anything else. */
    readonly event: NewEvent;
  },
): SessionOutcome {
  const { plan, info, earlier } = request;
  const log = new SessionLog({ ...request, environments: [] });
  log.event(request.event);
  const { blocksCompleted } = info;
  return conclude(request, log, { ...earlier, plan, events: log.events, blocksCompleted }, 'blocks');
}

type KindLists = { readonly [K in KindTable]: KindRow[K][] };

class SessionRun {
  readonly #request: SessionRequest;
  readonly #log: SessionLog;
  readonly #samples: Sample[];
  readonly #starts: Start[];
  readonly #kindRows: KindLists;
  readonly #patience: Patience;
  readonly #kind: KindRun;
  readonly #standings: Standings;

  constructor(request: SessionRequest) {
    const { kind, earlier, plan, environments, verifier, gauges, signal, progress } = request;
    const log = new SessionLog(request);
    const kept: KindRows = earlier ?? NO_KIND_ROWS;
    this.#request = request;
    this.#log = log;
    this.#patience = request.patience ?? new Patience();
    this.#samples = [...(earlier?.samples ?? [])];
    this.#starts = [...(earlier?.starts ?? [])];
    this.#kindRows = kindRows((table) => kept[table].slice()) as KindLists;
    this.#kind = kind.open({
      ...{ plan, environments, verifier, gauges, signal, progress, boxes: log.boxes },
      info: () => log.info,
      records: () => this.#records(),
      event: (event) => log.event(event),
    });
    this.#standings = new Standings(() => kind.ratios(this.#records()));
  }

  async run(): Promise<SessionOutcome> {
    const { signal } = this.#request;
    let failure: unknown = null;
    let stopReason: StopReason;
    try {
      this.#log.save({});
      this.#request.notices((event) => this.#log.event(event));
      stopReason = await this.#runBlocks();
    } catch (error) {
      stopReason = signal.aborted ? 'interrupted' : 'failed';
      if (!signal.aborted) failure = error;
    }
    await this.#kind.close?.();
    return conclude(this.#request, this.#log, this.#records(), stopReason, failure);
  }

  async #runBlocks(): Promise<StopReason> {
    const { plan, progress } = this.#request;
    const log = this.#log;
    const prepared = await this.#kind.prepare?.();
    if (prepared !== undefined) log.save(prepared);
    const begunMs = monotonicMs();
    const first = log.info.blocksCompleted + 1;
    if (first > 1) this.#showStandings();
    for (let block = first; ; block++) {
      await this.#request.betweenBlocks?.();
      const stop = this.#stopNow(begunMs, block - first);
      if (stop !== undefined) return stop;
      const most = plan.minBlocks < plan.maxBlocks ? 'at most ' : '';
      // Starts and instances are measured from the first one on; workloads once their boxes are warm.
      progress.block(block, `block ${block} of ${most}${plan.maxBlocks}`, plan.measure !== undefined);
      await this.#runBlock(block, block === first);
    }
  }

  async #runBlock(block: number, isFirst: boolean): Promise<void> {
    const { plan, gauges, signal, absent } = this.#request;
    const log = this.#log;
    const { image, measuredMs: before } = log.info;
    const begunMs = monotonicMs();
    const result = await this.#kind.runBlock({
      ...{
        plan,
        block,
        isFirst,
        gauges,
        image,
        signal,
        patience: this.#patience,
        environments: log.boxes,
        sink: this.#sinkOf(block),
      },
      whyAbsent: (box) => absent?.get(box) ?? GIVEN_UP,
    });
    const measuredMs = before + Math.round(monotonicMs() - begunMs);
    log.endBlock(block, result, () => ({ measuredMs, ...this.#kind.learn?.(block) }));
    this.#showStandings();
  }

  #showStandings(): void {
    const { blocksCompleted } = this.#log.info;
    this.#request.progress.standings?.(blocksCompleted, () => this.#standings.after(blocksCompleted));
  }

  /** Asked at the ends of blocks only, and of what has been measured by then. */
  #stopNow(begunMs: number, done: number): StopReason | undefined {
    const { plan } = this.#request;
    const { blocksCompleted } = this.#log.info;
    if (plan.target !== null && blocksCompleted >= plan.minBlocks && this.#kind.isPrecise?.()) return 'precision';
    if (blocksCompleted >= plan.maxBlocks) return 'blocks';
    return isOutOfTime(plan, monotonicMs() - begunMs, done) ? 'time' : undefined;
  }

  #sinkOf(block: number): BlockSink {
    const { store, plan, progress } = this.#request;
    return {
      samples: (rows) => {
        // One by one: as arguments, a long visit's hundred thousand rows would overflow the stack.
        for (const row of rows) this.#samples.push(row);
        store.samples(rows);
      },
      start: (row) => {
        this.#starts.push(row);
        store.start(row);
      },
      rows: (table, rows) => {
        const kept: KindRow[typeof table][] = this.#kindRows[table];
        for (const row of rows) kept.push(row);
        store.rows(table, rows);
      },
      event: (event) => this.#log.event(event),
      facts: (box, facts) => this.#log.facts(box, facts, block),
      pause: (round) => {
        const fraction = (block - 1 + Math.min(1, round / plan.rounds)) / plan.maxBlocks;
        progress.round({ block, round, fraction, blocks: plan.maxBlocks });
      },
    };
  }

  #records(): SessionRecords {
    const { plan } = this.#request;
    const { events, info } = this.#log;
    const rows = { samples: this.#samples, starts: this.#starts, ...this.#kindRows };
    return { plan, ...rows, events, blocksCompleted: info.blocksCompleted };
  }
}

/** Writes what needs the whole session: figures, the reason of its end, and last of all the manifest. */
function conclude(
  { kind, store }: Pick<SessionRequest, 'kind' | 'store'>,
  log: SessionLog,
  records: SessionRecords,
  stopReason: StopReason,
  before: unknown = null,
): SessionOutcome {
  const { contrasts, startup, events } = kind.conclude(records);
  let failure = before;
  try {
    if (failure !== null) log.event({ kind: 'failed', reason: messageOf(failure) });
    for (const event of events) log.event(event);
    if (startup !== undefined) store.startup(startup);
    log.save({ stopReason, finishedAt: new Date().toISOString(), figures: FIGURES });
    store.finish(contrasts, stopReason);
  } catch (error) {
    failure ??= error; // A full disk: what was appended before is whole, and there is a first reason to report.
  }
  return { info: log.info, ...kind.counted(records), events: log.events, contrasts, failure };
}

/** For durations: somebody may set the wall clock while a session runs. */
function monotonicMs(): number {
  return performance.now();
}

/** Would another block, as long as those so far, end after the limit? One is measured in any case. */
function isOutOfTime({ maxTimeMs }: Plan, elapsedMs: number, done: number): boolean {
  return maxTimeMs !== undefined && done > 0 && elapsedMs + elapsedMs / done > maxTimeMs;
}
