/** CSV for Apache Otava: a row a session in the order of time, a column a metric. */

import { stringify } from 'csv-stringify/sync';
import { neutral } from '../text.ts';
import { type ExportModel, exportModel, plain } from './export.ts';
import type { Format } from './format.ts';

const ATTRIBUTES = ['time', 'session', 'version', 'fingerprint', 'seal', 'warning'] as const;

/** Otava reads every cell of a metric as a number, and an empty one stops it: a metric that is missing from a session is left out. */
function render(models: readonly ExportModel[]): string {
  const sessions = byTime(models);
  const names = sharedMetrics(sessions);
  const rows = sessions.map(({ model, metrics }) => [
    timeOf(model),
    neutral(model.session.id),
    neutral(model.session.program),
    neutral(model.fingerprint),
    model.integrity.seal ?? '',
    neutral(model.integrity.faults.join('; ')),
    ...names.map((name) => plain(metrics.get(name) ?? Number.NaN)),
  ]);
  return stringify([[...ATTRIBUTES, ...names], ...rows], { escape_formulas: true });
}

function remarks(models: readonly ExportModel[]): string[] {
  const sessions = byTime(models);
  const shared = new Set(sharedMetrics(sessions));
  const others = new Set(sessions.flatMap(({ metrics }) => [...metrics.keys()]).filter((name) => !shared.has(name)));
  const hosts = new Set(models.map(({ fingerprint }) => fingerprint)).size;
  return [
    ...(others.size === 0
      ? []
      : [
          `${others.size} metrics are left out, because not every session has them: ${[...others].slice(0, 6).join(', ')}${others.size > 6 ? ', …' : ''}`,
        ]),
    ...(hosts < 2
      ? []
      : [`the sessions are of ${hosts} different machines: times per pass can't be joined, ratios with care`]),
  ];
}

/** Ratios, then times per pass in ns. Names contain no comma, so a YAML list of them needs no quotes. */
function metricsOf({ contrasts, environments }: ExportModel): ReadonlyMap<string, number> {
  const metrics = new Map<string, number>();
  const name = (...parts: string[]) => parts.map((part) => neutral(part).replaceAll(/[\s,:]+/g, '_')).join('.');
  for (const { env, baseline, workload, timeRatio } of contrasts) {
    metrics.set(name(env, 'over', baseline, workload, 'time_ratio'), timeRatio);
  }
  for (const { path, role, summary } of environments) {
    if (role === 'control') continue;
    for (const { workload, medianNsPerPass } of summary.workloads) {
      if (medianNsPerPass !== null) metrics.set(name(path, workload, 'ns_per_pass'), medianNsPerPass);
    }
  }
  return metrics;
}

function byTime(models: readonly ExportModel[]) {
  return models
    .map((model) => ({ model, metrics: metricsOf(model) }))
    .sort((a, b) => Date.parse(a.model.session.startedAt) - Date.parse(b.model.session.startedAt));
}

function sharedMetrics(sessions: ReturnType<typeof byTime>): string[] {
  const [first, ...others] = sessions;
  return [...(first?.metrics.keys() ?? [])].filter((name) => others.every(({ metrics }) => metrics.has(name)));
}

/** `2026-11-23 17:00:00 +0000`, as Otava prints it. */
function timeOf({ session }: ExportModel): string {
  const ms = Date.parse(session.startedAt);
  return Number.isFinite(ms)
    ? `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')} +0000`
    : neutral(session.startedAt);
}

export const otava: Format = {
  name: 'otava',
  extension: 'csv',
  summary: "CSV for Apache Otava's change points: a row a session, a column for every ratio and time per pass",
  audience: 'tool',
  many: true,
  files: (sessions) => [{ name: 'otava.csv', content: render(sessions.map(exportModel)) }],
  remarks: (sessions) => remarks(sessions.map(exportModel)),
};
