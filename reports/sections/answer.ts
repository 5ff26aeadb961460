/** What a session says in one sentence, whatever it measured; what belongs to it; and what to do next. */

import type { ContrastRow } from '../../bench/analysis/contrast/ratio.ts';
import type { Reason } from '../../bench/analysis/contrast/verdict.ts';
import type { FootprintSummary } from '../../bench/analysis/footprint.ts';
import { metricOf } from '../../bench/plan/commands.ts';
import { controlOf } from '../../bench/plan/schedule.ts';
import { SUITE, suiteOf } from '../../bench/plan/suite.ts';
import { type CostMeasure, type Interval, type Metric, type StartupRow, VERDICTS } from '../../bench/types.ts';
import { formatNs } from '../../bench/units.ts';
import { leadWorkload, suiteRows } from '../model/headline.ts';
import type { ReportModel } from '../model/model.ts';
import { clean } from '../text.ts';
import {
  changePercent,
  changeRange,
  count,
  factor,
  joined,
  lengthWords,
  mib,
  ms,
  percent,
  percentDigits,
  range,
  rateText,
  signedWords,
  times,
} from '../words.ts';
import { sessionCapacityAnswer } from './capacity.ts';
import { claimSentence } from './claims.ts';
import { densityAnswer } from './density.ts';
import { boundsText, isGlance } from './glance.ts';
import { shownMemory } from './memory.ts';
import { listed, MOST_NAMED } from './names.ts';
import { neighbourAnswer } from './neighbour.ts';
import { scaleAnswer } from './scale.ts';
import { stormAnswer } from './storm.ts';
import { moreWords, reasonText } from './verdicts.ts';

/** The answer in one sentence; says so when nothing was measured. */
export function answerOf(model: ReportModel): string {
  const { measure } = model.session.plan;
  const answer = measure === undefined ? contrastAnswer(model) : COST_ANSWERS[measure](model);
  const missing = missingSentence(model);
  return missing === null ? answer : `${missing} ${answer}`;
}

const COST_ANSWERS: Readonly<Record<CostMeasure, (model: ReportModel) => string>> = {
  startup: startupAnswer,
  footprint: footprintAnswer,
  scale: scaleAnswer,
  load: loadAnswer,
  capacity: sessionCapacityAnswer,
  density: densityAnswer,
  storm: stormAnswer,
  neighbour: neighbourAnswer,
};

/** What was planned and has no figure; null when everything has, or nothing. */
function missingSentence(model: ReportModel): string | null {
  const { environments, workloads, baseline, measure } = model.session.plan;
  const rows = model.contrasts;
  if (measure !== undefined || rows.length === 0) return null;
  const has = (is: (row: ContrastRow) => boolean) => rows.some(is);
  const lost = environments
    .map(({ path }) => path)
    .filter((path) => path !== baseline && !has((row) => row.env === path || row.baseline === path));
  const cells = environments
    .filter(({ path }) => path !== baseline && !lost.includes(path))
    .flatMap(({ path }) => {
      const absent = workloads.filter((id) => !has((row) => row.env === path && row.workload === id));
      return absent.length === 0 ? [] : [`${clean(path, 60)} on ${listed(absent)}`];
    });
  const all = [...(lost.length === 0 ? [] : [listed(lost)]), ...cells];
  return all.length === 0 ? null : `No data from ${all.join('; ')}.`;
}

/** What became of the other environments, on the workload that represents the session; null when there are none. */
function othersSentence(model: ReportModel): string | null {
  const { headline } = model;
  const rest = suiteRows(model).filter((row) => row !== headline);
  if (headline === null || rest.length === 0) return null;
  const verdicts = VERDICTS.flatMap((verdict) => {
    const rows = rest.filter((row) => row.verdict === verdict);
    const named = rows.map((row) => {
      const change =
        verdict === 'equivalent' ? '' : ` ${signedWords(row, percentDigits(row)).value.replace('time ', '')}`;
      return `${clean(row.env, 60)}${change}`;
    });
    return rows.length === 0 ? [] : [`${verdict}: ${named.join(', ')}`];
  });
  const where = `${clean(model.session.plan.baseline, 60)} (${whereText(model, leadWorkload(model))})`;
  return `Others against ${where}: ${verdicts.join('; ')}.`;
}

/** What comes right below the answer: the other environments, a published claim, and the control. */
export function answerLead(model: ReportModel): string[] {
  const claim = model.details.claims === null ? null : claimSentence(model.details.claims.results);
  const control = model.session.plan.measure === undefined ? [controlSentence(model)] : [];
  const others = model.session.plan.measure === undefined ? othersSentence(model) : null;
  return [...(others === null ? [] : [others]), ...(claim === null ? [] : [claim]), ...control];
}

function contrastAnswer(model: ReportModel): string {
  const row = model.headline;
  if (!row) return model.bursts === 0 ? 'Nothing was measured.' : 'Nothing could be compared.';
  const digits = percentDigits(row);
  const env = clean(row.env, 60);
  const baseline = clean(row.baseline, 60);
  const rate = `throughput ${changePercent(1 / row.timeRatio, digits)} (${whereText(model, row.workload)})`;
  const margin = `the margin of ±${percent(model.margin)}`;
  const metric = metricOf(model.session.plan, row.workload);
  if (metric !== undefined) return metricAnswer(model, row, metric);
  const signed = isMeaningless(row) ? anywhere(row) : joined(signedWords(row, digits), ', no interval');
  const { reasons = [], additions = [], more = null } = row.judgement ?? {};
  if (row.verdict === 'inconclusive' && isGlance(model) && !isMeaningless(row)) {
    const bounds = boundsText(row, whereText(model, row.workload));
    // That an interval is wide shows in its bounds.
    if (bounds !== null) return `${bounds}; ${reasonText(reasons.filter(({ kind }) => !OF_WIDTH.includes(kind)))}.`;
  }
  switch (row.verdict) {
    case 'slower':
    case 'faster': {
      const past = additions.includes('past-margin') ? `, past ${margin}` : '';
      return `${env} is ${row.verdict} than ${baseline}: it takes ${joined(lengthWords(row, digits))}, ${rate}${past}.`;
    }
    case 'equivalent': {
      const longs = additions.includes('sustained-not-shown') ? '; long visits do not show it' : ', in long visits too';
      // A run of a program may be longer than such a visit.
      const shown = model.session.plan.longVisits === 0 ? '' : longs;
      return `${env} is equivalent to ${baseline} in bursts: ${signed}, ${rate}, within ${margin}${shown}.`;
    }
    default: {
      const need = more?.blocks
        ? `; about ${Object.values(moreWords(more)).filter(Boolean).join(', ')} would decide this verdict`
        : '';
      return `${env} against ${baseline} is ${row.verdict}: ${signed}, ${rate}: ${reasonText(reasons)}${need}.`;
    }
  }
}

/** About a figure that a program prints: how it differs itself, whichever direction is the better one. */
function metricAnswer(model: ReportModel, row: ContrastRow, { id, better }: Metric): string {
  const { timeRatio, interval } = row;
  const own = (ratio: number) => (better === 'lower' ? ratio : 1 / ratio);
  const ends = interval && [own(interval.low), own(interval.high)].sort((a, b) => a - b);
  const digits = percentDigits(row);
  const range = ends === null ? null : changeRange({ low: ends[0] as number, high: ends[1] as number }, digits);
  const change = joined({ value: changePercent(own(timeRatio), digits), range }, ', no interval');
  const env = clean(row.env, 60);
  const baseline = clean(row.baseline, 60);
  const figure = `${clean(id, 60)} ${change}, where ${better} is better`;
  const margin = `the margin of ±${percent(model.margin)}`;
  if (row.verdict === 'slower' || row.verdict === 'faster') {
    return `${env} is ${row.verdict === 'slower' ? 'worse' : 'better'} than ${baseline}: ${figure}.`;
  }
  if (row.verdict === 'equivalent') return `${env} is equivalent to ${baseline}: ${figure}, within ${margin}.`;
  return `${env} against ${baseline} is ${row.verdict}: ${figure}: ${reasonText(row.judgement?.reasons ?? [])}.`;
}

const OF_WIDTH: readonly Reason['kind'][] = ['too-wide', 'control-too-wide', 'total-not-shown'];

/** An interval that spans more than this factor leaves no digit of the ratio. */
const MEANINGLESS_SPAN = 4;

function isMeaningless({ interval }: ContrastRow): boolean {
  return interval !== null && interval.high / interval.low > MEANINGLESS_SPAN;
}

function anywhere({ blocks, interval, timeRatio }: ContrastRow): string {
  const { low, high } = interval ?? { low: timeRatio, high: timeRatio };
  return `${count(blocks, 'block')} leave the time anywhere between ${factor(low)} and ${factor(high)} times`;
}

function whereText({ session }: ReportModel, workload: string): string {
  const suite = suiteOf(session.plan);
  if (workload !== SUITE) return clean(workload, 40);
  if (suite.length <= 1) return clean(suite[0] ?? '', 40);
  return `mean of ${suite.length} ${session.plan.suite === undefined ? 'workloads' : 'kernels'}`;
}

/** What the control says about the smallest difference this session can resolve. */
export function controlSentence(model: ReportModel): string {
  const rows = model.control.rows;
  const lead = leadWorkload(model);
  const row = rows.find(({ workload }) => workload === lead) ?? rows[0];
  const { plan } = model.session;
  const where =
    lead === SUITE || plan.workloads.length === 1 || row === undefined ? '' : ` on ${clean(row.workload, 40)}`;
  const name = `Control (a second ${clean(plan.baseline, 60)}${where})`;
  if (!row) return `${name}: no data, so the smallest difference that this host can resolve is not known.`;
  const digits = percentDigits(row);
  const value = changePercent(row.timeRatio, digits);
  if (!row.interval) return `${name}: ${value}, one block: no interval, so no difference can be shown.`;
  return `${name}: ${value} ${changeRange(row.interval, digits)}: this session can't resolve differences below ${furthestChange(row.interval, digits)}.`;
}

/** The further end of an interval as a change without its sign: `1.3 %`. */
function furthestChange({ low, high }: Interval, digits: number): string {
  return changePercent(1 + Math.max(1 - low, high - 1), digits).slice(1);
}

interface Named {
  readonly value: number;
  readonly text: string;
}

function startupAnswer(model: ReportModel): string {
  const { baseline, environments } = model.session.plan;
  const named = environments
    .filter(({ path }) => path !== baseline)
    .flatMap(({ path }) => startText(model.costs.startup, path));
  const [control] = startText(model.costs.startup, controlOf(baseline));
  const doubt = control === undefined ? 'no control' : `control: ${control.text.replace(/^\S+ /, '')}`;
  return costSentence(`First instruction, warm, against ${clean(baseline, 60)}`, named, doubt);
}

function footprintAnswer(model: ReportModel): string {
  const { baseline, environments } = model.session.plan;
  const others = environments.map(({ path }) => path).filter((path) => path !== baseline);
  const named = [baseline, ...others].flatMap((env) => memoryText(model.costs.footprint, env));
  return costSentence('Memory of one more idle instance', named);
}

/** Up to which rate each keeps up, on the first workload. */
function loadAnswer(model: ReportModel): string {
  const { knees, levels } = model.costs.load;
  const [first] = knees;
  if (first === undefined) {
    return levels.length === 0
      ? 'Nothing was measured.'
      : 'No level of load could be judged: the harness sent its requests late, because its CPU was busy with something else.';
  }
  const own = knees.filter(({ workload, env }) => workload === first.workload && env !== model.control.env);
  const named = own.map(({ env, ratePerSecond, beyondPerSecond }): Named => {
    const upTo = ratePerSecond === null ? 'at none of the rates' : `up to ${rateText(ratePerSecond)} a second`;
    const notAt = beyondPerSecond === null || ratePerSecond === null ? '' : ` (not at ${rateText(beyondPerSecond)})`;
    return { value: ratePerSecond ?? 0, text: `${clean(env, 60)} ${upTo}${notAt}` };
  });
  return costSentence(`p99 of ${clean(first.workload, 40)} stays within ${formatNs(first.limitNs)}`, named);
}

function costSentence(what: string, named: readonly Named[], doubt?: string): string {
  if (named.length === 0) return 'Nothing could be compared.';
  const texts = named.length > MOST_NAMED ? endsOf(named) : named.map(({ text }) => text).join('; ');
  return `${what}: ${texts}${doubt === undefined ? '' : `; ${doubt}`}.`;
}

function endsOf(named: readonly Named[]): string {
  const sorted = named.toSorted((a, b) => a.value - b.value);
  const [least, most] = [sorted[0], sorted.at(-1)] as [Named, Named];
  return `from ${least.text} to ${most.text}, ${named.length} environments`;
}

function startText(rows: readonly StartupRow[], env: string): Named[] {
  const row = rows.find((it) => it.env === env && it.temperature === 'warm' && it.figure === 'first-instruction');
  if (row?.ratio == null) return [];
  const { ratio, interval } = row.ratio;
  const ends = interval ? ` ${range(interval, times)}` : '';
  return [{ value: ratio, text: `${clean(env, 60)} ${ms(row.medianMs)}, × ${times(ratio)}${ends}` }];
}

/** No figure where all accounts are noise. */
function memoryText(summaries: readonly FootprintSummary[], env: string): Named[] {
  const slopes = summaries.find((it) => it.env === env)?.slopes;
  if (slopes === undefined) return [];
  const name = clean(env, 60);
  const shown = shownMemory(slopes);
  if (shown !== null) {
    const { perInstanceBytes: value, interval } = shown.slope;
    const ends = interval === null ? ', no interval' : ` ${range(interval, mib)}`;
    return [{ value, text: `${name} ${mib(value)} MiB${ends}${shown.account}` }];
  }
  const isKnown = slopes.host !== null || slopes.pss !== null || slopes.cgroup !== null;
  return isKnown ? [{ value: 0, text: `${name}: not measurable here` }] : [];
}
