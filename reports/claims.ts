/** Judged claims as text: a table of what was claimed and what was found, then each claim with its reason. */

import type { ClaimResult } from '../bench/analysis/claims/judge.ts';
import type { Claim } from '../bench/analysis/claims/schema.ts';
import type { Estimate, Interval } from '../bench/types.ts';
import { formatChange, threeDigits } from '../bench/units.ts';
import type { TerminalOptions } from './formats/terminal.ts';
import { tableLines } from './formats/text-table.ts';
import { bandText, summarySentence, verdictWord } from './sections/claims.ts';
import { clean, wrap } from './text.ts';
import { percentDigits, ratioDigits } from './words.ts';

export interface ClaimReport {
  readonly session: string;
  readonly blocks: number;
  /** Of the claims file. */
  readonly title: string;
  readonly results: readonly ClaimResult[];
}

/** Refuting it here says something against it: what a gate must not pass over. */
export function isFailed({ claim, verdict }: ClaimResult): boolean {
  return verdict === 'refuted' && claim.historical !== true;
}

/** The report as text; no line is wider than `width`. */
export function renderClaims(report: ClaimReport, options: TerminalOptions = {}): string {
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
    ...section('Notes', historicalLines(judged, width)),
    ...section(
      'Not applicable here',
      others.flatMap(({ claim, reason }) =>
        wrap(`${claim.id}: ${clean(claim.claim)} ${capital(clean(reason))}.`, width, '  '),
      ),
    ),
    '',
  ].join('\n');
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
    `${ids.join(', ')}: historical. The stack it was measured on is no longer available, so a refutation on ` +
    'a modern host says nothing against the reviewers, only that the figure must not be expected here. It does not ' +
    'change the exit code.';
  return wrap(text, width, '  ');
}
