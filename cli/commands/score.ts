/** `boxmark score`: the SciMark score of this host, natively, by SciMark's own protocol and by bursts. */

import { BoxmarkError } from '../../bench/errors.ts';
import { makePlan, planSettings } from '../../bench/plan/plan.ts';
import { defaultFor, type FlagValues, planInputOf } from '../../bench/plan/read-flags.ts';
import { BoxFault } from '../../bench/run/client.ts';
import { Resident } from '../../bench/run/resident.ts';
import { type Score, scoreOf } from '../../bench/run/scimark-score.ts';
import { NO_GAUGES } from '../../bench/run/watch/host-gauges.ts';
import type { Plan } from '../../bench/types.ts';
import { formatCpuList } from '../../bench/units.ts';
import { scoreDocument } from '../../reports/documents/score.ts';
import { terminalText } from '../../reports/formats/terminal.ts';
import { defaultLimits } from '../../runners/host/cpus.ts';
import { WORKLOADS } from '../../scimark/index.ts';
import { conclude } from '../conclude.ts';
import { KERNEL_IDS } from '../names.ts';
import { programVersion } from '../paths.ts';
import { type Rig, withRig } from '../rig.ts';
import { measuringFlags } from '../session/measuring-flags.ts';

const JSON_SCHEMA = 1;
const BURSTS = 50;

export async function score(flags: FlagValues<'score'>): Promise<number> {
  const minNs = flags.minTime ?? defaultFor('score', 'minTime');
  const settings = planSettings(
    { ...planInputOf(flags), env: ['native'] },
    { workloads: KERNEL_IDS, seed: 0, limitsFor: (cpus, memoryBytes) => defaultLimits(cpus, memoryBytes) },
  );
  const options = { quiet: flags.quiet === true, dryRun: false, imageFile: undefined, ...measuringFlags(flags) };
  return withRig({ ...settings, origin: null }, options, async (rig) => {
    const plan = makePlan(settings, rig.planned, rig.baseline);
    const result = await measureScore(rig, plan, minNs);
    rig.progress.done();
    return concludeScore(rig, plan, minNs, result, flags.json);
  });
}

async function measureScore({ environments, image, signal, progress }: Rig, plan: Plan, minNs: number): Promise<Score> {
  const [environment] = environments;
  if (environment === undefined) throw new Error('native was not prepared');
  try {
    const bytes = { node: image.nodeDigest, payload: image.payloadDigest };
    const resident = await Resident.start(
      { plan, gauges: NO_GAUGES, signal, image: bytes },
      { box: 'native', startId: 'score', position: 0, environment, digests: false },
    );
    try {
      const onKernel = (id: string) => progress.phase(`${id}, ${plan.kernels} kernels`, true);
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

function concludeScore(
  { image }: Rig,
  plan: Plan,
  minNs: number,
  { kernels: rows, composite }: Score,
  json: boolean | undefined,
): number {
  const { kernels, size, burstNs, limits } = plan;
  const about = { program: programVersion(), kernels, size, node: process.version };
  const parametersOf = (id: string) => WORKLOADS.find((workload) => workload.id === id)?.sizes[size].parameters ?? {};
  return conclude({
    json,
    document: () => ({
      ...{ schema: JSON_SCHEMA, ...about, cpus: limits.cpus, image: image.digest, minNs, burstNs, bursts: BURSTS },
      ...{ composite, workloads: rows },
    }),
    text: () =>
      terminalText(
        scoreDocument({
          ...{ ...about, cpu: formatCpuList(limits.cpus), minSeconds: minNs / 1e9, burstMs: burstNs / 1e6 },
          ...{ bursts: BURSTS, composite },
          rows: rows.map((row) => ({ ...row, parameters: parametersOf(row.id) })),
        }),
      ),
  });
}
