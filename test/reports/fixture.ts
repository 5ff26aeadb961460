/** A session with everything a report has to show: nested, emulated, unavailable, failed, wrong, flagged. */

import {
  type CostMeasure,
  type DensityRow,
  type LoadRow,
  type NeighbourRow,
  NO_TRAITS,
  type Sample,
  type ScaleRow,
  type StormRow,
} from '../../bench/types.ts';
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
export function costInput(measure: CostMeasure, more: Partial<ModelInput> = {}): ModelInput {
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

const LOAD_RATES = [50, 100, 180] as const;
/** At most so many requests are written; the rest is where the box has been given up. */
const LOAD_REQUESTS = 120;

/**
 * Requests that take 4 ms natively and 6 ms in docker, which does not keep up with the highest rate. In the second block
 * the harness was late at the lowest rate of the control.
 */
export const LOAD = [1, 2, 3].flatMap((block) =>
  ['native', 'docker', 'native@control'].flatMap((env, place) =>
    LOAD_RATES.flatMap((rate, index) =>
      Array.from({ length: LOAD_REQUESTS }, (_, number): LoadRow => {
        const serviceNs = (env === 'docker' ? 6e6 : 4e6) * (1 + block / 100);
        const intendedNs = Math.round(((number + 1) * 1e9) / rate);
        const isFull = env === 'docker' && rate === 180;
        const isLost = isFull && number >= 100;
        const latencyNs = isFull ? serviceNs * (1 + number) : serviceNs * (1 + index / 2);
        const isLate = env === 'native@control' && rate === 50 && block === 2;
        return {
          ...{ block, position: 1 + 3 * place + index, env, startId: `b${block}-${env}`, workload: 'lu', rate },
          ...{ arrival: number + 1, intendedNs, sentNs: intendedNs + (isLate ? 2e6 : 1e4) },
          doneNs: isLost ? null : Math.round(intendedNs + latencyNs),
          serviceNs: isLost ? null : Math.round(serviceNs),
          status: isLost ? 'dropped' : 'answered',
        };
      }),
    ),
  ),
);

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
            availableBytes: 1024 * MIB,
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

/** Two series of 20 instances of one environment that takes 40 MiB each, 100 MiB fixed; the second is stopped by the memory. */
export const DENSITY = [1, 2].flatMap((block): DensityRow[] => {
  const nothing = {
    pssBytes: null,
    rssBytes: null,
    cgroupBytes: null,
    diskBytes: null,
    slabBytes: null,
    ksmBytes: null,
  };
  const head = { block, position: 1, env: 'docker', endedBy: null, reason: '', ...nothing };
  const held = Array.from({ length: 20 }, (_, index): DensityRow => {
    const instances = index + 1;
    const isWeighed = instances === 1 || instances === 20;
    const readyMs = index < 10 ? 300 : 600;
    return {
      ...{ ...head, instances, startId: `b${block}-docker-n20-${instances}`, status: 'completed', readyMs },
      hostDeltaBytes: (100 + 40 * instances) * MIB,
      ...(isWeighed
        ? { pssBytes: 8 * instances * MIB, rssBytes: 40 * instances * MIB, slabBytes: instances * MIB }
        : {}),
      ...(block === 1 && instances === 20 ? { endedBy: 'max' } : {}),
    };
  });
  if (block === 1) return held;
  const stopped = { status: 'stopped', endedBy: 'memory', reason: '60 MiB of memory are available' } as const;
  return [
    ...held.slice(0, 20),
    { ...head, ...stopped, instances: 21, startId: 'b2-docker-n20-21', readyMs: null, hostDeltaBytes: null },
  ];
});

/** Two storms in each of two blocks: ten boxes of one environment at once, without limits and with small weights. */
export const STORM = [1, 2].flatMap((block) =>
  (['none', 'weight'] as const).flatMap((share) =>
    Array.from({ length: 10 }, (_, index): StormRow => {
      const readyMs = (share === 'none' ? 200 : 250) * (index + 1);
      return {
        ...{ block, position: 1, env: 'docker', instances: 10, order: 'at-once', share, instance: index + 1 },
        ...{ startId: `b${block}-docker-p1-${index + 1}`, status: 'completed', reason: '' },
        ...{ startMs: readyMs - 1, readyMs, victimBeforeNs: 1000, victimBursts: 40 },
        victimDuringNs: share === 'none' ? 4000 : 1100,
        victimP99Ns: share === 'none' ? 9000 : 2000,
        ...{ longestGapMs: 80, missedBeats: 0 },
      };
    }),
  ),
);
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
