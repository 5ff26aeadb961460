/** What the formats of other tools share: the model of a report with the bursts behind it, and numbers as tools want them. */

import { grouped } from '../../bench/grouped.ts';
import type { ReportModel, StartSeries } from '../model/model.ts';
import type { Format, SessionReport } from './format.ts';

export interface ExportModel extends ReportModel {
  /** In the order of `environments` (the control last), workloads and blocks. */
  readonly starts: readonly StartSeries[];
  /** Digest of the host's hardware: which distinguishes sessions of one machine from those of another. */
  readonly fingerprint: string;
}

export function exportModel({ model }: Pick<SessionReport, 'model'>): ExportModel {
  const { details } = model;
  return { ...model, starts: details.bursts(), fingerprint: details.record?.host.fingerprint ?? '' };
}

/** A format of another tool: one session as a text. */
export function textExport(
  about: Pick<Format, 'name' | 'extension' | 'summary' | 'costs'>,
  render: (model: ExportModel) => string,
): Format {
  return {
    ...about,
    audience: 'tool',
    many: false,
    files([session, ...more]) {
      if (session === undefined || more.length > 0) throw new RangeError('this format takes exactly one session');
      return [{ name: `${about.name}.${about.extension}`, content: render(exportModel(session)) }];
    },
  };
}

/** Starts of one environment on one workload, in the model's order. */
export function groupStarts({ starts }: ExportModel): (readonly StartSeries[])[] {
  return grouped(starts, ({ env, workload }) => [env, workload]);
}

/** Plain decimals of `digits` significant digits, never an exponent: some readers stop at one. */
export function plain(value: number, digits = 9): string {
  const rounded = Number(value.toPrecision(digits));
  const text = String(rounded);
  if (!/e/i.test(text)) return text;
  if (Math.abs(rounded) >= 1e21) return String(BigInt(rounded));
  const decimals = Math.min(100, Math.max(0, digits - 1 - Math.floor(Math.log10(Math.abs(rounded)))));
  return rounded.toFixed(decimals).replace(/\.?0+$/, '');
}

/** `value` rounded to significant digits, for JSON. */
export function rounded(value: number, digits = 9): number {
  return Number(value.toPrecision(digits));
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

export function stdDev(values: readonly number[]): number {
  if (values.length < 2) return 0;
  const centre = mean(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - centre) ** 2, 0) / (values.length - 1));
}
