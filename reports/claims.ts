/** Judged claims as text: a table of what was claimed and what was found, then each claim with its reason. */

import type { ClaimResult, ClaimVerdict } from '../bench/analysis/claims/judge.ts';
import type { Claim } from '../bench/analysis/claims/schema.ts';
import type { Estimate, Interval } from '../bench/types.ts';
import { formatChange, threeDigits } from '../bench/units.ts';
import { tableLines } from './table.ts';
import type { RenderOptions } from './terminal.ts';
import { clean, wrap } from './text.ts';
import { percentDigits, ratioDigits } from './wording.ts';

export interface ClaimReport {
  readonly session: string;
  readonly blocks: number;
  /** Of the claims file. */
  readonly title: string;
  readonly results: readonly ClaimResult[];
}

const ORDER: readonly ClaimVerdict[] = ['reproduced', 'refuted', 'inconclusive', 'not-applicable'];

/** Refuting it here says something against it: what a gate must not pass over. */
export function isFailed({ claim, verdict }: ClaimResult): boolean {
  return verdict === 'refuted' && claim.historical !== true;
}

/** The report as text; no line is wider than `width`. */
export function renderClaims(report: ClaimReport, options: RenderOptions = {}): string {
  const width = Math.max(40, options.width ?? 80);
  const strong = (lines: readonly string[]) =>
    options.colour ? lines.map((line) => `\u001b[1m${line}\u001b[0m`) : [...lines];
  const section = (title: string, body: readonly string[]) =>
    body.length === 0 ? [] : ['', ...strong(wrap(title, width)), ...body];
  const judged = report.results.filter(({ verdict }) => verdict !== 'not-applicable');
  const others = report.results.filter(({ verdict }) => verdict === 'not-applicable');
  const blocks = `${report.blocks} ${report.blocks === 1 ? 'block' : 'blocks'}`;
  return [
    ...wrap(`${clean(report.title, 120)}, on ${clean(report.session, 60)} (${blocks})`, width, '  '),
    ...strong(wrap(summarySentence(report.results), width)),
    ...section('Judged: the 95 % interval found here against the band', judgedLines(judged, width)),
    ...section(
      'Claim and reason',
      judged.flatMap((result) => wrap(judgedText(result), width, '  ')),
    ),
    ...section('Read this with', historicalLines(judged, width)),
    ...section(
      'Not applicable here',
      others.flatMap(({ claim, reason }) =>
        wrap(`${claim.id}: ${clean(claim.claim)} ${capital(clean(reason))}.`, width, '  '),
      ),
    ),
    '',
  ].join('\n');
}

/** `15 claims: 1 reproduced, …`; a claim that was judged on several pairs counts once for each. */
export function summarySentence(results: readonly ClaimResult[]): string {
  const counts = ORDER.map((verdict) => {
    const same = results.filter((result) => result.verdict === verdict);
    const historical = verdict === 'refuted' ? same.filter(({ claim }) => claim.historical).length : 0;
    return `${same.length} ${verdictWord(verdict)}${historical > 0 ? ` (${historical} historical)` : ''}`;
  });
  const claims = new Set(results.map(({ claim }) => claim.id)).size;
  return `${claims} ${claims === 1 ? 'claim' : 'claims'}: ${counts.join(', ')}.`;
}

export function verdictWord(verdict: ClaimVerdict): string {
  return verdict.replace('-', ' ');
}

/** `1.15–1.21`, `at most 125 ms`. */
export function bandText({ low, high }: Claim['band'], unit: ClaimResult['unit']): string {
  const suffix = unit === 'ratio' ? '' : ` ${unit}`;
  if (low === undefined) return `at most ${high}${suffix}`;
  return high === undefined ? `at least ${low}${suffix}` : `${low}–${high}${suffix}`;
}

function judgedLines(results: readonly ClaimResult[], width: number): string[] {
  if (results.length === 0) return [];
  const rows = results.map(({ claim, ours, unit, verdict }) => ({
    cells: [
      clean(claim.id, 24),
      publishedText(claim),
      bandText(claim.band, unit),
      figureText(ours, unit),
      verdictWord(verdict),
    ],
  }));
  return tableLines(['', 'published', 'band', 'here', 'verdict'], rows, width);
}

function publishedText({ value, published }: Claim): string {
  return published === undefined ? `${value}` : `${value} [${published.low}, ${published.high}]`;
}

function figureText(ours: Estimate | null, unit: ClaimResult['unit']): string {
  if (ours === null) return '–';
  if (unit !== 'ratio') return intervalText(ours, threeDigits, ` ${unit}`);
  const digits = ratioDigits({ timeRatio: ours.ratio, interval: ours.interval });
  return intervalText(ours, (value) => value.toFixed(digits), '');
}

function intervalText({ ratio, interval }: Estimate, format: (value: number) => string, unit: string): string {
  const ends = (known: Interval) => ` [${format(known.low)}, ${format(known.high)}]`;
  return `${format(ratio)}${interval === null ? '' : ends(interval)}${unit}`;
}

function judgedText(result: ClaimResult): string {
  const { claim, pair, workload, timeRatio, verdict, reason } = result;
  const sides = pair?.denominator
    ? `${clean(pair.numerator, 60)} over ${clean(pair.denominator, 60)}`
    : pair?.numerator;
  const where = [sides, workload, claim.metric].filter(Boolean).join(', ');
  const historical = claim.historical ? ', historical' : '';
  return `${claim.id}: ${clean(claim.claim)} ${capital(verdictWord(verdict))}${historical} (${where}): ${bothWays(timeRatio)}${clean(reason)}.`;
}

function capital(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}

/** Time ratio and throughput stand together: "18 % slower" can mean either. */
function bothWays(timeRatio: Estimate | null): string {
  if (timeRatio === null) return '';
  const row = { timeRatio: timeRatio.ratio, interval: timeRatio.interval };
  const throughput = formatChange(1 / timeRatio.ratio, percentDigits(row));
  return `time ratio ${timeRatio.ratio.toFixed(ratioDigits(row))}, throughput ${throughput}; `;
}

function historicalLines(results: readonly ClaimResult[], width: number): string[] {
  const ids = [...new Set(results.filter(({ claim }) => claim.historical).map(({ claim }) => claim.id))];
  if (ids.length === 0) return [];
  const text =
    `${ids.join(', ')}: historical. The stack it was measured on is not to be had any more, so that a refutation on ` +
    'a modern host says nothing against the reviewers, only that the figure must not be expected here. It does not ' +
    'change the exit code.';
  return wrap(text, width, '  ');
}
