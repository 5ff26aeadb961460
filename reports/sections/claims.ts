/** Published claims, judged on this session. */

import type { ClaimResult, ClaimVerdict } from '../../bench/analysis/claims/judge.ts';
import { type Claim, isRateClaim } from '../../bench/analysis/claims/schema.ts';
import { SUITE } from '../../bench/plan/suite.ts';
import type { Estimate } from '../../bench/types.ts';
import { threeDigits } from '../../bench/units.ts';
import type { ReportModel } from '../model/model.ts';
import { clean } from '../text.ts';
import {
  capital,
  changePercent,
  count,
  type Figure,
  figureOf,
  joined,
  lengthWords,
  NO_FIGURE,
  percentDigits,
  range,
  ratioWords,
  signedWords,
  type Words,
} from '../words.ts';
import {
  type Cell,
  faint,
  figures,
  list,
  name,
  type RichCell,
  type Row,
  type Section,
  type Text,
  tableSection,
  texts,
} from './section.ts';

export function publishedClaims({ details }: ReportModel): Section {
  const results = details.claims?.results ?? [];
  const others = notApplicable(results);
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
              'outside it refuted, or not reproduced here where the published figure is of other hardware.',
          ],
    tables: [
      {
        id: 'claim-rows',
        caption: 'Published claims, judged on this session',
        columns: [...figures('claim'), ...texts('published', 'band', 'here', 'on', 'verdict')],
        rows: judged(results).map(claimRow),
      },
    ],
    notesTitle: `${others.length} not applicable here`,
    notes: others.map(({ claim, reason }): Text => [`${clean(claim.claim)} `, faint(`${capital(clean(reason))}.`)]),
  };
}

function claimRow(result: ClaimResult): Row {
  const { claim, pair, workload } = result;
  const historical = claim.historical ? ' · historical' : '';
  const over = pair?.denominator ? [' over ', name(pair.denominator, 60)] : [];
  return {
    cells: [
      { show: clean(claim.claim), note: `${clean(claim.source, 200)}${historical}` },
      ...figureCells(result),
      [name(pair?.numerator ?? '', 60), ...over, ...(workload ? [`, ${clean(workload, 40)}`] : [])],
      { ...verdictCell(result), note: clean(result.reason) },
    ],
  };
}

/** What was published, its band, and what was found here. */
function figureCells({ claim, ours, unit }: ClaimResult): Cell[] {
  const suffix = unit === 'ratio' ? '' : ` ${unit}`;
  const { value, published, band } = claim;
  const ends = published === undefined ? '' : ` [${published.low}, ${published.high}]`;
  return [
    { show: `${value}${ends}${suffix}`, value },
    bandText(band, unit),
    ours === null ? NO_FIGURE : { show: `${joined(wordsOf(ours, unit))}${suffix}`, value: ours.ratio },
  ];
}

function wordsOf(estimate: Estimate, unit: ClaimResult['unit']): Words {
  if (unit === 'ratio') return ratioWords(figureOf(estimate));
  const { ratio, interval } = estimate;
  return { value: threeDigits(ratio), range: interval && range(interval, threeDigits) };
}

function verdictCell({ verdict }: ClaimResult): RichCell {
  // Short, or the row does not fit into 80 columns.
  return { show: verdict === 'not-reproduced' ? 'not here' : verdictWord(verdict), tone: verdict };
}

/** Each claim by its id: of a report that is about claims and nothing else. */
export function judgedClaims(results: readonly ClaimResult[]): Section {
  return tableSection(
    { id: 'judged', title: 'Judged: the 95 % interval found here against the band' },
    {
      columns: figures('claim', 'published', 'band', 'here', 'verdict'),
      rows: judged(results).map((result) => ({
        cells: [clean(result.claim.id, 24), ...figureCells(result), verdictCell(result)],
      })),
    },
  );
}

export function claimReasons(results: readonly ClaimResult[]): Section {
  return list('reasons', 'Claim and reason', judged(results).map(reasonOf));
}

function reasonOf({ claim, pair, workload, timeRatio, verdict, reason }: ClaimResult): Text {
  const over = pair?.denominator ? [' over ', name(pair.denominator, 60)] : [];
  const historical = claim.historical ? ', historical' : '';
  const where = [workload, claim.metric].filter(Boolean).join(', ');
  return [
    `${claim.id}: ${clean(claim.claim)} ${capital(verdictWord(verdict))}${historical} (`,
    ...(pair === null ? [] : [name(pair.numerator, 60), ...over, ', ']),
    `${where}): ${bothWays(timeRatio)}${clean(reason)}.`,
  ];
}

/** Time ratio and throughput together: "18 % slower" can mean either. */
function bothWays(timeRatio: Estimate | null): string {
  if (timeRatio === null) return '';
  const figure = figureOf(timeRatio);
  const throughput = changePercent(1 / timeRatio.ratio, percentDigits(figure));
  return `time ratio ${ratioWords(figure).value}, throughput ${throughput}; `;
}

export function historicalClaims(results: readonly ClaimResult[]): Section {
  const ids = new Set(judged(results).flatMap(({ claim }) => (claim.historical ? [claim.id] : [])));
  return list(
    'notes',
    'Notes',
    ids.size === 0
      ? []
      : [
          `${[...ids].join(', ')}: historical. The stack it was measured on is no longer available, so a refutation on ` +
            'a modern host says nothing against the reviewers, only that you should not expect the figure here. It does ' +
            'not change the exit code.',
        ],
  );
}

export function claimsNotApplicable(results: readonly ClaimResult[]): Section {
  return list(
    'not-applicable',
    'Not applicable here',
    notApplicable(results).map(({ claim, reason }) => `${claim.id}: ${clean(claim.claim)} ${capital(clean(reason))}.`),
  );
}

/** Refuted, and not by design: what a gate must not pass over. */
export function isFailed({ claim, verdict }: ClaimResult): boolean {
  return verdict === 'refuted' && claim.historical !== true;
}

const judged = (results: readonly ClaimResult[]) => results.filter(({ verdict }) => verdict !== 'not-applicable');
const notApplicable = (results: readonly ClaimResult[]) =>
  results.filter(({ verdict }) => verdict === 'not-applicable');

const VERDICT_WORDS: Readonly<Record<ClaimVerdict, string>> = {
  reproduced: 'reproduced',
  refuted: 'refuted',
  'not-reproduced': 'not reproduced here',
  inconclusive: 'inconclusive',
  'not-applicable': 'not applicable',
};

function verdictWord(verdict: ClaimVerdict): string {
  return VERDICT_WORDS[verdict];
}

/** `15 claims: 1 reproduced, …`; a claim that was judged on several pairs counts once for each. */
export function summarySentence(results: readonly ClaimResult[]): string {
  const counts = (Object.keys(VERDICT_WORDS) as ClaimVerdict[]).map((verdict) => {
    const same = results.filter((result) => result.verdict === verdict);
    const historical = ['refuted', 'not-reproduced'].includes(verdict)
      ? same.filter(({ claim }) => claim.historical).length
      : 0;
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
  const rates = results.filter(
    ({ claim, pair, ours, verdict }) =>
      isRateClaim(claim) && pair?.denominator != null && ours !== null && verdict !== 'not-applicable',
  );
  // The review that asked the question comes first.
  const result =
    rates.find(({ claim, workload }) => claim.historical && workload === SUITE) ??
    rates.find(({ verdict }) => verdict !== 'inconclusive');
  if (result?.timeRatio == null || result.pair === null) return null;
  const { claim, pair, timeRatio, verdict, workload } = result;
  const figure = figureOf(timeRatio);
  const what = comparison(clean(pair.numerator, 60), clean(pair.denominator ?? '', 60), figure, percentDigits(figure));
  const on = workload === SUITE ? '' : ` on ${clean(workload ?? '', 40)}`;
  const value = claim.metric === 'time' ? claim.value : 1 / claim.value;
  return `${what}${on}; published: ${publishedText(value)} (${sourceName(claim.source)}): ${OUTCOMES[verdict]}.`;
}

const OUTCOMES: Readonly<Record<ClaimResult['verdict'], string>> = {
  reproduced: 'reproduced on this host',
  refuted: 'not reproduced on this host',
  'not-reproduced': 'not reproduced on this host',
  inconclusive: 'open, this session can’t decide it',
  'not-applicable': 'not applicable',
};

function publishedText(timeRatio: number): string {
  if (timeRatio >= 2) return `${threeDigits(timeRatio)} times as long`;
  const percent = Number(((timeRatio - 1) * 100).toPrecision(2));
  if (percent === 0) return 'no difference';
  return `${Math.abs(percent)} % ${percent > 0 ? 'longer' : 'less time'}`;
}

/** `Network World, 2015, article 2952884, page 2 (…)` → `Network World, 2015`; of an address its host. */
function sourceName(source: string): string {
  const text = clean(source, 200);
  const address = /https?:\/\/([^/\s]+)(\/[^\s/]+)*/.exec(text);
  if (text.startsWith('http') && address !== null) return address[0].replace(/^https?:\/\/|,$/g, '').slice(0, 80);
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
