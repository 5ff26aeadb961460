/** How many instances a host takes: each bound with what sets it, in a table and in sentences. */

import type { CapacityQuestion, CapacityRow } from '../../bench/analysis/capacity/host.ts';
import type { Bound, Fleet, Level, LimitName } from '../../bench/analysis/capacity/planning.ts';
import { formatObjective, type Objective } from '../../bench/plan/objective.ts';
import { formatNs, formatSpan } from '../../bench/units.ts';
import type { HostPlan } from '../model/costs.ts';
import type { ReportModel } from '../model/model.ts';
import { clean } from '../text.ts';
import { count, known, mib, NO_FIGURE, range, times } from '../words.ts';
import { type Cell, figures, name, type Section, type Text, texts } from './section.ts';

const LIMIT_NAMES: Readonly<Record<LimitName, string>> = { cpu: 'CPU', memory: 'memory', restart: 'restart' };

/** Those of a session that measured it. */
export function capacityBounds({ costs }: ReportModel): Section {
  return costs.capacity === null ? NO_BOUNDS : bounds(costs.capacity);
}

export function capacityReasons({ costs }: ReportModel): Section {
  return costs.capacity === null ? NO_REASONS : reasons(costs.capacity);
}

const NO_BOUNDS: Section = { id: 'capacity', title: '', weight: 'top' };
const NO_REASONS: Section = { id: 'capacity-reasons', title: '', weight: 'body' };

/** The answer of a session that measured it. */
export function sessionCapacityAnswer({ costs }: ReportModel): string {
  return costs.capacity === null || costs.capacity.rows.length === 0
    ? 'Nothing could be compared.'
    : capacityAnswer(costs.capacity);
}

export function bounds({ question, rows }: HostPlan): Section {
  const workloads = new Set(rows.map(({ workload }) => workload));
  return {
    id: 'capacity',
    title: 'Instances a host takes',
    weight: 'top',
    tables: [
      {
        id: 'capacity-bounds',
        caption: `Instances a host takes at the objective ${formatObjective(question.objective)}`,
        columns: [
          ...texts('environment'),
          ...(workloads.size > 1 ? texts('workload') : []),
          ...figures('CPU', 'memory', 'restart', 'a host'),
          ...texts('bound by'),
        ],
        rows: rows.map((row) => ({
          cells: [
            name(row.env),
            ...(workloads.size > 1 ? [clean(row.workload, 40)] : []),
            boundCell(row.cpu),
            boundCell(row.memory),
            boundCell(row.restart),
            row.host === null
              ? NO_FIGURE
              : { show: `${row.host.isOpen ? '≥ ' : ''}${row.host.instances}`, value: row.host.instances },
            row.host === null ? NO_FIGURE : row.host.binding.map((limit) => LIMIT_NAMES[limit]).join(', '),
          ],
        })),
        notes: [
          '≥: even the largest number that was measured meets the objective. CPU and restart bounds are measured numbers whose interval meets the objective as a whole; the memory bound is computed from the upper limit of what one more instance takes.',
        ],
        sources: [{ file: 'scale.csv', rows: null, filter: 'by env, workload and instances' }],
      },
    ],
  };
}

/** Why each environment takes so many. */
export function reasons({ question, rows }: HostPlan): Section {
  return {
    id: 'capacity-reasons',
    title: 'Why a host takes so many',
    weight: 'body',
    notes: rows.flatMap((row) => {
      const where: Text = [name(row.env), ` (${clean(row.workload, 40)}): `];
      const all = [cpuReason(row, question.objective), memoryReason(row, question), restartReason(row, question)];
      return all.flatMap((reason): Text[] => (reason === null ? [] : [[...where, reason]]));
    }),
  };
}

export function fleets({ question, rows }: HostPlan): Section {
  const asked = rows.filter(({ fleet }) => fleet !== null);
  const caption =
    question.need === null
      ? `What ${count(question.hosts ?? 0, 'host')} take${sparing(question.spare)}`
      : `Hosts for ${count(question.need, 'instance')}${sparing(question.spare)}`;
  return {
    id: 'capacity-fleet',
    title: 'Several hosts',
    weight: 'top',
    tables: [
      {
        id: 'capacity-hosts',
        caption,
        columns: [
          ...texts('environment'),
          ...figures('hosts', 'instances', 'on each'),
          ...(question.spare === 0 ? [] : figures(`on each after ${question.spare} failed`)),
        ],
        rows: asked.map(({ env, fleet }) => ({
          cells: [name(env), ...fleetCells(fleet as Fleet).slice(0, question.spare === 0 ? 3 : 4)],
        })),
      },
    ],
  };
}

function fleetCells({ hosts, instances, onEach, onEachSurvivor }: Fleet): Cell[] {
  return [hosts, instances, onEach, onEachSurvivor].map((value) => ({ show: String(value), value }));
}

/** What is not measured: which host was simulated, and what that assumes. */
export function simulationWarning({ question: { simulate, objective } }: HostPlan): string | null {
  if (simulate === null) return null;
  const { cpus, memoryBytes } = simulate;
  const size = [
    ...(cpus === null ? [] : [count(cpus, 'CPU')]),
    ...(memoryBytes === null ? [] : [`${mib(memoryBytes)} MiB`]),
  ].join(' and ');
  const assumed =
    cpus === null
      ? ''
      : ' It assumes that CPUs add up, that instances share them evenly in slices of 3 ms, and that busy CPUs cost each other what those of the measured host do.';
  const low =
    cpus === null || objective.quantile <= 0.5
      ? ''
      : ' High percentiles are too low: the queues of a kernel are uneven for moments, which is not simulated.';
  return `Simulated, not measured: a host with ${size}.${assumed}${low}`;
}

/** `At median slowdown <= 1.1, a host takes on fft: docker 2 (CPU), so 20 hosts with 1 to spare take 38.` */
export function capacityAnswer({ question, rows }: HostPlan): string {
  const workloads = [...new Set(rows.map(({ workload }) => workload))];
  const sentences = workloads.map((workload) => {
    const texts = rows
      .filter((row) => row.workload === workload)
      .map((row) => `${clean(row.env, 60)} ${hostWords(row)}${fleetWords(row, question)}`);
    return `a host takes on ${clean(workload, 40)}: ${texts.join('; ')}`;
  });
  return `At ${formatObjective(question.objective)}, ${sentences.join('. And ')}.`;
}

function hostWords({ host }: CapacityRow): string {
  if (host === null) return 'an unknown number';
  const { instances, isOpen, isUndecided, most, mostBy, binding, unknown } = host;
  const doubt = unknown.length === 0 ? '' : `; ${listed(unknown)} not known`;
  if (!isOpen && isUndecided) {
    return `at least ${instances} (${listed(binding)} is open: more blocks may show that it takes more${doubt})`;
  }
  if (!isOpen) return `${instances || 'none'} (${listed(binding)}${doubt})`;
  const upTo = most === null ? '' : ` and at most ${most} (${listed(mostBy)}${doubt})`;
  return `at least ${instances} (the most that was measured${most === null ? doubt : ''})${upTo}`;
}

function listed(limits: readonly LimitName[]): string {
  return limits.map((limit) => LIMIT_NAMES[limit]).join(' and ');
}

function fleetWords({ fleet }: CapacityRow, { need, spare }: CapacityQuestion): string {
  if (fleet === null) return need === null ? '' : `, so no number of hosts takes ${need}`;
  const { hosts, instances } = fleet;
  return `, so ${count(hosts, 'host')}${sparing(spare)} ${hosts === 1 ? 'takes' : 'take'} ${instances}`;
}

function sparing(spare: number): string {
  return spare === 0 ? '' : ` with ${spare} to spare`;
}

function boundCell(bound: Bound | null): Cell {
  if (bound === null) return NO_FIGURE;
  const { instances, atEstimate, isOpen } = bound;
  const differs = atEstimate !== null && atEstimate !== instances && !isOpen;
  return {
    show: `${isOpen ? '≥ ' : ''}${instances}`,
    value: instances,
    ...(differs ? { note: `${atEstimate} by the estimate` } : {}),
  };
}

function cpuReason({ cpu, levels }: CapacityRow, objective: Objective): string | null {
  const what = formatObjective(objective).replace(/ <=?.*$/, '');
  if (cpu === null) return `CPU: no number of instances has an interval of its ${what}; it takes two blocks.`;
  const text = (value: number) => (objective.figure === 'latency' ? formatNs(value) : times(value));
  const { firstFailing, instances } = cpu;
  if (firstFailing === null) {
    const last = levels.find((level) => level.instances === instances);
    return `CPU: with ${instances}, the most that was measured, the ${what} is ${levelText(last, text)}.`;
  }
  const failing = levels.find((level) => level.instances === firstFailing.instances);
  const why = {
    exceeds: 'beyond the objective',
    undecided: 'not shown to meet the objective; more blocks may decide it',
    'no interval': 'without an interval; more blocks give one',
  }[firstFailing.why];
  return `CPU: with ${firstFailing.instances}, the ${what} is ${levelText(failing, text)}, ${why}.`;
}

function levelText(level: Level | undefined, text: (value: number) => string): string {
  if (level === undefined) return NO_FIGURE;
  return `${text(level.value)}${level.interval === null ? '' : ` ${range(level.interval, text)}`}`;
}

function memoryReason({ memory, slope, availableBytes }: CapacityRow, { reserveBytes }: CapacityQuestion): string {
  if (memory === null || slope === null) {
    return 'memory: what one more instance takes is not known, or not shown to be more than nothing.';
  }
  const each = `${mib(slope.perInstanceBytes)} MiB ${range(slope.interval, mib)}`;
  const room = `${known(availableBytes, mib)} MiB were available, ${mib(reserveBytes)} MiB are kept`;
  return `memory: one more instance takes ${each}; ${room}.`;
}

function restartReason({ restart, restarts }: CapacityRow, { recoverSeconds }: CapacityQuestion): string | null {
  if (recoverSeconds === null) return null;
  if (restart === null) return 'restart: no number of boxes has an interval of the time until all are ready.';
  const { firstFailing, instances } = restart;
  const number = firstFailing?.instances ?? instances;
  const found = restarts.find((level) => level.instances === number);
  const order = found?.order === 'at-once' ? 'at once' : 'a few at a time';
  const way = `${order}${found?.share === 'weight' ? ' with small weights' : ''}`;
  const limit = `${firstFailing === null ? 'within' : 'not shown to be within'} ${formatSpan(recoverSeconds)}`;
  return `restart: ${number} boxes that start ${way} are ready in ${levelText(found, seconds)}, ${limit}.`;
}

function seconds(value: number): string {
  return formatNs(value * 1e9);
}
