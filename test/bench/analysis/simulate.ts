/** Sessions with a known truth: log-normal noise of the host, of each start and of each burst, from a seed. */

import { boxesOf } from '../../../bench/plan/schedule.ts';
import { randomStream, type Stream } from '../../../bench/random.ts';
import type { EventKind, SessionEvent } from '../../../bench/session/events.ts';
import { SAMPLES } from '../../../bench/session/tables.ts';
import { NO_FIGURES, type Plan, type Sample, type Start } from '../../../bench/types.ts';

export interface Truth {
  readonly seed: number;
  /** True time ratio to the baseline, by environment; 1 when left out. */
  readonly ratios?: Readonly<Record<string, number>>;
  /** σ in logs: weather shared by a round, a start's own constant, a burst's own noise. */
  readonly weather?: number;
  readonly start?: number;
  readonly burst?: number;
  /** Bursts of these environments lose `ns` with this chance. */
  readonly lost?: Readonly<Record<string, { readonly chance: number; readonly ns: number }>>;
  /** With long visits of ten bursts, in which these environments take so many times longer. */
  readonly sustained?: Readonly<Record<string, number>>;
}

/** One pass of these takes this long natively, ns. */
const PASS_NS: Readonly<Record<string, number>> = {
  fft: 26_000,
  sor: 85_000,
  'monte-carlo': 1_000_000,
  sparse: 60_000,
  lu: 300_000,
};
const FLOPS = 50_000;

/** A plan, and how many blocks of it are simulated. */
export type TestPlan = Plan & { readonly blocks: number };

export function testPlan(changes: Partial<TestPlan> = {}): TestPlan {
  const blocks = changes.blocks ?? 6;
  return {
    schema: 1,
    seed: 101010,
    profile: 'quick',
    environments: [{ path: 'native' }, { path: 'docker', alias: 'container' }],
    baseline: 'native',
    workloads: ['fft', 'sor'],
    size: 'small',
    kernels: 'reference',
    contrasts: [],
    schedule: 'interleaved',
    blocks,
    minBlocks: blocks,
    maxBlocks: blocks,
    target: null,
    margin: 0.02,
    allowUnequal: false,
    rounds: 12,
    pilotBursts: 30,
    burstNs: 1e7,
    longNs: 3e8,
    longVisits: 1,
    timeoutMs: 60_000,
    limits: { cpus: [1], housekeeping: [0], memoryBytes: 2 ** 30, pids: 256 },
    ...changes,
  };
}

/** The plan as a session keeps it. */
export function planOf({ blocks: _, ...plan }: TestPlan): Plan {
  return plan;
}

/** Cells that a test does not name are empty. */
export function testSample(changes: Partial<Sample> = {}): Sample {
  return {
    ...(SAMPLES.empty() as unknown as Sample),
    block: 1,
    round: 1,
    position: 1,
    env: 'native',
    startId: 'b1-native',
    phase: 'measure',
    workload: 'fft',
    size: 'small',
    work: 10,
    wallNs: 10_000_000,
    mflops: 100,
    ok: true,
    startedAt: '2026-11-23T17:00:00.000Z',
    clock: 'guest',
    kernels: 'reference',
    unit: 'MFLOPS',
    rate: changes.mflops === undefined ? 100 : changes.mflops,
    ...changes,
  };
}

export function testStart(changes: Partial<Start> = {}): Start {
  return {
    block: 1,
    position: 1,
    env: 'native',
    startId: 'b1-native',
    status: 'completed',
    ...NO_FIGURES,
    spawnMs: 1,
    firstInstructionMs: 40,
    readyMs: 55,
    runMs: 9000,
    teardownMs: 3,
    clockRatio: 1,
    ...changes,
  } as Start;
}

/** An event of which only what a test looks at is said. */
export function testEvent(detail: { readonly kind: EventKind } & Readonly<Record<string, unknown>>): SessionEvent {
  return { at: '2026-11-23T17:00:00.000Z', ...detail } as unknown as SessionEvent;
}

/** All samples of a session, lead-ins included, with whole nanoseconds. */
export function* simulateSamples(plan: TestPlan, truth: Truth): Generator<Sample> {
  const { weather = 0.05, start = 0.003, burst = 0.01 } = truth;
  for (let block = 1; block <= plan.blocks; block++) {
    const stream = randomStream(truth.seed, block, 'noise');
    const leads = randomStream(truth.seed, block, 'leads');
    for (const workload of plan.workloads) {
      const passNs = PASS_NS[workload] ?? 1e5;
      const work = Math.max(1, Math.round(plan.burstNs / passNs));
      const own = new Map(boxesOf(plan).map((box) => [box, start * normal(stream)]));
      for (let round = 1; round <= plan.rounds; round++) {
        const sky = weather * normal(stream);
        for (const [index, box] of boxesOf(plan).entries()) {
          const ratio = truth.ratios?.[box] ?? 1;
          const noise = (from: Stream) => Math.exp(sky + (own.get(box) ?? 0) + burst * normal(from));
          const { chance, ns } = truth.lost?.[box] ?? { chance: 0, ns: 0 };
          const lost = (from: Stream) => (chance > 0 && from.nextUint32() < chance * 2 ** 32 ? ns : 0);
          const lostNs = lost(stream);
          const wallNs = Math.round(work * passNs * ratio * noise(stream) + lostNs);
          const leadNs = Math.round(work * passNs * ratio * noise(leads) * 1.04 + lost(leads));
          const mflops = (work * FLOPS * 1e3) / wallNs;
          const row = { block, round, position: index + 1, env: box, startId: `b${block}-${box}`, workload, work };
          yield testSample({ ...row, phase: 'lead', wallNs: leadNs, mflops: mflops / 1.04 });
          yield testSample({ ...row, phase: 'measure', wallNs, mflops });
        }
      }
      if (truth.sustained === undefined) continue;
      for (const [index, box] of boxesOf(plan).entries()) {
        const passes = work * (truth.ratios?.[box] ?? 1) * (truth.sustained[box] ?? 1);
        for (let visit = 0; visit < 10; visit++) {
          const wallNs = Math.round(passes * passNs * Math.exp((own.get(box) ?? 0) + burst * normal(stream)));
          const row = { block, round: 0, position: index + 1, env: box, startId: `b${block}-${box}`, workload, work };
          yield testSample({ ...row, phase: 'long', wallNs });
        }
      }
    }
  }
}

/** A standard normal value by Box–Muller. */
export function normal(stream: Stream): number {
  const radius = Math.sqrt(-2 * Math.log((stream.nextUint32() + 1) / 2 ** 32));
  return radius * Math.cos((2 * Math.PI * stream.nextUint32()) / 2 ** 32);
}
