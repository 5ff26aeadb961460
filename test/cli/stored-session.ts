/** Session folders with a known truth, written by the real store: simulated bursts, and a host that can be chosen. */

import { sessionTable } from '../../bench/analysis/contrast/session-table.ts';
import { figuresOf } from '../../bench/analysis/figures.ts';
import { FIGURES, type SessionInfo } from '../../bench/session/info.ts';
import { loadSession } from '../../bench/session/load.ts';
import { createStore } from '../../bench/session/store.ts';
import { NO_TRAITS } from '../../bench/types.ts';
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
