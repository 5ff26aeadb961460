/** Figures in words, one way for every report: dashes, signs, units, intervals, digits. */

import type { Estimate, Interval } from '../bench/types.ts';
import { changeDigits, formatChange, formatNs, threeDigits } from '../bench/units.ts';

export { count } from '../bench/units.ts';

/** Where a figure could not be computed or does not apply. */
export const NO_FIGURE = '–';
export const MINUS = '−';

/** Width of a chart that has a row to itself, CSS pixels. */
export const WIDE = 860;

export const MIB = 2 ** 20;

/** `format(value)`, or the dash. */
export function known(value: number | null | undefined, format: (value: number) => string): string {
  return value === null || value === undefined ? NO_FIGURE : format(value);
}

/** `2 %`: a share without trailing zeros. */
export function percent(share: number): string {
  return `${Number((share * 100).toPrecision(3))} %`;
}

/** `±0.24 %`. */
export function plusMinus(share: number, digits: number): string {
  return `±${Math.abs(share * 100).toFixed(digits)} %`;
}

/** A ratio in about three digits. */
export function times(ratio: number): string {
  return ratio >= 100 ? ratio.toFixed(0) : ratio >= 10 ? ratio.toFixed(1) : fixed(ratio, 2);
}

/** Mebibytes without the unit. */
export function mib(bytes: number): string {
  const value = bytes / MIB;
  return Math.abs(value) < 0.0005 ? '0' : `${value < 0 ? MINUS : ''}${threeDigits(Math.abs(value))}`;
}

/** Requests a second, without the unit. */
export function rateText(perSecond: number): string {
  return perSecond >= 1000 ? perSecond.toFixed(0) : String(Number(perSecond.toPrecision(3)));
}

/** Milliseconds with a unit that fits. */
export function ms(value: number): string {
  return formatNs(value * 1e6);
}

/** `[0.994, 1.021]`, or the dash. */
export function range(interval: Interval | null | undefined, format: (value: number) => string): string {
  return interval ? `[${format(interval.low)}, ${format(interval.high)}]` : NO_FIGURE;
}

/** An interval that spans more than this factor leaves not even the order of magnitude. */
const WIDEST = 100;

/** Of quantities above 0: as good as none, as from two blocks that differ. */
export function isTooWide({ low, high }: Interval): boolean {
  return high > WIDEST * low;
}

/** A ratio with its interval, whichever of a row's it is. */
export interface Figure {
  readonly timeRatio: number;
  readonly interval: Interval | null;
}

export function figureOf({ ratio, interval }: Estimate): Figure {
  return { timeRatio: ratio, interval };
}

/** Digits after the point of a ratio, so that its interval has a visible width: 3, or 4 for a narrow one. */
export function ratioDigits(figure: Figure): number {
  if (figure.timeRatio >= 10) return 2;
  return figure.interval !== null && figure.interval.high - figure.interval.low < 0.004 ? 4 : 3;
}

/** A ratio in its digits, and its interval in the same. */
export function ratioWords(figure: Figure): Words {
  const digits = ratioDigits(figure);
  const format = (value: number) => fixed(value, digits);
  return { value: format(figure.timeRatio), range: figure.interval && range(figure.interval, format) };
}

/** Digits after the point of the same as a change in percent. */
export function percentDigits(figure: Figure): number {
  return Math.max(1, ratioDigits(figure) - 2);
}

/** `+5.1 %`, `[+4.8, +5.4]`. */
export function changeWords({ timeRatio, interval }: Figure, digits = 1): Words {
  return { value: changePercent(timeRatio, digits), range: changeRange(interval, digits) };
}

/** `[+4.8, +5.4]`, in percent. */
export function changeRange(interval: Interval | null, digits = 1): string | null {
  return interval && range(interval, (ratio) => change(ratio, digits));
}

/** A ratio as a signed change in percent, without the unit: 1.0134 → `+1.3`. */
export const change = changeDigits;
/** The same with its unit: `+1.3 %`. */
export const changePercent = formatChange;

/** From this factor on a ratio is no change in percent. */
const FACTOR_FROM = 2;

/** `+0.3 %`, or `× 2.57`. */
export function valueText(figure: Figure): string {
  const { timeRatio } = figure;
  return timeRatio >= FACTOR_FROM ? `× ${factor(timeRatio)}` : changePercent(timeRatio, percentDigits(figure));
}

/** `[+0.1, +0.5]`, in percent or as factors like its value. */
export function rangeText(figure: Figure): string | null {
  const { timeRatio, interval } = figure;
  return timeRatio >= FACTOR_FROM ? interval && range(interval, factor) : changeRange(interval, percentDigits(figure));
}

/** A figure as its parts, which sentences put together in their own order. */
export interface Words {
  readonly value: string;
  readonly range: string | null;
}

/** `time +1.2 %`, `[−0.9, +3.3]`; from a factor of two on `time × 2.57`. */
export function signedWords({ timeRatio, interval }: Figure, digits: number): Words {
  if (timeRatio >= 2) return { value: `time × ${timeRatio.toFixed(2)}`, range: interval && range(interval, factor) };
  return {
    value: `time ${formatChange(timeRatio, digits)}`,
    range: changeRange(interval, digits),
  };
}

/** `5.1 % longer`, `[4.8, 5.4]`; from a factor of two on `2.57 times as long`. */
export function lengthWords({ timeRatio, interval }: Figure, digits: number): Words {
  const { low, high } = interval ?? { low: timeRatio, high: timeRatio };
  if (timeRatio >= 2) return { value: `${factor(timeRatio)} times as long`, range: range({ low, high }, factor) };
  const size = (ratio: number) => (Math.abs(ratio - 1) * 100).toFixed(digits);
  return timeRatio >= 1
    ? { value: `${size(timeRatio)} % longer`, range: `[${size(low)}, ${size(high)}]` }
    : { value: `${size(timeRatio)} % less time`, range: `[${size(high)}, ${size(low)}]` };
}

export function joined({ value, range: ends }: Words, otherwise = ''): string {
  return ends === null ? `${value}${otherwise}` : `${value} ${ends}`;
}

/** A factor in two digits after the point, or in two that count where those would be zeros. */
export function factor(value: number): string {
  return fixed(value, 2);
}

/** So many digits after the point; more where nothing but zeros would be left of a small number. */
function fixed(value: number, digits: number): string {
  if (value <= 0 || value >= 10 ** -digits) return value.toFixed(digits);
  return value.toFixed(Math.min(20, 1 - Math.floor(Math.log10(value))));
}

/** With the first letter large. */
export function capital(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}

/** With a full stop, unless it ends in one of its kind. */
export function sentence(text: string): string {
  return /[.!?…]$/.test(text) ? text : `${text}.`;
}

/** `2026-11-26 07:01 UTC`. */
export function dateText(at: string): string {
  const begun = Date.parse(at);
  return Number.isFinite(begun) ? `${new Date(begun).toISOString().slice(0, 16).replace('T', ' ')} UTC` : 'no date';
}
