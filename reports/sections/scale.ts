/** Throughput of several instances that work at once, and what becomes of each of them. */

import type { ScaleLevel } from '../../bench/analysis/capacity/scale.ts';
import type { ScalingLaw } from '../../bench/analysis/capacity/usl.ts';
import { largest } from '../../bench/analysis/stats/extremes.ts';
import { controlOf } from '../../bench/plan/schedule.ts';
import { threeDigits } from '../../bench/units.ts';
import type { ReportModel } from '../model/model.ts';
import { clean } from '../text.ts';
import { changePercent, figureOf, known, mib, NO_FIGURE, percent, range, ratioWords, times } from '../words.ts';
import { onWorkloadCell } from './names.ts';
import { type Cell, figures, type Row, type Section, type Table, type Text, texts } from './section.ts';

const SOURCES = [
  { file: 'scale.csv', rows: null, filter: 'by env, workload and instances' },
  { file: 'samples.csv', rows: null, filter: 'phase = long, joined by start_id' },
] as const;

export function scale(model: ReportModel): Section {
  const isMeasured = model.costs.scale.length > 0;
  return {
    id: 'scale',
    title: 'Several instances at once',
    short: 'Scale-out',
    weight: 'top',
    charts: isMeasured ? ['scale'] : [],
    tables: isMeasured ? [throughputTable(model), instanceTable(model), lawTable(model)] : [],
    notes: isMeasured ? [...oneCpuNotes(model), ...notesOf(model)] : [],
  };
}

function throughputTable(model: ReportModel): Table {
  return {
    id: 'scale-throughput',
    caption: 'Throughput of all instances together, while all of them work',
    group: 'environment',
    columns: [
      ...figures('instances', 'throughput', '95 % interval', 'of one', 'time ratio', '95 % interval'),
      ...texts('verdict'),
    ],
    rows: rowsOf(model, (level) => {
      const { instances, throughput, speedup, ratio, verdict } = level;
      const words = ratio === null ? null : ratioWords(figureOf(ratio));
      return [
        instancesCell(level),
        throughput === null
          ? NO_FIGURE
          : { show: `${threeDigits(throughput.value)} ${clean(level.unit ?? '', 20)}`, value: throughput.value },
        range(throughput?.interval, threeDigits),
        speedup === null ? NO_FIGURE : { show: `× ${times(speedup.ratio)}`, value: speedup.ratio / instances },
        words === null || ratio === null ? NO_FIGURE : { show: words.value, value: ratio.ratio },
        words?.range ?? NO_FIGURE,
        verdict === null ? NO_FIGURE : { show: verdict, tone: verdict },
      ];
    }),
    notes: ['The time ratio is to the baseline with as many instances, paired by block; above 1 takes longer.'],
    sources: SOURCES,
  };
}

function instanceTable(model: ReportModel): Table {
  return {
    id: 'scale-instances',
    caption: 'A burst of an instance among others, over the median burst of a single one',
    group: 'environment',
    columns: figures('instances', 'median', '95 % interval', 'p99', '95 % interval', 'fairness', 'steal', 'MiB each'),
    rows: rowsOf(model, (level) => [
      instancesCell(level),
      known(level.slowdown?.ratio, times),
      range(level.slowdown?.interval, times),
      known(level.slowdownP99?.ratio, times),
      range(level.slowdownP99?.interval, times),
      known(level.fairness?.mean, (value) => value.toFixed(3)),
      known(level.stealShare, percent),
      known(level.instanceBytes, mib),
    ]),
    notes: [
      "Fairness is Jain's index over the instances' throughputs: 1 when all get the same. Steal is time that a hypervisor took from the host.",
    ],
    sources: SOURCES,
  };
}

/** What a law says of levels between those measured, and whether it may be believed. */
function lawTable(model: ReportModel): Table {
  return {
    id: 'scale-law',
    caption: 'Universal scalability law, X(N) = λN ÷ (1 + σ(N − 1) + κN(N − 1))',
    group: 'environment',
    columns: [
      ...figures('λ, of one', 'σ, contention', '95 % interval', 'κ, coherency', '95 % interval', 'peak at', 'off by'),
      ...texts('holds'),
    ],
    rows: model.environments.flatMap((environment) =>
      model.costs.laws
        .filter(({ env }) => env === environment.path)
        .map(({ workload, unit, law }): Row => {
          const { lambda, sigma, kappa, peak, furthest } = law;
          return {
            group: onWorkloadCell(environment, hasSeveral(model) ? workload : null),
            cells: [
              `${threeDigits(lambda.value)} ${clean(unit, 20)}`,
              coefficient(sigma.value),
              range(sigma.interval, coefficient),
              coefficient(kappa.value),
              range(kappa.interval, coefficient),
              known(peak?.value, (value) => value.toFixed(0)),
              `${changePercent(furthest.ratio)} at ${furthest.instances}`,
              holdsText(law),
            ],
          };
        }),
    ),
    notes: [
      "σ is the share of the work that instances do one after the other, κ what each pair of them costs. A peak is named only where κ's interval excludes 0. The law does not hold where the level that lies furthest from it is shown to lie elsewhere: on a few CPUs, throughput grows up to their number and then stays, which the law only approximates.",
    ],
    sources: SOURCES,
  };
}

function coefficient(value: number): string {
  return String(Number(value.toPrecision(2)));
}

function holdsText({ furthest: { interval } }: ScalingLaw): string {
  if (interval === null) return NO_FIGURE;
  return interval.low > 1 || interval.high < 1 ? 'no' : 'not refuted';
}

function hasSeveral(model: ReportModel): boolean {
  return model.session.plan.workloads.length > 1;
}

function rowsOf(model: ReportModel, cellsOf: (level: ScaleLevel) => readonly Cell[]): Row[] {
  const several = hasSeveral(model);
  return model.environments.flatMap((environment) =>
    model.costs.scale
      .filter(({ env }) => env === environment.path)
      .map((level) => ({ group: onWorkloadCell(environment, several ? level.workload : null), cells: cellsOf(level) })),
  );
}

function instancesCell({ instances, failed }: ScaleLevel): Cell {
  return { show: `${instances} at once`, value: instances, ...(failed === 0 ? {} : { note: `${failed} failed` }) };
}

/** What a reader of its figures must know: more CPUs help only several of its instances. */
function oneCpuNotes({ environments, session, costs }: ReportModel): Text[] {
  const cpus = session.plan.limits.cpus.length;
  const own = environments.filter(({ path, traits }) => traits.oneCpu && costs.scale.some(({ env }) => env === path));
  if (cpus === 1 || own.length === 0) return [];
  const names = own.map(({ path }) => clean(path, 60)).join(', ');
  return [
    `${names}: each instance has one CPU, where those of other environments may use all ${cpus}; several instances share the ${cpus} CPUs as all do.`,
  ];
}

/** Levels at which instances failed count in no figure; the reader must know. */
function notesOf(model: ReportModel): Text[] {
  return model.costs.scale.flatMap(({ env, workload, instances, failed, blocks }) => {
    if (failed === 0) return [];
    const of = `${clean(env, 60)} with ${instances} instances on ${clean(workload, 40)}`;
    const rest =
      blocks === 0 ? 'no block has the level whole' : `figures are of the ${blocks} blocks without a failure`;
    return [`${of}: ${failed} failed; ${rest}.`];
  });
}

/** The highest level of each environment in one sentence. */
export function scaleAnswer(model: ReportModel): string {
  const { baseline } = model.session.plan;
  const rest = model.costs.scale.filter(({ env, speedup }) => env !== controlOf(baseline) && speedup !== null);
  const workload = rest[0]?.workload;
  const own = rest.filter((level) => level.workload === workload);
  if (own.length === 0) return 'Nothing could be compared.';
  const most = largest(own.map(({ instances }) => instances));
  const texts = own
    .filter(({ instances }) => instances === most)
    .map(({ env, speedup, slowdownP99 }) => {
      const ends = speedup?.interval ? ` ${range(speedup.interval, times)}` : '';
      const p99 = slowdownP99 === null ? '' : `, 99 of 100 bursts within × ${times(slowdownP99.ratio)}`;
      return `${clean(env, 60)} × ${times(speedup?.ratio ?? Number.NaN)}${ends}${p99}`;
    });
  return `${most} instances at once on ${clean(workload ?? '', 40)}, against a single one: ${texts.join('; ')}.`;
}
