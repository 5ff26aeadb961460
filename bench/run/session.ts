/** Runs a session: calibrates, runs block after block, keeps the folder up to date, and stops when the plan says so. */

import { hostTimedBoxes } from '../analysis/contrast/clock.ts';
import { isPrecise } from '../analysis/contrast/precise.ts';
import { sessionTable } from '../analysis/contrast/session-table.ts';
import { decideWarmup } from '../analysis/warmup.ts';
import { BoxmarkError, messageOf } from '../errors.ts';
import type { SessionEvent } from '../session/events.ts';
import type { SessionInfo, StopReason } from '../session/info.ts';
import type { Store } from '../session/store.ts';
import { countedSamples } from '../session/whole.ts';
import type { ContrastResult, Environment, FootprintRow, Plan, Sample, Start } from '../types.ts';
import { type BlockSink, runBlock } from './block.ts';
import { calibrate } from './calibrate.ts';
import { BoxFault } from './client.ts';
import { startResident } from './resident.ts';
import type { HostGauges } from './watch/host-gauges.ts';
import { openLedger } from './watch/ledger.ts';
import { openLog } from './watch/log.ts';
import { GIVEN_UP } from './watch/strikes.ts';
import { lazyVerifier } from './watch/verifier.ts';

/** What a progress display is told; called only while nothing is being measured. */
export interface ProgressSink {
  phase(text: string): void;
  round(at: { block: number; round: number; fraction: number }): void;
}

export interface SessionRequest {
  readonly plan: Plan;
  readonly environments: readonly Environment[];
  /** A second copy of the baseline, prepared on its own. */
  readonly control: Environment;
  /** Reckons what the states must be; stands on the housekeeping CPUs. */
  readonly verifier: Environment;
  readonly store: Store;
  readonly info: SessionInfo;
  readonly gauges: HostGauges;
  readonly signal: AbortSignal;
  readonly progress: ProgressSink;
  /** What a session that goes on has already: rows and events of its whole blocks. */
  readonly earlier?: Pick<SessionOutcome, 'samples' | 'starts' | 'events'>;
  /** Why an environment of the plan has no box. */
  readonly absent?: ReadonlyMap<string, string>;
  /** Called once, with where to send what others notice before and during the session. */
  notices(tell: BlockSink['event']): void;
}

export interface SessionOutcome {
  readonly info: SessionInfo;
  /** Of whole blocks, without those of a box whose state was found wrong in the block. */
  readonly samples: readonly Sample[];
  readonly starts: readonly Start[];
  readonly events: readonly SessionEvent[];
  readonly contrasts: readonly ContrastResult[];
  /** Of sessions that measure it. */
  readonly footprint?: readonly FootprintRow[];
  /** Set when the session ended because Boxmark itself failed. */
  readonly failure: unknown;
}

export async function executeSession(request: SessionRequest): Promise<SessionOutcome> {
  const { plan, store, signal, progress, earlier } = request;
  const samples: Sample[] = [...(earlier?.samples ?? [])];
  const starts: Start[] = [...(earlier?.starts ?? [])];
  const log = openLog(request);
  const { boxes, events, event, save } = log;
  let failure: unknown = null;
  const verifier = lazyVerifier(request.verifier, plan, signal);

  const sinkOf = (block: number): BlockSink => ({
    samples: (rows) => {
      // One by one: as arguments, a long visit's hundred thousand rows would overflow the stack.
      for (const row of rows) samples.push(row);
      store.samples(rows);
    },
    start: (row) => {
      starts.push(row);
      store.start(row);
    },
    event,
    facts: (box, read) => log.facts(box, read, block),
    pause: (round) => progress.round({ block, round, fraction: (block - 1 + round / plan.rounds) / plan.maxBlocks }),
  });

  const counted = () => countedSamples(samples, events, log.info().blocksCompleted);
  const tableSoFar = () => sessionTable({ plan, samples: counted(), starts, events });

  /** Asked at the ends of blocks only, and of what has been measured by then. */
  function stopNow(begunMs: number, done: number): StopReason | undefined {
    const { blocksCompleted } = log.info();
    if (plan.target !== null && blocksCompleted >= plan.minBlocks) {
      if (isPrecise(tableSoFar(), plan, (box) => boxes.has(box))) return 'precision';
    }
    if (blocksCompleted >= plan.maxBlocks) return 'blocks';
    return outOfTime(plan, begunMs, done) ? 'time' : undefined;
  }

  /** The first block with whole series is the pilot: it fixes the warm-up of all later ones. */
  function decide(block: number): SessionInfo['warmup'] {
    const known = log.info().warmup;
    if (known !== null) return known;
    const pilot = samples.filter((sample) => sample.block === block);
    const warmup = decideWarmup(countedSamples(pilot, events, block), plan.pilotBursts);
    for (const { env, workload, bursts, ...series } of warmup?.series ?? []) {
      if (series.class === 'no steady state') event({ kind: 'no-steady-state', env, block, workload, bursts });
    }
    return warmup;
  }

  async function run(): Promise<StopReason> {
    if (Object.keys(log.info().work).length === 0) {
      progress.phase('calibrating on the baseline');
      save({ work: await calibrateOn(request) });
    }
    const ledger = openLedger(verifier.replay);
    const begunMs = Date.now();
    const first = log.info().blocksCompleted + 1;
    for (let block = first; ; block++) {
      const stop = stopNow(begunMs, block - first);
      if (stop !== undefined) return stop;
      progress.phase(`block ${block} of ${plan.minBlocks < plan.maxBlocks ? 'at most ' : ''}${plan.maxBlocks}`);
      const blockBegunMs = Date.now();
      const info = log.info();
      const result = await runBlock({
        ...request,
        image: info.image,
        block,
        environments: boxes,
        whyAbsent: (box) => request.absent?.get(box) ?? GIVEN_UP,
        warmupBursts: info.warmup?.length ?? plan.pilotBursts,
        digests: block === first,
        hostTimed: hostTimedBoxes(events),
        work: info.work,
        ledger,
        sink: sinkOf(block),
      });
      const measuredMs = info.measuredMs + Date.now() - blockBegunMs;
      log.endBlock(block, result, () => ({ measuredMs, warmup: decide(block) }));
    }
  }

  let stopReason: StopReason;
  try {
    save({});
    request.notices(event);
    stopReason = await run();
  } catch (error) {
    stopReason = signal.aborted ? 'interrupted' : 'failed';
    if (!signal.aborted) failure = error;
  }
  await verifier.close();
  const whole = counted();
  const { rows: contrasts, trust } = tableSoFar();
  try {
    if (failure !== null) event({ kind: 'failed', reason: messageOf(failure) });
    for (const difference of trust.differences) event({ kind: 'control-difference', ...difference });
    save({ stopReason, finishedAt: new Date().toISOString() });
    store.finish(contrasts, stopReason);
  } catch (error) {
    failure ??= error; // A full disk: what was appended before is whole, and there is a first reason to tell.
  }
  return { info: log.info(), samples: whole, starts, events, contrasts, failure };
}

/** Would another block, as long as those so far, end after the limit? One is measured in any case. */
export function outOfTime(plan: Plan, begunMs: number, done: number): boolean {
  if (plan.maxTimeMs === undefined || done === 0) return false;
  const elapsed = Date.now() - begunMs;
  return elapsed + elapsed / done > plan.maxTimeMs;
}

/** Work per burst, on a start of the baseline that is not measured otherwise. */
async function calibrateOn(request: SessionRequest): Promise<Record<string, number>> {
  const { plan } = request;
  const environment = request.environments.find(({ path }) => path === plan.baseline);
  if (environment === undefined) throw new Error('the baseline is not among the environments');
  const start = { box: plan.baseline, startId: 'calibration', position: 0, digests: false };
  let resident: Awaited<ReturnType<typeof startResident>>;
  try {
    resident = await startResident({ ...request, ...start, environment, image: request.info.image });
  } catch (error) {
    if (!(error instanceof BoxFault)) throw error;
    throw new BoxmarkError({
      what: `The baseline did not start: ${error.message}`,
      value: plan.baseline,
      remedy: 'boxmark doctor, or another --baseline',
      cause: error,
    });
  }
  try {
    return await calibrate(resident, plan);
  } finally {
    await resident.close();
  }
}
