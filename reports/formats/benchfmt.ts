/** Go's benchmark format, for `benchstat -col env`: one line a fresh start, which is what benchstat takes for a sample. */

import { median } from '../../bench/units.ts';
import { neutral } from '../text.ts';
import { type ExportModel, groupStarts, plain, textExport } from './export.ts';

/**
 * Keys begin with a lower-case letter and apply to all lines below; names are one word that continues in upper case. Of the
 * keys only `env` changes, because benchstat makes a table for each set of the others. Format: Go proposal 14313.
 */
function render(model: ExportModel): string {
  const { session, integrity } = model;
  const lines = ['Unit ns/op better=lower', 'Unit MFLOPS better=higher'];
  const keys: Readonly<Record<string, string>> = {
    session: session.id,
    boxmark: session.program,
    host: session.host,
    fingerprint: model.fingerprint,
    size: session.plan.size,
    seal: integrity.seal ?? '',
    warning: integrity.faults.join('; '),
  };
  for (const [key, value] of Object.entries(keys)) if (neutral(value) !== '') lines.push(`${key}: ${neutral(value)}`);
  let current: string | null = null;
  for (const starts of groupStarts(model)) {
    for (const { env, workload, work, flopsPerPass, values } of starts) {
      if (env !== current) lines.push('', `env: ${neutral(env)}`);
      current = env;
      const ns = median(values);
      const rate = flopsPerPass === null ? '' : `\t${plain((flopsPerPass * 1e3) / ns)} MFLOPS`;
      lines.push(`Benchmark${goName(workload)}\t${work * values.length}\t${plain(ns)} ns/op${rate}`);
    }
  }
  return `${lines.join('\n')}\n`;
}

/** `monte-carlo` → `MonteCarlo`; what is no letter or digit ends a word. */
function goName(workload: string): string {
  const words = workload.split(/[^A-Za-z0-9]+/).filter((word) => word !== '');
  return words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('') || 'Unnamed';
}

export const benchfmt = textExport(
  {
    name: 'benchfmt',
    extension: 'txt',
    summary: "Go's benchmark format, for benchstat -col env: ns per pass and MFLOPS, one line a fresh start",
  },
  render,
);
