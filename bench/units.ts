/** Units: parsing what users write (`10ms`, `2g`, `2%`) and printing figures the same way everywhere. */

import { usageError } from './errors.ts';

export { median } from './numbers/select.ts';

const DURATIONS: Readonly<Record<string, number>> = { ns: 1, us: 1e3, ms: 1e6, s: 1e9, m: 60e9, h: 3600e9 };
const BYTES: Readonly<Record<string, number>> = { b: 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, t: 2 ** 40 };

/** `10ms` → 10_000_000 ns. Refuses a number without a unit. */
export function parseDurationNs(text: string, flag: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*(ns|us|ms|s|m|h)$/.exec(text.trim());
  const scale = DURATIONS[match?.[2] ?? ''];
  const ns = Math.round(Number(match?.[1]) * (scale ?? Number.NaN));
  if (ns > 0 && Number.isFinite(ns)) return ns;
  throw usageError(`${flag} takes a time with its unit.`, text, '10ms, 60s, 5m');
}

/** `2g` → 2147483648. Refuses a number without a unit. */
export function parseBytes(text: string, flag: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*(?:([kmgt])(?:i?b)?|(b))$/i.exec(text.trim());
  const scale = BYTES[(match?.[2] ?? match?.[3] ?? '').toLowerCase()];
  if (!match || scale === undefined || Number(match[1]) <= 0) {
    throw usageError(`${flag} takes an amount of memory with its unit.`, text, '512m, 2g');
  }
  return Math.round(Number(match[1]) * scale);
}

export interface PercentBounds {
  /** Shares; without it anything above 0. */
  readonly least?: number;
  readonly most?: number;
  readonly example?: string;
}

/** `2%` → 0.02. Refuses a number without the sign, because 2 could be meant for 0.02 or for 2 %. */
export function parsePercent(
  text: string,
  flag: string,
  { least, most = 0.5, example = '1%' }: PercentBounds = {},
): number {
  const match = /^(\d+(?:\.\d+)?)\s*%$/.exec(text.trim());
  const share = Number(match?.[1]) / 100;
  if (!(share > 0 && share >= (least ?? 0) && share <= most)) {
    const range = least === undefined ? 'above 0 and up' : `from ${100 * least}`;
    throw usageError(`${flag} takes a percentage ${range} to ${100 * most} %.`, text, `${flag} ${example}`);
  }
  return Number(share.toPrecision(12));
}

/** All digits, as the values of flags have them: 1e-7 → `0.0000001`. */
export function plainDecimal(value: number): string {
  const [, whole = '', part = '', exponent] = /^(\d)(?:\.(\d+))?e([+-]\d+)$/.exec(String(value)) ?? [];
  if (exponent === undefined) return String(value);
  const digits = whole + part;
  const place = Number(exponent);
  return place < 0 ? `0.${'0'.repeat(-place - 1)}${digits}` : digits.padEnd(place + 1, '0');
}

/** 0.005 → `0.5%`, as it is written. */
export function formatPercent(share: number): string {
  return `${plainDecimal(Number((share * 100).toPrecision(6)))}%`;
}

/** `3` → 3. */
export function parseCount(text: string, flag: string, least: number, most: number): number {
  const value = Number(text);
  if (!/^\d+$/.test(text.trim()) || value < least || value > most) {
    const example = Math.min(most, Math.max(least, 6));
    throw usageError(`${flag} takes a whole number from ${least} to ${most}.`, text, `${flag} ${example}`);
  }
  return value;
}

/** `0,2-3` → [0, 2, 3]. */
export function parseCpuList(text: string, flag: string): number[] {
  const cpus = new Set<number>();
  for (const part of text.trim().split(',')) {
    const match = /^(\d+)(?:-(\d+))?$/.exec(part.trim());
    const first = Number(match?.[1]);
    const last = Number(match?.[2] ?? match?.[1]);
    if (!match || last < first || last > 4095) throw usageError(`${flag} takes a list of CPUs.`, text, '1 or 0,2-3');
    for (let cpu = first; cpu <= last; cpu++) cpus.add(cpu);
  }
  return [...cpus].sort((a, b) => a - b);
}

/** [0, 2, 3] → `0,2-3`. */
export function formatCpuList(cpus: readonly number[]): string {
  const parts: string[] = [];
  for (let i = 0; i < cpus.length; ) {
    let j = i;
    while (j + 1 < cpus.length && cpus[j + 1] === (cpus[j] ?? 0) + 1) j++;
    parts.push(i === j ? `${cpus[i]}` : `${cpus[i]}-${cpus[j]}`);
    i = j + 1;
  }
  return parts.join(',');
}

/** Nanoseconds with three significant digits and a unit that fits. */
export function formatNs(ns: number): string {
  const [unit, scale] = ns < 1e3 ? ['ns', 1] : ns < 1e6 ? ['µs', 1e3] : ns < 1e9 ? ['ms', 1e6] : ['s', 1e9];
  return `${threeDigits(ns / (scale as number))} ${unit}`;
}

/** Seconds as `45 s`, `3 min 20 s`, `1 h 05 min`. */
export function formatSpan(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, '0')} s`;
  return `${Math.floor(whole / 3600)} h ${String(Math.floor((whole % 3600) / 60)).padStart(2, '0')} min`;
}

/** A ratio as a signed change: 1.0134 → `+1.3 %`. */
export function formatChange(ratio: number, digits = 1): string {
  return `${changeDigits(ratio, digits)} %`;
}

/** The same without its unit: 1.0134 → `+1.3`. */
export function changeDigits(ratio: number, digits = 1): string {
  const percent = (ratio - 1) * 100;
  const text = Math.abs(percent).toFixed(digits);
  const sign = Number(text) === 0 ? '±' : percent < 0 ? '−' : '+';
  return `${sign}${text}`;
}

/** Three significant digits without an exponent. */
export function threeDigits(value: number): string {
  if (value === 0) return '0';
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  return value.toFixed(Math.min(digits, 9));
}

/** `1 block`, `6 blocks`. */
export function count(number: number, one: string, many = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`;
}
