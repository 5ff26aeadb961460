/** The report of a session: its sections, in the order in which they are read. */

import { isOfPrograms } from '../../bench/plan/commands.ts';
import { copiesText } from '../../bench/plan/copies.ts';
import { takes } from '../../bench/plan/cost-plan.ts';
import { formatCpuList, formatSpan } from '../../bench/units.ts';
import type { Chart } from '../charts/chart.ts';
import { sessionCharts } from '../charts/index.ts';
import { postureChart } from '../charts/posture.ts';
import type { ReportModel } from '../model/model.ts';
import { answerLead, answerOf } from '../sections/answer.ts';
import { capacityBounds, capacityReasons } from '../sections/capacity.ts';
import { order, spread, warmup } from '../sections/charts.ts';
import { publishedClaims } from '../sections/claims.ts';
import { contrasts, sums, verdicts } from '../sections/contrasts.ts';
import { density } from '../sections/density.ts';
import { couldNotRun } from '../sections/differences.ts';
import { footprint } from '../sections/footprint.ts';
import { afterGlance, isGlance } from '../sections/glance.ts';
import { host } from '../sections/host.ts';
import { levels } from '../sections/levels.ts';
import { load } from '../sections/load.ts';
import { dictionary, method } from '../sections/method.ts';
import { neighbour } from '../sections/neighbour.ts';
import { notes } from '../sections/notes.ts';
import { parity } from '../sections/parity.ts';
import { posture } from '../sections/posture.ts';
import { problems } from '../sections/problems.ts';
import { reproduce } from '../sections/reproduce.ts';
import { scale } from '../sections/scale.ts';
import { scratch } from '../sections/scratch.ts';
import { name, type Section, type Text } from '../sections/section.ts';
import { starts } from '../sections/starts.ts';
import { coldStarts, warmStarts } from '../sections/startup.ts';
import { storm } from '../sections/storm.ts';
import { distrustLines, needsOf, openVerdicts } from '../sections/verdicts.ts';
import { clean } from '../text.ts';
import { count, dateText, sentence, WIDE } from '../words.ts';
import type { Document } from './document.ts';

const SECTIONS: readonly ((model: ReportModel) => Section)[] = [
  verdicts,
  warmStarts,
  footprint,
  capacityBounds,
  scale,
  capacityReasons,
  density,
  storm,
  load,
  neighbour,
  contrasts,
  levels,
  scratch,
  sums,
  openVerdicts,
  coldStarts,
  spread,
  order,
  starts,
  warmup,
  ({ unavailable }) => couldNotRun(unavailable),
  problems,
  notes,
  publishedClaims,
  posture,
  parity,
  host,
  reproduce,
];

export function sessionDocument(model: ReportModel): Document {
  const { seal, faults } = model.integrity;
  return {
    kind: 'Boxmark report',
    about: aboutSession(model),
    warnings: [...faults.map((fault) => sentence(clean(fault))), ...distrustLines(model)],
    answer: answerOf(model),
    lead: answerLead(model),
    sections: SECTIONS.map((section) => section(model)),
    reference: [method(model), dictionary(model)],
    seal,
    next: isGlance(model) ? afterGlance(model) : needsOf(model),
    charts: chartsOf(model),
  };
}

function aboutSession({ session, blocks }: ReportModel): Text[] {
  const { plan } = session;
  const took = (Date.parse(session.finishedAt ?? '') - Date.parse(session.startedAt)) / 1000;
  const span = Number.isFinite(took) ? ` in ${formatSpan(took)}` : '';
  const rounds = takes('rounds', plan.measure ?? 'workloads') ? ` × ${count(plan.rounds, 'round')}` : '';
  const shape = `${plan.profile}: ${count(blocks, 'block')}${rounds}${span}`;
  const kernels = isOfPrograms(plan) ? '' : `size ${plan.size}, ${plan.kernels} kernels, `;
  const where = `${cpusText(plan)}, ${kernels}seed ${plan.seed}`;
  return [
    [`boxmark ${clean(session.program, 20)} · `, name(session.id, 60), ` · ${dateText(session.startedAt)}`],
    name(session.host, 200),
    clean(`${shape} · ${where}`),
  ];
}

/** `2 threads (CPUs 0-1)`, or the CPUs alone. */
function cpusText(plan: ReportModel['session']['plan']): string {
  const list = formatCpuList(plan.limits.cpus);
  const copies = copiesText(plan);
  return copies === '' ? `CPU ${list}` : `${copies} (CPUs ${list})`;
}

/** Drawn when they are first asked for. */
function chartsOf(model: ReportModel): (name: string) => readonly Chart[] {
  let drawn: Readonly<Record<string, readonly Chart[]>> | undefined;
  return (wanted) => {
    drawn ??= { ...sessionCharts(model), posture: [postureChart(model, WIDE)].filter((chart) => chart !== null) };
    return drawn[wanted] ?? [];
  };
}
