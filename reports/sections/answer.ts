/** What a session says in one sentence, whatever it measured; what belongs to it; and what to do next. */

import type { FootprintSummary } from '../../bench/analysis/footprint.ts';
import { SUITE, suiteOf } from '../../bench/plan/suite.ts';
import type { StartupRow } from '../../bench/types.ts';
import type { ReportModel } from '../model/model.ts';
import { clean } from '../text.ts';
import {
  changePercent,
  changeRange,
  joined,
  lengthWords,
  mib,
  ms,
  percent,
  percentDigits,
  range,
  signedWords,
  times,
} from '../words.ts';
import { claimSentence } from './claims.ts';
import { moreWords, reasonText } from './verdicts.ts';

/** More environments than this are named by the two ends. */
const MOST_NAMED = 4;

/** The answer in one sentence; says so when nothing was measured. */
export function answerOf(model: ReportModel): string {
  const { measure } = model.session.plan;
  if (measure === undefined) return contrastAnswer(model);
  return measure === 'startup' ? startupAnswer(model) : footprintAnswer(model);
}

/** What comes right below the answer: a published claim, and the control. */
export function answerLead(model: ReportModel): string[] {
  const claim = model.details.claims === null ? null : claimSentence(model.details.claims.results);
  const control = model.session.plan.measure === undefined ? [controlSentence(model)] : [];
  return [...(claim === null ? [] : [claim]), ...control];
}

function contrastAnswer(model: ReportModel): string {
  const row = model.headline;
  if (!row) return model.bursts === 0 ? 'Nothing was measured.' : 'Nothing could be compared.';
  const digits = percentDigits(row);
  const env = clean(row.env, 60);
  const baseline = clean(row.baseline, 60);
  const rate = `throughput ${changePercent(1 / row.timeRatio, digits)} (${whereText(model, row.workload)})`;
  const margin = `the margin of ±${percent(model.margin)}`;
  const signed = joined(signedWords(row, digits), ', no interval');
  const { reasons = [], additions = [], more = null } = row.judgement ?? {};
  switch (row.verdict) {
    case 'slower':
    case 'faster': {
      const past = additions.includes('past-margin') ? `, past ${margin}` : '';
      return `${env} is ${row.verdict} than ${baseline}: it takes ${joined(lengthWords(row, digits))}, ${rate}${past}.`;
    }
    case 'equivalent': {
      const shown = additions.includes('sustained-not-shown') ? '; long visits do not show it' : ', in long visits too';
      return `${env} is equivalent to ${baseline} in bursts: ${signed}, ${rate}, within ${margin}${shown}.`;
    }
    default: {
      const need = more?.blocks
        ? `; about ${Object.values(moreWords(more)).filter(Boolean).join(', ')} would decide`
        : '';
      return `${env} against ${baseline} is ${row.verdict}: ${signed}, ${rate}: ${reasonText(reasons)}${need}.`;
    }
  }
}

function whereText({ session }: ReportModel, workload: string): string {
  const suite = suiteOf(session.plan);
  if (workload !== SUITE) return clean(workload, 40);
  if (suite.length <= 1) return clean(suite[0] ?? '', 40);
  return `mean of ${suite.length} ${session.plan.suite === undefined ? 'workloads' : 'kernels'}`;
}

/** What the control says about the smallest difference this session can show. */
export function controlSentence(model: ReportModel): string {
  const rows = model.control.rows;
  const row = rows.find(({ workload }) => workload === SUITE) ?? rows[0];
  const name = `Control (a second ${clean(model.session.plan.baseline, 60)})`;
  if (!row) return `${name}: no data, so the smallest difference that this host can show is not known.`;
  const digits = percentDigits(row);
  const value = changePercent(row.timeRatio, digits);
  if (!row.interval) return `${name}: ${value}, one block: no interval, so no difference can be shown.`;
  return `${name}: ${value} ${changeRange(row.interval, digits)}: this session can't show differences smaller than that.`;
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
  return costSentence(`First instruction, warm, against ${clean(baseline, 60)}`, named);
}

function footprintAnswer(model: ReportModel): string {
  const { baseline, environments } = model.session.plan;
  const others = environments.map(({ path }) => path).filter((path) => path !== baseline);
  const named = [baseline, ...others].flatMap((env) => memoryText(model.costs.footprint, env));
  return costSentence("One more idle instance takes of the host's memory", named);
}

function costSentence(what: string, named: readonly Named[]): string {
  if (named.length === 0) return 'Nothing could be compared.';
  return `${what}: ${named.length > MOST_NAMED ? endsOf(named) : named.map(({ text }) => text).join('; ')}.`;
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

function memoryText(summaries: readonly FootprintSummary[], env: string): Named[] {
  const slope = summaries.find((it) => it.env === env)?.slopes.host;
  if (!slope) return [];
  const value = slope.perInstanceBytes;
  return [{ value, text: `${clean(env, 60)} ${mib(value)} MiB` }];
}
