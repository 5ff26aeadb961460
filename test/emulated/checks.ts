/** What an emulated host brought out, checked here: whole sessions, right answers, and the same bits as on this processor. */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type LoadedSession, loadSession } from '../../bench/session/load.ts';
import { isKvm } from './hosts.ts';

/** Checksums by engine, kernel and size. */
export type Sums = Readonly<Record<string, string>>;

export interface Wanted {
  readonly environments: readonly string[];
  readonly blocks: number;
}

/** The one session in a folder of results. */
export function sessionIn(results: string): string | null {
  const [only, ...more] = existsSync(results) ? readdirSync(results) : [];
  return only === undefined || more.length > 0 ? null : join(results, only);
}

/** What is wrong with a session; nothing when every environment was measured in every block and every answer is right. */
export async function problemsOf(dir: string, wanted: Wanted): Promise<string[]> {
  const session = await loadSession(dir);
  const { info, starts, events } = session;
  const count = info.blocksCompleted;
  return [
    ...(count === wanted.blocks ? [] : [`${count} of ${wanted.blocks} blocks are whole`]),
    ...info.unavailable.map(({ path, reason }) => `${path} could not run: ${reason}`),
    ...starts.flatMap((start) =>
      start.status === 'completed' ? [] : [`${start.startId} ${start.status}: ${start.reason}`],
    ),
    ...wanted.environments.flatMap((path) => problemsWith(path, session)),
    ...['report.html', 'report.md', 'ladder.png']
      .filter((name) => !existsSync(join(dir, 'report', name)))
      .map((name) => `the report has no ${name}`),
    ...events.filter(({ kind }) => kind === 'checksum-mismatch').map((event) => JSON.stringify(event)),
  ];
}

function problemsWith(path: string, { info, samples, starts }: LoadedSession): string[] {
  const found = info.environments.find((it) => it.path === path);
  if (found === undefined) return [`${path} is not in the session`];
  const rows = samples.filter(({ env }) => env === path);
  const answers = rows.filter(({ checksum }) => checksum !== '');
  const started = starts.filter(({ env, status }) => env === path && status === 'completed').length;
  const kvmIsSaid = found.traits.kvm && found.labels.includes('KVM') && !found.traits.emulated;
  return [
    ...(started === info.blocksCompleted ? [] : [`${path} has ${started} starts in ${info.blocksCompleted} blocks`]),
    ...(answers.length > 0 ? [] : [`${path} gave no answer that can be checked`]),
    ...(rows.every(({ ok }) => ok) ? [] : [`${path} gave wrong answers`]),
    ...(kvmIsSaid === isKvm(path) ? [] : [`${path} is labelled ${found.labels.join(', ') || 'nothing'}`]),
  ];
}

/** Rows of `doctor --json` for paths without their settings: what it could not run. */
export function doctorProblems(document: string, paths: readonly string[]): string[] {
  let rows: { path: string; available: boolean; found: string }[];
  try {
    rows = JSON.parse(document).environments;
  } catch {
    return ['doctor printed no document'];
  }
  return paths.flatMap((path) => {
    const row = rows.find((it) => it.path === path.split(':')[0]);
    if (row === undefined) return [`doctor does not name ${path}`];
    if (!row.available) return [`doctor finds no ${path}: ${row.found}`];
    return isKvm(path) && !/\bKVM\b/.test(row.found) ? [`doctor says of ${path}: ${row.found}`] : [];
  });
}

/** Where two processors disagree. */
export function unequalSums(here: Sums, there: Sums): string[] {
  const names = [...new Set([...Object.keys(here), ...Object.keys(there)])];
  return names
    .filter((name) => here[name] !== there[name])
    .map((name) => `checksum of ${name}: ${there[name] ?? 'none'} instead of ${here[name] ?? 'none'}`);
}

/** One line for each environment: label, time against the baseline, and start; emulated figures say nothing about hardware. */
export async function figuresOf(dir: string): Promise<string[]> {
  const { info, starts } = await loadSession(dir);
  const ratios = ratiosIn(readFileSync(join(dir, 'contrasts.csv'), 'utf8'));
  return info.environments.map(({ path, labels }) => {
    const times = starts.flatMap((it) =>
      it.env === path && it.status === 'completed' ? [it.firstInstructionMs ?? 0] : [],
    );
    const start = `start ${(times.reduce((sum, ms) => sum + ms, 0) / times.length / 1000).toFixed(1)} s`;
    return [`  ${path}`, ratios.get(path) ?? 'baseline', start, ...labels].join('  ');
  });
}

/** Of the workload, or the suite of several. */
function ratiosIn(contrasts: string): Map<string, string> {
  const [header = '', ...lines] = contrasts.trim().split('\n');
  const at = (name: string) => header.split(',').indexOf(name);
  return new Map(
    lines.map((line) => {
      const cells = line.split(',');
      return [cells[at('env')] ?? '', `ratio ${Number(cells[at('time_ratio')]).toFixed(3)}`];
    }),
  );
}
