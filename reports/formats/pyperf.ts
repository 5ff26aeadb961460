/** pyperf's JSON (format 1.0): one benchmark an environment and workload, one run a fresh start, one value a burst. */

import { neutral } from '../text.ts';
import { type ExportModel, groupStarts, rounded, textExport } from './export.ts';
import { jsonText } from './json-text.ts';

/**
 * pyperf refuses empty metadata, line ends in it, values that are not above 0, and a file without benchmarks; values and
 * warm-ups are per loop, here per pass. Metadata it does not know stays as text.
 */
function render(model: ExportModel): string {
  const { session } = model;
  const benchmarks = groupStarts(model).map((starts) => {
    const [{ env, workload } = { env: '', workload: '' }] = starts;
    return {
      metadata: { name: `${neutral(env)} ${neutral(workload)}` },
      runs: starts.map(({ block, work, startedAt, warmups, values }) => ({
        metadata: { ...dateOf(startedAt), loops: work, boxmark_block: block },
        ...(warmups.length === 0 ? {} : { warmups: warmups.map((one) => [one.work, rounded(one.nsPerPass / 1e9)]) }),
        values: values.map((ns) => rounded(ns / 1e9)),
      })),
    };
  });
  const about = {
    boxmark_session: session.id,
    boxmark_version: session.program,
    boxmark_fingerprint: model.fingerprint,
    boxmark_host: session.host,
    boxmark_size: session.plan.size,
    boxmark_seal: model.integrity.seal ?? '',
    boxmark_warning: model.integrity.faults.join('; '),
    description: 'seconds per kernel pass',
  };
  const known = Object.entries(about)
    .map(([name, value]) => [name, neutral(value)] as const)
    .filter(([, value]) => value !== '');
  return jsonText({ version: '1.0', metadata: { ...Object.fromEntries(known), unit: 'second' }, benchmarks });
}

/** `2026-11-23 17:00:00.000000`, the form that pyperf parses; none when it is no date. */
function dateOf(startedAt: string): { date?: string } {
  const ms = Date.parse(startedAt);
  if (!Number.isFinite(ms)) return {};
  return { date: `${new Date(ms).toISOString().replace('T', ' ').replace('Z', '')}000` };
}

export const pyperf = textExport(
  {
    name: 'pyperf',
    extension: 'json',
    summary: "pyperf's JSON, for its hist, stats and compare_to: every measured burst and warm-up, in seconds per pass",
  },
  render,
);
