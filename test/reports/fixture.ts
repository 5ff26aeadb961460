/** A session with everything a report has to show: nested, emulated, unavailable, failed, wrong, flagged. */

import { type NeighbourRow, NO_TRAITS, type Sample, type ScaleRow } from '../../bench/types.ts';
import type { ModelInput } from '../../reports/model/model.ts';
import { planOf, simulateSamples, testEvent, testPlan, testSample, testStart } from '../bench/analysis/simulate.ts';

const ENVIRONMENTS = [
  { path: 'native' },
  { path: 'docker', alias: 'container' },
  { path: 'docker/docker', alias: 'nested' },
  { path: 'qemu:tcg', alias: 'vm' },
];

export function fixtureInput(): ModelInput {
  const plan = testPlan({
    environments: [...ENVIRONMENTS],
    workloads: ['fft', 'sor', 'monte-carlo', 'sparse', 'lu'],
    contrasts: [{ env: 'docker/docker', baseline: 'docker' }],
    rounds: 10,
  });
  const ratios = { docker: 1.004, 'docker/docker': 1.014, 'qemu:tcg': 18.3 };
  const samples = [...simulateSamples(plan, { seed: 42, ratios, start: 0.002 })].map((sample) => {
    const wrong = sample.env === 'qemu:tcg' && sample.block === 3 && sample.workload === 'lu' && sample.round === 7;
    return wrong ? { ...sample, ok: false, mflops: null } : sample;
  });
  const starts = plan.environments.flatMap(({ path }, index) =>
    [1, 2, 3, 4, 5, 6].map((block) => {
      const readyMs = 50 * (index + 1) + block;
      const times = { spawnMs: index, firstInstructionMs: readyMs - 10, readyMs, teardownMs: 3 * (index + 1) };
      const failed = path === 'docker/docker' && block === 5;
      const end = failed ? ({ status: 'failed', reason: 'the inner daemon was gone' } as const) : {};
      return testStart({ env: path, block, startId: `b${block}-${path}`, ...times, ...end });
    }),
  );
  return {
    session: {
      id: '20261123T170000Z-ab12cd',
      program: '0.1.0',
      command: 'boxmark run -e native,container,nested,vm,gvisor',
      plan: planOf(plan),
      host: 'Example CPU @ 2.40GHz, 2 CPUs, 7.8 GiB, Linux 6.1, Debian 12, virtualised',
      environments: [
        { path: 'native', labels: [], traits: NO_TRAITS, versions: {} },
        { path: 'docker', labels: [], traits: NO_TRAITS, versions: { docker: '20.10.24' } },
        {
          path: 'docker/docker',
          labels: ['relaxed outer box'],
          traits: { ...NO_TRAITS, relaxed: true },
          versions: { docker: '20.10.24' },
        },
        {
          path: 'qemu:tcg',
          labels: ['emulated', 'guest kernel'],
          traits: { ...NO_TRAITS, emulated: true, ownCpu: true },
          versions: { qemu: '7.2' },
        },
      ],
      startedAt: '2026-11-23T17:00:00.000Z',
      finishedAt: '2026-11-23T17:02:55.000Z',
      stopReason: 'blocks',
    },
    samples,
    starts,
    events: [
      testEvent({ kind: 'checksum-mismatch', env: 'qemu:tcg', block: 3 }),
      testEvent({ kind: 'idle-cpu', env: 'qemu:tcg', block: 3 }),
      testEvent({ kind: 'idle-cpu', env: 'qemu:tcg', block: 4 }),
    ],
    unavailable: [
      {
        path: 'gvisor',
        reason: 'runsc is not installed',
        remedy: 'boxmark setup --all',
      },
    ],
  };
}

export const MIB = 2 ** 20;

/** A session of starts, or of idle instances, with three blocks. */
export function costInput(measure: 'startup' | 'footprint', more: Partial<ModelInput> = {}): ModelInput {
  const plan = planOf(testPlan({ measure, workloads: [], blocks: 3, rounds: 2, cold: true, instances: [1, 2, 4] }));
  const { session } = fixtureInput();
  const starts = [1, 2, 3].flatMap((block) =>
    ['native', 'docker', 'native@control'].flatMap((env) =>
      [0, 1, 2].map((round) => {
        const factor = (env === 'docker' ? 5 : 1) * (round === 0 ? 3 : 1) * (1 + block / 100);
        const times = { spawnMs: 5, firstInstructionMs: 50 * factor, readyMs: 60 * factor, teardownMs: 8 * factor };
        const head = { env, block, startId: `b${block}-${env}-r${round}`, round };
        return { ...testStart({ ...head, ...times }), temperature: round === 0 ? 'dropped' : 'warm' } as const;
      }),
    ),
  );
  const environments = ['native', 'docker'].map((path) => ({
    path,
    labels: [],
    traits: NO_TRAITS,
    versions: {},
    facts: { host_kernel_shared: true, seccomp: path === 'docker' ? '2' : '0', seccomp_filters: '1' },
  }));
  return { session: { ...session, plan, environments }, samples: [], starts, events: [], unavailable: [], ...more };
}

/** Rows of one environment that takes 40 MiB an instance, 100 MiB fixed, and does not report its control group. */
export const FOOTPRINT = [1, 2, 3].flatMap((block) =>
  [1, 2, 4].map((instances) => ({
    ...{ block, position: 1, env: 'docker', instances },
    ...{ hostDeltaBytes: (40 * instances + 100) * MIB, pssBytes: (7 * instances + 30) * MIB },
    ...{ cgroupBytes: null, diskBytes: 1 * MIB * instances, imageBytes: 100 * MIB },
  })),
);

/** A session of one, two and four instances at once on two CPUs, in three blocks; docker takes a tenth longer. */
export function scaleInput(more: Partial<ModelInput> = {}): ModelInput {
  const { session, ...input } = costInput('footprint');
  const boxes = [
    ['native', 1],
    ['docker', 1.1],
    ['native@control', 1.001],
  ] as const;
  const samples: Sample[] = [];
  const scale = [1, 2, 3].flatMap((block) =>
    boxes.flatMap(([env, factor], position) =>
      [1, 2, 4].flatMap((instances) =>
        Array.from({ length: instances }, (_, index): ScaleRow => {
          const burstNs = Math.round(1e7 * factor * Math.max(1, instances / 2) * (1 + block / 1000));
          const startId = `b${block}-${env}-n${instances}-${index + 1}`;
          const head = { block, env, startId, workload: 'fft' };
          for (let burst = 0; burst < 20; burst++) {
            const own = { phase: 'long', work: 10, wallNs: burstNs, rate: 1e10 / burstNs, unit: 'MFLOPS' } as const;
            samples.push(testSample({ ...head, ...own, better: null }));
          }
          return {
            ...{ ...head, position: position + 1, instances, instance: index + 1, status: 'completed', reason: '' },
            ...{ beginNs: index * 1000, endNs: index * 1000 + 20 * burstNs, cpuNs: null, stealMs: 0 },
            hostDeltaBytes: instances * 8 * MIB,
          };
        }),
      ),
    ),
  );
  const { instances: _, ...plan } = session.plan;
  return {
    ...input,
    session: {
      ...session,
      plan: { ...plan, measure: 'scale', workloads: ['fft'], instances: [1, 2, 4], windowNs: 2e8, rounds: 1 },
    },
    ...{ starts: [], samples, scale, ...more },
  };
}

/** Of `neighbourInput`: how many times as long the victim takes beside each neighbour; docker can't run one of them. */
const LOSSES = [
  ['native', { cpu: 1.5, forks: 1.2 }],
  ['docker', { cpu: 1.65, forks: null }],
  ['native@control', { cpu: 1.5, forks: 1.2 }],
] as const;

/** A session of victims beside two neighbours, three blocks of two pairs; docker loses a tenth more. */
export function neighbourInput(more: Partial<ModelInput> = {}): ModelInput {
  const { session, ...input } = costInput('footprint');
  const neighbour = [1, 2, 3].flatMap((block) =>
    LOSSES.flatMap(([env, losses], index) =>
      Object.entries(losses).flatMap(([aggressor, factor]) => {
        const head = { block, position: index + 1, env, aggressor };
        if (factor !== null) return [1, 2].flatMap((round) => pairOfVisits({ ...head, round }, factor));
        return visit({ ...head, beside: true, status: 'refused', reason: 'no program to start' });
      }),
    ),
  );
  const { instances: _, ...plan } = session.plan;
  return {
    ...input,
    session: {
      ...session,
      plan: {
        ...{ ...plan, measure: 'neighbour', workloads: ['fft'], aggressors: ['cpu', 'forks'] },
        ...{ windowNs: 3e8, rounds: 2 },
      },
    },
    ...{ starts: [], samples: [], neighbour, ...more },
  };
}

function pairOfVisits(head: Partial<NeighbourRow> & { block: number }, factor: number): NeighbourRow[] {
  // What a block has in common is in both halves of a pair.
  const aloneNs = 1e4 * (1 + head.block / 100);
  const besideNs = aloneNs * factor * (1 + head.block / 1000);
  const attack = { copies: head.aggressor === 'cpu' ? 2 : 1, aggressorPasses: 40, leadNs: 5e7, tailNs: 1e8 };
  return [
    visit({ ...head, turn: 1, ...passes(aloneNs) }),
    visit({ ...head, ...attack, beside: true, turn: 2, ...passes(besideNs) }),
  ];
}

function passes(ns: number) {
  return { meanPassNs: ns, medianPassNs: 0.9 * ns, longestPassNs: 2 * ns };
}

/** One row of `neighbour.csv`: a visit without a neighbour, completed, unless it says otherwise. */
export function visit(change: Partial<NeighbourRow>): NeighbourRow {
  const { block = 1, env = 'native' } = change;
  return {
    ...{ block, position: 1, env, workload: 'fft', aggressor: 'cpu', round: 1, beside: false, turn: 0 },
    ...{ startId: `b${block}-${env}-victim`, status: 'completed', reason: '', work: 10 },
    ...{ meanPassNs: null, medianPassNs: null, longestPassNs: null, copies: 0, aggressorPasses: null },
    ...{ leadNs: null, tailNs: null, stealMs: 0, ...change },
  };
}
