/** Figures beside CPU time as rows of text, for the tables of Markdown and of the page. */

import type { FootprintFigure, FootprintSummary } from '../bench/analysis/footprint.ts';
import { FOOTPRINT_FIGURES } from '../bench/analysis/footprint.ts';
import type { StartupFigure, StartupRow } from '../bench/types.ts';
import { formatNs, threeDigits } from '../bench/units.ts';

const MIB = 2 ** 20;
const NO_FIGURE = '–';

const STARTUP_TITLES: Readonly<Record<StartupFigure, string>> = {
  spawned: 'spawned',
  'first-instruction': 'first instruction',
  ready: 'ready',
  removal: 'removal',
};

const FOOTPRINT_TITLES: Readonly<Record<FootprintFigure, string>> = {
  host: 'host memory',
  pss: 'PSS',
  cgroup: 'control group',
  disk: 'disk',
};

export interface StartupText {
  readonly env: string;
  readonly temperature: string;
  readonly figure: string;
  readonly median: string;
  readonly medianMs: number;
  /** Times the baseline, and its interval; dashes for the baseline itself. */
  readonly ratio: string;
  readonly times: number | null;
  readonly range: string;
}

export function startupText({ env, temperature, figure, medianMs, ratio }: StartupRow): StartupText {
  return {
    env,
    temperature,
    figure: STARTUP_TITLES[figure],
    median: formatNs(medianMs * 1e6),
    medianMs,
    ratio: ratio === null ? NO_FIGURE : times(ratio.ratio),
    times: ratio?.ratio ?? null,
    range: ratio?.interval ? `${times(ratio.interval.low)} to ${times(ratio.interval.high)}` : NO_FIGURE,
  };
}

export interface FootprintText {
  readonly env: string;
  readonly figure: string;
  readonly mib: string;
  readonly bytes: number;
  readonly range: string;
}

/** What one more idle instance takes: those of its figures that could be read. */
export function footprintTexts({ env, slopes }: FootprintSummary): FootprintText[] {
  return FOOTPRINT_FIGURES.flatMap((figure) => {
    const slope = slopes[figure];
    if (slope === null) return [];
    const { perInstanceBytes: bytes, interval } = slope;
    const range = interval === null ? NO_FIGURE : `${mebibytes(interval.low)} to ${mebibytes(interval.high)}`;
    return [{ env, figure: FOOTPRINT_TITLES[figure], mib: mebibytes(bytes), bytes, range }];
  });
}

/** Without the unit. */
export function mebibytes(bytes: number): string {
  const value = bytes / MIB;
  return Math.abs(value) < 0.0005 ? '0' : `${value < 0 ? '−' : ''}${threeDigits(Math.abs(value))}`;
}

/** A ratio in about three digits. */
export function times(ratio: number): string {
  return ratio >= 100 ? ratio.toFixed(0) : ratio >= 10 ? ratio.toFixed(1) : ratio.toFixed(2);
}
