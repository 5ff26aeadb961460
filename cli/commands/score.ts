/** `boxmark score`: the SciMark score of this host, natively, by SciMark's own protocol and by bursts. */

import { BoxmarkError, EXIT } from '../../bench/errors.ts';
import { makePlan, planSettings } from '../../bench/plan/plan.ts';
import { defaultFor, type FlagValues, planInputOf } from '../../bench/plan/read-flags.ts';
import { BoxFault } from '../../bench/run/client.ts';
import { Resident } from '../../bench/run/resident.ts';
import { type Score, scoreOf } from '../../bench/run/scimark-score.ts';
import type { Plan } from '../../bench/types.ts';
import { formatCpuList } from '../../bench/units.ts';
import { scoreDocument } from '../../reports/documents/score.ts';
import { terminalText } from '../../reports/formats/terminal.ts';
import { defaultLimits } from '../../runners/host/cpus.ts';
import { WORKLOADS } from '../../scimark/index.ts';
import { KERNEL_IDS } from '../names.ts';
import { programVersion } from '../paths.ts';
import type { Bench } from '../prepare.ts';
import { stdout } from '../streams.ts';
import { type Frame, withBench } from '../with-bench.ts';

const JSON_SCHEMA = 1;
const BURSTS = 50;

export async function score(flags: FlagValues<'score'>): Promise<number> {
  const minNs = flags.minTime ?? defaultFor('score', 'minTime');
  const settings = planSettings(
    { ...planInputOf(flags), env: ['native'] },
    { workloads: KERNEL_IDS, seed: 0, limitsFor: (cpus, memoryBytes) => defaultLimits(cpus, memoryBytes) },
  );
  const options = { quiet: flags.quiet === true, dryRun: false, imageFile: undefined };
  return withBench({ ...settings, origin: null }, options, async (frame) => {
    const plan = makePlan(settings, frame.bench.planned, frame.bench.baseline);
    const result = await measureScore(frame, plan, minNs);
    frame.progress.done();
    print(frame.bench, plan, minNs, result, flags.json === true);
    return EXIT.ok;
  });
}

async function measureScore({ bench, signal, progress }: Frame, plan: Plan, minNs: number): Promise<Score> {
  const [environment] = bench.environments;
  if (environment === undefined) throw new Error('native was not prepared');
  const { image } = bench;
  try {
    const gauges = { availableMemoryBytes: () => null, stealMs: () => null };
    const bytes = { node: image.nodeDigest, payload: image.payloadDigest };
    const resident = await Resident.start(
      { plan, gauges, signal, image: bytes },
      { box: 'native', startId: 'score', position: 0, environment, digests: false },
    );
    try {
      const onKernel = (id: string) => progress.phase(`${id}, ${plan.kernels} kernels`);
      return await scoreOf(resident, { minNs, burstNs: plan.burstNs, bursts: BURSTS, onKernel });
    } finally {
      await resident.close();
    }
  } catch (error) {
    if (!(error instanceof BoxFault)) throw error;
    throw new BoxmarkError({
      what: `There is no score: ${error.message}.`,
      value: `${plan.kernels} kernels, size ${plan.size}`,
      remedy: 'boxmark score --kernels reference',
      cause: error,
    });
  }
}

function print({ image }: Bench, plan: Plan, minNs: number, { kernels: rows, composite }: Score, json: boolean): void {
  const { kernels, size, burstNs, limits } = plan;
  if (json) {
    const about = { program: programVersion(), kernels, size, node: process.version, cpus: limits.cpus };
    const how = { image: image.digest, minNs, burstNs, bursts: BURSTS };
    stdout.write(`${JSON.stringify({ schema: JSON_SCHEMA, ...about, ...how, composite, workloads: rows }, null, 2)}\n`);
    return;
  }
  const parametersOf = (id: string) => WORKLOADS.find((workload) => workload.id === id)?.sizes[size].parameters ?? {};
  stdout.write(
    terminalText(
      scoreDocument({
        ...{ program: programVersion(), kernels, size, node: process.version, cpu: formatCpuList(limits.cpus) },
        ...{ minSeconds: minNs / 1e9, burstMs: burstNs / 1e6, bursts: BURSTS, composite },
        rows: rows.map((row) => ({ ...row, parameters: parametersOf(row.id) })),
      }),
    ),
  );
}
