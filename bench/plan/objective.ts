/** Objectives: up to which slowdown or latency, at which quantile, a number of instances is acceptable. */

import { nearest, usageError } from '../errors.ts';
import { parseDurationNs } from '../units.ts';
import { orList, type ValueType } from './values.ts';

export const OBJECTIVE_FIGURES = ['slowdown', 'latency'] as const;

/** `p99 slowdown <= 1.10`, `median latency < 50ms`. */
export interface Objective {
  /** `slowdown` is how many times longer something takes than with one instance alone. */
  readonly figure: (typeof OBJECTIVE_FIGURES)[number];
  /** From 0.5, the median, to 0.999. */
  readonly quantile: number;
  /** A factor of 1 or more for slowdown, nanoseconds for latency. */
  readonly limit: number;
  /** Written with `<`: the limit itself doesn't meet it. */
  readonly isStrict: boolean;
}

const FORM = /^(?<quantile>[^\s<=≤>]+)\s+(?<figure>[^\s<=≤>]+)\s*(?<comparison><=|≤|<)\s*(?<limit>[^<=≤>]+)$/;
const EXAMPLES = "'p99 slowdown <= 1.10', 'median slowdown <= 1.5', 'p99.9 latency <= 50ms'";
/** Anything slower has stopped. */
const MOST_FACTOR = 1000;
const UNITS = [
  ['s', 1e9],
  ['ms', 1e6],
  ['us', 1e3],
] as const;

export const OBJECTIVE: ValueType<Objective> = {
  metavar: 'objective',
  forms: ['text'],
  parse: (given, flag) => objectiveOf(given, flag),
  format: formatObjective,
};

/** Whether a slowdown, or a latency in nanoseconds, is within the objective's limit. */
export function meetsObjective({ limit, isStrict }: Objective, value: number): boolean {
  return isStrict ? value < limit : value <= limit;
}

/** As a user would write it: reading it gives the same objective. */
export function formatObjective({ figure, quantile, limit, isStrict }: Objective): string {
  const which = quantile === 0.5 ? 'median' : `p${Number((quantile * 100).toPrecision(12))}`;
  return `${which} ${figure} ${isStrict ? '<' : '<='} ${figure === 'latency' ? writtenNs(limit) : limit}`;
}

function objectiveOf(given: unknown, flag: string): Objective {
  const groups = typeof given === 'string' ? FORM.exec(given.trim())?.groups : undefined;
  if (typeof given !== 'string' || groups === undefined) {
    const takes = 'a quantile, slowdown or latency, <= or <, and a limit';
    const shown = typeof given === 'string' ? given : JSON.stringify(given);
    throw usageError(`${flag} takes an objective: ${takes}.`, shown, EXAMPLES);
  }
  const { quantile = '', figure = '', comparison = '', limit = '' } = groups;
  const known = OBJECTIVE_FIGURES.find((name) => name === figure);
  if (known === undefined) {
    const hint = nearest(figure, OBJECTIVE_FIGURES);
    throw usageError(`The objective of ${flag} is about ${orList(OBJECTIVE_FIGURES)}${hint}.`, given, EXAMPLES);
  }
  return {
    figure: known,
    quantile: quantileOf(quantile, given, flag),
    limit: known === 'latency' ? latencyOf(limit, flag) : factorOf(limit, given, flag),
    isStrict: comparison === '<',
  };
}

function quantileOf(text: string, given: string, flag: string): number {
  if (text === 'median') return 0.5;
  const percent = Number(/^p(\d{2}(?:\.\d+)?)$/.exec(text)?.[1]);
  if (percent >= 50 && percent <= 99.9) return Number((percent / 100).toPrecision(12));
  throw usageError(`The quantile of ${flag} is median, or from p50 to p99.9.`, given, EXAMPLES);
}

function factorOf(text: string, given: string, flag: string): number {
  const factor = /^\d+(?:\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (factor >= 1 && factor <= MOST_FACTOR) return factor;
  throw usageError(`The slowdown of ${flag} is a factor from 1 to ${MOST_FACTOR}.`, given, "'p99 slowdown <= 1.10'");
}

/** At least 1 ns: less rounds to a limit that nothing meets. */
function latencyOf(text: string, flag: string): number {
  return Math.max(1, parseDurationNs(text, `The latency of ${flag}`));
}

/** Whole nanoseconds, exactly. */
function writtenNs(ns: number): string {
  const [unit, scale] = UNITS.find(([, least]) => ns >= least) ?? ['ns', 1];
  return `${ns / scale}${unit}`;
}
