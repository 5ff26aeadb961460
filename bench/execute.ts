/** Runs a session: calibrates, runs block after block, keeps the folder up to date, and stops when the plan says so. */

import { contrastResults } from './analysis/ratio.ts';
import { type BlockSink, runBlock } from './block.ts';
import { calibrate } from './calibrate.ts';
import { BoxFault, connect } from './client.ts';
import { BoxmarkError, messageOf } from './errors.ts';
import { openLedger } from './ledger.ts';
import type { BoxFacts } from './protocol.ts';
import { type HostGauges, startResident } from './resident.ts';
import { controlOf } from './schedule.ts';
import type { SessionInfo, StopReason } from './session.ts';
import type { Store } from './store.ts';
import type { ContrastResult, Environment, Plan, Sample, SessionEvent, Start, Started } from './types.ts';

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
  /** Set when the session ended because Boxmark itself failed. */
  readonly failure: unknown;
}

/** Blocks in a row in which a box may fail before it is given up. */
const LIVES = 2;

export async function executeSession(request: SessionRequest): Promise<SessionOutcome> {
  const { plan, store, signal, progress } = request;
  const samples: Sample[] = [];
  const starts: Start[] = [];
  const events: SessionEvent[] = [];
  const facts = new Map<string, BoxFacts>();
  let info = request.info;
  let failure: unknown = null;
  const boxes = new Map(request.environments.map((environment) => [environment.path, environment]));
  boxes.set(controlOf(plan.baseline), request.control);
  const verifier = lazyVerifier(request);

  const save = (change: Partial<SessionInfo>) => {
    const environments = info.environments.map((it) => ({ ...it, facts: facts.get(it.path) ?? it.facts }));
    info = { ...info, ...change, environments };
    store.session(info);
  };
  const event: BlockSink['event'] = (detail) => {
    const stamped: SessionEvent = { at: new Date().toISOString(), ...detail } as SessionEvent;
    events.push(stamped);
    store.event(stamped);
  };
  const sinkOf = (block: number): BlockSink => ({
    samples: (rows) => {
      samples.push(...rows);
      store.samples(rows);
    },
    start: (row) => {
      starts.push(row);
      store.start(row);
    },
    event,
    facts: (box, read) => facts.set(box, { ...facts.get(box), ...read }), // Digests are read in the first block only.
    pause: (round) => progress.round({ block, round, fraction: (block - 1 + round / plan.rounds) / plan.blocks }),
  });

  async function run(): Promise<StopReason> {
    progress.phase('calibrating on the baseline');
    const work = await calibrateOn(request);
    save({ work });
    const ledger = openLedger(verifier.replay);
    const strikes = new Map<string, number>();
    const begun = Date.now();
    for (let block = 1; block <= plan.blocks; block++) {
      if (outOfTime(plan, begun, block)) return 'time';
      progress.phase(`block ${block} of ${plan.blocks}`);
      const result = await runBlock({
        ...request,
        image: info.image,
        block,
        environments: boxes,
        work,
        ledger,
        sink: sinkOf(block),
      });
      for (const box of result.completed) strikes.delete(box);
      for (const box of result.failed) {
        const count = (strikes.get(box) ?? 0) + 1;
        strikes.set(box, count);
        if (count < LIVES) continue;
        boxes.delete(box);
        event({ kind: 'given-up', env: box, block, reason: `failed in ${LIVES} blocks in a row` });
      }
      save({ blocksCompleted: block });
      if (!boxes.has(plan.baseline)) {
        throw new BoxmarkError({
          what: 'The baseline failed in two blocks in a row; without it nothing can be compared.',
          value: plan.baseline,
          remedy: 'boxmark doctor, or another --baseline',
        });
      }
    }
    return 'blocks';
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
  const refuted = new Set(
    events.filter(({ kind }) => kind === 'checksum-mismatch').map(({ block, env }) => `${block} ${env}`),
  );
  const whole = samples.filter(({ block, env }) => block <= info.blocksCompleted && !refuted.has(`${block} ${env}`));
  const contrasts = contrastResults(whole, plan);
  try {
    if (failure !== null) event({ kind: 'failed', reason: messageOf(failure) });
    save({ stopReason, finishedAt: new Date().toISOString() });
    store.finish(contrasts, stopReason);
  } catch (error) {
    failure ??= error; // A full disk: what was appended before is whole, and there is a first reason to tell.
  }
  return { info, samples: whole, starts, events, contrasts, failure };
}

function outOfTime(plan: Plan, begunMs: number, block: number): boolean {
  if (plan.maxTimeMs === undefined || block === 1) return false;
  const elapsed = Date.now() - begunMs;
  return elapsed + elapsed / (block - 1) > plan.maxTimeMs;
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

interface Verifier {
  replay: Parameters<typeof openLedger>[0];
  close(): Promise<void>;
}

/** The verifier's payload, started when it is first asked and kept for the session. */
function lazyVerifier({ plan, verifier, signal }: SessionRequest): Verifier {
  let opened: Promise<{ started: Started; client: Awaited<ReturnType<typeof connect>> }> | undefined;
  const limitMs = plan.timeoutMs * 10;
  async function open() {
    const started = await verifier.start('verifier', signal);
    const client = await connect(started.process, limitMs, signal);
    await client.request('prepare', { size: plan.size, workloads: [...plan.workloads] }, limitMs);
    return { started, client };
  }
  return {
    async replay(workload, passes) {
      opened ??= open();
      const { client } = await opened;
      return (await client.request('replay', { size: plan.size, workload, passes: [...passes] }, limitMs)).body
        .checksums;
    },
    async close() {
      const it = await opened?.catch(() => undefined);
      await it?.started.close();
    },
  };
}
