/** Published claims, judged on this session. */

import type { ClaimResult, ClaimVerdict } from '../../bench/analysis/claims/judge.ts';
import { type Claim, isRateClaim } from '../../bench/analysis/claims/schema.ts';
import { SUITE } from '../../bench/plan/suite.ts';
import type { ReportModel } from '../model/model.ts';
import { clean } from '../text.ts';
import {
  capital,
  count,
  type Figure,
  joined,
  lengthWords,
  NO_FIGURE,
  percentDigits,
  range,
  signedWords,
} from '../words.ts';
import { faint, figures, name, type Row, type Section, type Text, texts } from './section.ts';

export function publishedClaims({ details }: ReportModel): Section {
  const results = details.claims?.results ?? [];
  const judged = results.filter(({ verdict }) => verdict !== 'not-applicable');
  const others = results.filter(({ verdict }) => verdict === 'not-applicable');
  return {
    id: 'claims',
    title: 'Published claims',
    short: 'Claims',
    weight: 'fold',
    lead:
      results.length === 0
        ? []
        : [
            `${summarySentence(results)} A claim is reproduced when the whole interval found here lies inside its band, ` +
              'refuted when it lies outside.',
          ],
    tables: [
      {
        id: 'claim-rows',
        caption: 'Published claims, judged on this session',
        columns: [...figures('claim'), ...texts('published', 'band', 'here', 'on', 'verdict')],
        rows: judged.map(claimRow),
      },
    ],
    notesTitle: `${others.length} not applicable here`,
    notes: others.map(({ claim, reason }): Text => [`${clean(claim.claim)} `, faint(`${capital(clean(reason))}.`)]),
  };
}

function claimRow({ claim, ours, unit, pair, workload, verdict, reason }: ClaimResult): Row {
  const suffix = unit === 'ratio' ? '' : ` ${unit}`;
  const digits = unit === 'ratio' ? 3 : 1;
  const format = (value: number) => value.toFixed(digits);
  const historical = claim.historical ? ' · historical' : '';
  const ends = ours?.interval ? ` ${range(ours.interval, format)}` : '';
  const over = pair?.denominator ? [' over ', name(pair.denominator, 60)] : [];
  return {
    cells: [
      { show: clean(claim.claim), note: `${clean(claim.source, 200)}${historical}` },
      { show: `${claim.value}${suffix}`, value: claim.value },
      bandText(claim.band, unit),
      ours === null ? NO_FIGURE : { show: `${format(ours.ratio)}${ends}${suffix}`, value: ours.ratio },
      [name(pair?.numerator ?? '', 60), ...over, ...(workload ? [`, ${clean(workload, 40)}`] : [])],
      { show: verdictWord(verdict), tone: verdict, note: clean(reason) },
    ],
  };
}

const VERDICT_WORDS: Readonly<Record<ClaimVerdict, string>> = {
  reproduced: 'reproduced',
  refuted: 'refuted',
  inconclusive: 'inconclusive',
  'not-applicable': 'not applicable',
};

export function verdictWord(verdict: ClaimVerdict): string {
  return VERDICT_WORDS[verdict];
}

/** `15 claims: 1 reproduced, …`; a claim that was judged on several pairs counts once for each. */
export function summarySentence(results: readonly ClaimResult[]): string {
  const counts = (Object.keys(VERDICT_WORDS) as ClaimVerdict[]).map((verdict) => {
    const same = results.filter((result) => result.verdict === verdict);
    const historical = verdict === 'refuted' ? same.filter(({ claim }) => claim.historical).length : 0;
    return `${same.length} ${verdictWord(verdict)}${historical > 0 ? ` (${historical} historical)` : ''}`;
  });
  const claims = new Set(results.map(({ claim }) => claim.id)).size;
  return `${count(claims, 'claim')}: ${counts.join(', ')}.`;
}

/** `1.15–1.21`, `at most 125 ms`. */
export function bandText({ low, high }: Claim['band'], unit: ClaimResult['unit']): string {
  const suffix = unit === 'ratio' ? '' : ` ${unit}`;
  if (low === undefined) return `at most ${high}${suffix}`;
  return high === undefined ? `at least ${low}${suffix}` : `${low}–${high}${suffix}`;
}

/**
 * `docker/docker takes 1.4 % longer than docker [0.6, 2.1]; published was 18 % (Network World, 2015): not reproduced on
 * this host.` Null when no claim on workloads could be judged.
 */
export function claimSentence(results: readonly ClaimResult[]): string | null {
  const judged = results.filter(
    ({ claim, pair, ours, verdict }) =>
      isRateClaim(claim) && pair?.denominator != null && ours !== null && verdict !== 'not-applicable',
  );
  // The review that asked the question comes first.
  const result = judged.find(({ claim, workload }) => claim.historical && workload === SUITE) ?? judged[0];
  if (result?.timeRatio == null || result.pair === null) return null;
  const { claim, pair, timeRatio, verdict, workload } = result;
  const figure = { timeRatio: timeRatio.ratio, interval: timeRatio.interval };
  const what = comparison(clean(pair.numerator, 60), clean(pair.denominator ?? '', 60), figure, percentDigits(figure));
  const on = workload === SUITE ? '' : ` on ${clean(workload ?? '', 40)}`;
  const value = claim.metric === 'time' ? claim.value : 1 / claim.value;
  return `${what}${on}; published: ${publishedText(value)} (${sourceName(claim.source)}): ${OUTCOMES[verdict]}.`;
}

const OUTCOMES: Readonly<Record<ClaimResult['verdict'], string>> = {
  reproduced: 'reproduced on this host',
  refuted: 'not reproduced on this host',
  inconclusive: 'open, this session can’t decide it',
  'not-applicable': 'not applicable',
};

function publishedText(timeRatio: number): string {
  const percent = Number(((timeRatio - 1) * 100).toPrecision(2));
  if (percent === 0) return 'no difference';
  return `${Math.abs(percent)} % ${percent > 0 ? 'longer' : 'less time'}`;
}

/** `Network World, 2015, article 2952884, page 2 (…)` → `Network World, 2015`; of an address its host. */
function sourceName(source: string): string {
  const text = clean(source, 200);
  const address = /https?:\/\/([^/\s]+)(\/[^\s/]+)*/.exec(text);
  if (text.startsWith('http') && address !== null) return address[0].replace(/^https?:\/\//, '').slice(0, 80);
  return /^.*?\b(?:19|20)\d\d\b/.exec(text)?.[0] ?? text.slice(0, 60);
}

/**
 * `docker/docker takes 1.4 % longer than docker [0.6, 2.1]` where a difference is sure, `docker/docker against docker: time
 * +0.2 % [−2.0, +2.4]` where it is not.
 */
function comparison(env: string, baseline: string, figure: Figure, digits: number): string {
  const { interval } = figure;
  if (interval === null || (interval.low <= 1 && interval.high >= 1)) {
    return `${env} against ${baseline}: ${joined(signedWords(figure, digits), ', no interval')}`;
  }
  const { value, range: ends } = lengthWords(figure, digits);
  return `${env} takes ${value} ${figure.timeRatio >= 2 ? 'as' : 'than'} ${baseline} ${ends}`;
}
