/** The sentences of a report, the same in every format: the answer and the control; and how names and figures are put. */

import { SUITE, suiteOf } from '../bench/plan/suite.ts';
import type { Interval } from '../bench/types.ts';
import { formatChange } from '../bench/units.ts';
import type { EnvironmentModel, ReportModel } from './model.ts';
import { clean } from './text.ts';
import { moreText, percentText, reasonText } from './verdicts.ts';

/** Columns of a path before it is cut; longer ones than a line are wrapped. */
const NAME_LIMIT = 160;

/** `docker (container)`: the path and the alias it was asked for by. */
export function environmentName(environment: { path: string; alias?: string | null }): string {
  const path = clean(environment.path, NAME_LIMIT);
  return environment.alias ? `${path} (${clean(environment.alias, 40)})` : path;
}

/** Path, alias, and the labels that belong beside every result. */
export function environmentTitle(environment: EnvironmentModel): string {
  const labels = environment.labels.map((label) => clean(label, 60)).filter((label) => label !== '');
  const role = environment.role === 'environment' ? [] : [environment.role];
  return [environmentName(environment), ...role, ...labels].join(' · ');
}

/** A ratio with its interval, whichever of a row's it is. */
export interface Figure {
  readonly timeRatio: number;
  readonly interval: Interval | null;
}

/** Digits after the point of a ratio, so that its interval has a visible width: 3, or 4 for a narrow one. */
export function ratioDigits(figure: Figure): number {
  if (figure.timeRatio >= 10) return 2;
  return figure.interval !== null && figure.interval.high - figure.interval.low < 0.004 ? 4 : 3;
}

/** Digits after the point of the same as a change in percent. */
export function percentDigits(figure: Figure): number {
  return Math.max(1, ratioDigits(figure) - 2);
}

/** The answer in one sentence, with the verdict's word; says so when nothing was measured. */
export function answerSentence(model: ReportModel): string {
  const row = model.headline;
  if (!row) return model.bursts === 0 ? 'Nothing was measured.' : 'Nothing could be compared.';
  const digits = percentDigits(row);
  const env = clean(row.env, 60);
  const baseline = clean(row.baseline, 60);
  const { plan } = model.session;
  const suite = suiteOf(plan);
  const isSuite = row.workload === SUITE;
  const where =
    isSuite && suite.length > 1
      ? `mean of ${suite.length} ${plan.suite === undefined ? 'workloads' : 'kernels'}`
      : clean(isSuite ? (suite[0] ?? '') : row.workload, 40);
  const change = `throughput ${formatChange(1 / row.timeRatio, digits)} (${where})`;
  const margin = `the margin of ±${percentText(model.margin)}`;
  const { reasons = [], additions = [], more = null } = row.judgement ?? {};
  switch (row.verdict) {
    case 'slower':
    case 'faster': {
      const past = additions.includes('past-margin') ? `, past ${margin}` : '';
      return `${env} is ${row.verdict} than ${baseline}: it takes ${lengthText(row, digits)}, ${change}${past}.`;
    }
    case 'equivalent': {
      const measurable = additions.length > 0 ? '; a difference is measurable' : '';
      return `${env} is equivalent to ${baseline} in typical bursts: ${signedText(row, digits)}, ${change}, within ${margin}${measurable}.`;
    }
    default: {
      const need = more?.blocks ? `; about ${moreText(more).replace('about ', '')} would decide` : '';
      return `${env} against ${baseline} is ${row.verdict}: ${signedText(row, digits)}, ${change}: ${reasonText(reasons)}${need}.`;
    }
  }
}

/**
 * `docker/docker takes 1.4 % longer than docker [0.6, 2.1]` where a difference is sure, `docker/docker against docker: time
 * +0.2 % [−2.0, +2.4]` where it is not.
 */
export function intervalText(env: string, baseline: string, figure: Figure, digits: number): string {
  const { interval } = figure;
  if (interval === null || (interval.low <= 1 && interval.high >= 1)) {
    return `${env} against ${baseline}: ${signedText(figure, digits)}`;
  }
  const [length = '', range = ''] = lengthText(figure, digits).split(/ (?=\[)/);
  const isFactor = figure.timeRatio >= 2;
  return `${env} takes ${length} ${isFactor ? 'as' : 'than'} ${baseline} ${range}`;
}

/** What the control says about the smallest difference this session can show. */
export function controlSentence(model: ReportModel): string {
  const rows = model.control.rows;
  const row = rows.find(({ workload }) => workload === SUITE) ?? rows[0];
  const name = `control (a second ${clean(model.session.plan.baseline, 60)})`;
  if (!row) return `${name}: no data, so nothing says what this host can show.`;
  const digits = percentDigits(row);
  const change = formatChange(row.timeRatio, digits);
  if (!row.interval) return `${name}: ${change}, one block: no interval, so no difference can be shown.`;
  return `${name}: ${change} ${signedInterval(row.interval, digits)}: differences smaller than that can't be shown by this session.`;
}

/** [0.994, 1.021] → `[−0.6, +2.1]`, in percent. */
function signedInterval(interval: Interval, digits: number): string {
  return `[${percent(interval.low, digits)}, ${percent(interval.high, digits)}]`;
}

function percent(ratio: number, digits: number): string {
  return formatChange(ratio, digits).replace(' %', '');
}

/** `time +1.2 % [−0.9, +3.3]`; from a factor of two on as a factor. */
function signedText({ timeRatio, interval }: Figure, digits: number): string {
  if (timeRatio >= 2) return `time × ${timeRatio.toFixed(2)}${interval ? ` ${factors(interval)}` : ', no interval'}`;
  return `time ${formatChange(timeRatio, digits)}${interval ? ` ${signedInterval(interval, digits)}` : ', no interval'}`;
}

/** `5.1 % longer [4.8, 5.4]`; from a factor of two on as a factor. */
function lengthText({ timeRatio, interval }: Figure, digits: number): string {
  const { low, high } = interval ?? { low: timeRatio, high: timeRatio };
  if (timeRatio >= 2) return `${timeRatio.toFixed(2)} times as long ${factors({ low, high })}`;
  const size = (ratio: number) => (Math.abs(ratio - 1) * 100).toFixed(digits);
  return timeRatio >= 1
    ? `${size(timeRatio)} % longer [${size(low)}, ${size(high)}]`
    : `${size(timeRatio)} % less time [${size(high)}, ${size(low)}]`;
}

function factors({ low, high }: Interval): string {
  return `[${low.toFixed(2)}, ${high.toFixed(2)}]`;
}
