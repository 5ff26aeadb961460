/** What an export is, and what it is rendered from: the model of a report, and the bursts behind it by fresh start. */

import type { StartSeries } from '../../bench/analysis/start-series.ts';
import type { ReportModel } from '../model.ts';

export interface ExportModel extends ReportModel {
  /** In the order of `environments` (the control last), workloads and blocks. */
  readonly starts: readonly StartSeries[];
  /** Digest of the host's hardware: what tells sessions of one machine from those of another. */
  readonly fingerprint: string;
}

export interface Export {
  /** The word after `--as`. */
  readonly name: string;
  /** One sentence for lists: the tool, and what it does with the file. */
  readonly summary: string;
  /** Does one file hold several sessions? Those that don't take exactly one. */
  readonly many: boolean;
  /** Pure: the same sessions give the same text. */
  render(models: readonly ExportModel[]): string;
  /** What the reader must be told of this file besides: figures that its format could not take. */
  remarks?(models: readonly ExportModel[]): string[];
}

/** `of(model)` for formats that hold one session. */
export function single(render: (model: ExportModel) => string): (models: readonly ExportModel[]) => string {
  return ([model, ...more]) => {
    if (model === undefined || more.length > 0) throw new RangeError('this format holds exactly one session');
    return render(model);
  };
}

/** Starts of one environment on one workload, in the model's order. */
export function groupStarts({ starts }: ExportModel): (readonly StartSeries[])[] {
  const groups = new Map<string, StartSeries[]>();
  for (const start of starts) {
    const key = JSON.stringify([start.env, start.workload]);
    const known = groups.get(key);
    if (known) known.push(start);
    else groups.set(key, [start]);
  }
  return [...groups.values()];
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
