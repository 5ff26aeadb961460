/** A session with everything a report has to show: nested, emulated, unavailable, failed, wrong, flagged. */

import type { ModelInput } from '../../reports/model/model.ts';
import { simulateSamples, testEvent, testPlan, testStart } from '../bench/analysis/simulate.ts';

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
      plan,
      host: 'Example CPU @ 2.40GHz, 2 CPUs, 7.8 GiB, Linux 6.1, Debian 12, virtualised',
      environments: [
        { path: 'native', labels: [], versions: {} },
        { path: 'docker', labels: [], versions: { docker: '20.10.24' } },
        { path: 'docker/docker', labels: ['relaxed outer box'], versions: { docker: '20.10.24' } },
        { path: 'qemu:tcg', labels: ['emulated', 'guest kernel'], versions: { qemu: '7.2' } },
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
