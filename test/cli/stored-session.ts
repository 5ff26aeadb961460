/** Session folders with a known truth, written by the real store: simulated bursts, and a host that can be chosen. */

import { sessionTable } from '../../bench/analysis/contrast/session-table.ts';
import { figuresOf } from '../../bench/analysis/figures.ts';
import { startupRows } from '../../bench/analysis/startup.ts';
import { randomStream } from '../../bench/random.ts';
import { FIGURES, type SessionInfo } from '../../bench/session/info.ts';
import { loadSession } from '../../bench/session/load.ts';
import { createStore } from '../../bench/session/store.ts';
import { NO_TRAITS, type Plan, type Start } from '../../bench/types.ts';
import { simulateSamples, type TestPlan, type Truth, testPlan, testStart } from '../bench/analysis/simulate.ts';
import { infoFor } from '../bench/boxes.ts';

export const HARDWARE = {
  cpuModel: 'Example CPU',
  cpuFlags: ['avx', 'sse'],
  cpuFlagsSha256: 'a'.repeat(64),
  memoryGib: 8,
};
export const STACK = { kernelRelease: '6.1.0', nodeVersion: 'v20.19.0', mitigations: { meltdown: 'Not affected' } };

export interface Stored {
  readonly out: string;
  readonly name: string;
  readonly plan?: Partial<TestPlan>;
  readonly truth?: Partial<Truth>;
  readonly info?: Partial<SessionInfo>;
}

/** Returns the folder. The seed of the truth is made of the name, so that sessions differ. */
export function writeSession({ out, name, plan: changes, truth, info: more }: Stored): string {
  const plan = testPlan({ workloads: ['fft', 'sor'], rounds: 10, blocks: 6, ...changes });
  const { blocks, ...planned } = plan;
  const samples = [...simulateSamples(plan, { seed: seedOf(name), start: 0.001, ...truth })];
  const info: SessionInfo = {
    ...infoFor(planned, []),
    session: name,
    stopReason: 'blocks',
    finishedAt: '2026-11-23T17:03:00.000Z',
    blocksCompleted: blocks,
    figures: FIGURES,
    work: Object.fromEntries(samples.map(({ workload, work }) => [workload, work])),
    host: { name: 'host', fingerprint: 'f'.repeat(64), hardware: HARDWARE, stack: STACK },
    image: { digest: '1'.repeat(64), node: '2'.repeat(64), payload: '3'.repeat(64) },
    environments: plan.environments.map(({ path }) => ({
      path,
      labels: [],
      traits: NO_TRAITS,
      versions: {},
      facts: null,
    })),
    ...more,
  };
  const store = createStore(out, info);
  const keys = new Set(samples.map(({ block, env, startId }) => [block, env, startId].join('\n')));
  const starts = [...keys].map((key) => {
    const [block = '', env = '', startId = ''] = key.split('\n');
    return testStart({ block: Number(block), env, startId });
  });
  store.session(info);
  store.samples(samples);
  for (const start of starts) store.start(start);
  store.finish(sessionTable({ plan, samples, starts, events: [] }).rows, 'blocks');
  store.close();
  return store.dir;
}

/** What the session says of one figure: ln of the time ratio. */
export async function figureOf(dir: string, env: string, workload: string): Promise<number | undefined> {
  const { ratios } = figuresOf(await loadSession(dir));
  return ratios.find((figure) => figure.env === env && figure.workload === workload)?.log;
}

function seedOf(name: string): number {
  return [...name].reduce((seed, letter) => (seed * 31 + letter.charCodeAt(0)) % 2 ** 31, 7);
}

export interface StoredKind extends Omit<Stored, 'plan' | 'truth'> {
  readonly measure: 'startup' | 'footprint';
  /** Docker's time or size over that natively. */
  readonly ratio: number;
}

/** A session of starts or of idle boxes, of six blocks, whose figures vary by half a percent. */
export function writeKindSession({ out, name, measure, ratio, info: more }: StoredKind): string {
  const { blocks, ...planned } = testPlan({ workloads: [], rounds: 3, blocks: 6 });
  const instances = [1, 2, 4];
  const plan: Plan = { ...planned, measure, ...(measure === 'footprint' ? { instances, rounds: 1 } : { cold: false }) };
  const info: SessionInfo = {
    ...infoFor(plan, []),
    session: name,
    stopReason: 'blocks',
    finishedAt: '2026-11-23T17:03:00.000Z',
    blocksCompleted: blocks,
    figures: FIGURES,
    host: { name: 'host', fingerprint: 'f'.repeat(64), hardware: HARDWARE, stack: STACK },
    ...more,
  };
  const random = randomStream(seedOf(name), 1, 'noise');
  const noise = () => Math.exp(0.01 * (random.nextUint32() / 2 ** 32 - 0.5));
  const store = createStore(out, info);
  store.session(info);
  const starts: Start[] = [];
  for (let block = 1; block <= blocks; block++) {
    for (const env of ['native', 'docker', 'native@control']) {
      const factor = env === 'docker' ? ratio : 1;
      const head = { block, env, startId: `b${block}-${env}` };
      if (measure === 'startup') {
        for (let round = 1; round <= 3; round++) {
          const readyMs = 50 * factor * noise();
          const times = { spawnMs: 2 * factor * noise(), firstInstructionMs: 0.8 * readyMs, readyMs };
          starts.push(
            testStart({
              ...head,
              startId: `${head.startId}-r${round}`,
              round,
              temperature: 'warm',
              teardownMs: 3 * factor * noise(),
              ...times,
            }),
          );
        }
      } else {
        starts.push(testStart(head));
        const rows = instances.map((count, index) => ({
          ...{
            block,
            position: index + 1,
            env,
            instances: count,
            imageBytes: null,
            cgroupBytes: null,
            diskBytes: null,
          },
          hostDeltaBytes: Math.round(count * factor * 5e7 * noise()),
          pssBytes: Math.round(count * factor * 4e7 * noise()),
        }));
        store.rows('footprint', rows);
      }
    }
  }
  for (const start of starts) store.start(start);
  if (measure === 'startup') store.startup(startupRows(starts, plan));
  store.finish([], 'blocks');
  store.close();
  return store.dir;
}
