/** Sessions as exports take them: with everything there is to show, empty, and with text that means harm. */

import { startSeries } from '../../../bench/analysis/start-series.ts';
import type { Plan } from '../../../bench/types.ts';
import { type ExportModel, exportModel } from '../../../reports/formats/export.ts';
import { buildModel, type ModelInput } from '../../../reports/model/model.ts';
import type { SessionRecord } from '../../../reports/model/record.ts';
import { planOf, simulateSamples, type Truth, testPlan, testSample, testStart } from '../../bench/analysis/simulate.ts';
import { fixtureInput } from '../fixture.ts';
import { hostilePlan } from '../hostile.ts';

const RECORD: SessionRecord = {
  host: { name: 'host', fingerprint: 'f'.repeat(64), hardware: {}, stack: {} },
  image: { digest: 'd', node: 'n', payload: 'p' },
  work: {},
  warmup: null,
  environments: [],
  resumed: [],
  rows: [],
};

export function exportModelFrom(input: ModelInput): ExportModel {
  const samples = [...input.samples];
  const { workloads } = input.session.plan;
  const model = buildModel({
    ...input,
    samples,
    bursts: () =>
      startSeries(
        samples,
        model.environments.map(({ path }) => path),
        workloads,
        new Set(),
      ),
    record: () => RECORD,
  });
  return exportModel({ model });
}

export function fullModel(): ExportModel {
  const input = fixtureInput();
  const [first] = [...input.samples];
  const warmup = testSample({ ...first, phase: 'warmup', round: 0, wallNs: 20_000_000, mflops: null });
  return exportModelFrom({ ...input, samples: [warmup, ...input.samples] });
}

export function emptyModel(): ExportModel {
  const { session } = fixtureInput();
  const plan = planOf(testPlan({ environments: [], workloads: [] }));
  return exportModelFrom({ session: { ...session, plan }, samples: [], starts: [], events: [], unavailable: [] });
}

/** One environment that is `ratio` times as slow in every workload, without noise between starts. */
export function plainModel(ratio: number, truth: Partial<Truth> = {}, id = '20261123T170000Z-ab12cd'): ExportModel {
  const { session } = fixtureInput();
  const plan = testPlan({ workloads: ['fft', 'monte-carlo'] });
  const samples = [
    ...simulateSamples(plan, { seed: 7, start: 0.0005, burst: 0.001, ratios: { docker: ratio }, ...truth }),
  ];
  const header = { ...session, id, plan: planOf(plan) };
  return exportModelFrom({ session: header, samples, starts: [testStart()], events: [], unavailable: [] });
}

/** Markup, quotes, a formula, an escape sequence, marks that turn the line round, 10,000 characters. */
export const HOSTILE = `=cmd|' /C calc'!A0<script>alert("1")</script>&amp;]]>\u202e\u001b[31m\n# EOF\r\n|\`${'x'.repeat(10_000)}`;

/** With a plan of no valid value, as a file may hold one, or with one that keeps to its types. */
export function hostileModel(asStored: (plan: Plan) => Plan = (plan) => hostilePlan(plan, HOSTILE)): ExportModel {
  const { session } = fixtureInput();
  const plan = testPlan({
    environments: [{ path: 'native' }, { path: HOSTILE }, { path: `${HOSTILE}2` }],
    workloads: ['fft', HOSTILE],
  });
  const samples = [...simulateSamples(plan, { seed: 3 })];
  const header = {
    ...session,
    id: HOSTILE,
    host: HOSTILE,
    program: HOSTILE,
    command: HOSTILE,
    plan: asStored(planOf(plan)),
  };
  return exportModelFrom({
    session: header,
    samples,
    starts: [testStart({ env: HOSTILE, status: 'failed', reason: HOSTILE })],
    events: [{ at: HOSTILE, kind: 'later', of: HOSTILE }],
    unavailable: [{ path: HOSTILE, reason: HOSTILE, remedy: HOSTILE }],
  });
}
