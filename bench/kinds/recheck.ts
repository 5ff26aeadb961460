/** Does a session add up? Its rows against its plan, and its figures against the rows that they are computed from. */

import { join } from 'node:path';
import { leadPassesOf } from '../plan/commands.ts';
import { copiesOf } from '../plan/copies.ts';
import { boxesOf } from '../plan/schedule.ts';
import { type Finding, MOST_FINDINGS } from '../session/check.ts';
import { isTableThere } from '../session/compressed.ts';
import { CONTRASTS, STARTUP } from '../session/figure-tables.ts';
import { FIGURES } from '../session/info.ts';
import { type LoadedSession, rowsOf } from '../session/load.ts';
import type { Table } from '../session/table.ts';
import type { Plan, Sample, Start } from '../types.ts';
import { kindOf, recordsOf } from './index.ts';

/** Figures are written with nine digits; other processors may compute the last ones otherwise. */
const RELATIVE_TOLERANCE = 1e-6;

/** Columns that depend on rules which have changed since the first ones. */
const BY_LATER_RULES = /^(total|sustained)_|^(intermittent|verdict)$|stalled_bursts$/;

/** What does not add up, each with file, row and figure; at most the first twenty. */
export function recheck(session: LoadedSession): Finding[] {
  const findings: Finding[] = [];
  for (const finding of allFindings(session)) {
    findings.push(finding);
    if (findings.length === MOST_FINDINGS) break;
  }
  return findings;
}

function* allFindings(session: LoadedSession): Generator<Finding> {
  yield* againstPlan(session);
  yield* visits(session);
  yield* figures(session);
}

/** Rows of boxes, workloads and blocks that the plan does not have, or of starts that there were not. */
function* againstPlan({ info, samples, starts }: LoadedSession): Generator<Finding> {
  const { plan, work, blocksCompleted } = info;
  const boxes = new Set(boxesOf(plan));
  const known = new Map(starts.map((start) => [start.startId, start]));
  const blocks = blocksCompleted + 1; // One may have been cut.
  for (const [index, sample] of samples.entries()) {
    const { env, block, round, workload, size, startId, phase } = sample;
    const threads = copiesOf(plan, workload);
    const problems = [
      boxes.has(env) ? null : `the plan has no environment ${env}`,
      plan.workloads.includes(workload) ? null : `the plan has no workload ${workload}`,
      block <= blocks ? null : `block ${block} of ${blocksCompleted}`,
      phase === 'warmup' || phase === 'long' || round <= plan.rounds ? null : `round ${round} of ${plan.rounds}`,
      size === plan.size ? null : `size ${size}, planned was ${plan.size}`,
      phase !== 'measure' || work[workload] === undefined || sample.work === work[workload] * threads
        ? null
        : `${sample.work} passes, all others of ${workload} have ${work[workload] * threads}`,
      phase !== 'lead' || work[workload] === undefined || isLead(sample, { plan, passes: work[workload], threads })
        ? null
        : `a lead-in of ${sample.work} passes`,
      (sample.threads ?? 1) === threads ? null : `${sample.threads ?? 1} copies, planned were ${threads}`,
      // A start that the kill of a run cut off has no row.
      block > blocksCompleted || isOf(known.get(startId), sample) ? null : `starts.csv has no start ${startId} of it`,
    ];
    for (const problem of problems) if (problem !== null) yield at('samples.csv', index, problem);
  }
  for (const [index, { env, block }] of starts.entries()) {
    if (!boxes.has(env)) yield at('starts.csv', index, `the plan has no environment ${env}`);
    if (block > blocks) yield at('starts.csv', index, `block ${block} of ${blocksCompleted}`);
  }
}

/** Payloads of early versions give a lead-in all passes of a burst. */
function isLead({ work }: Sample, of: { plan: Plan; passes: number; threads: number }): boolean {
  return [leadPassesOf(of.plan, of.passes), of.passes].some((passes) => work === passes * of.threads);
}

function isOf(start: Start | undefined, { block, env }: Sample): boolean {
  return start !== undefined && start.block === block && start.env === env;
}

/**
 * A visit of a round has one lead-in and one measured burst, and a box that went through a whole block has all of them. The
 * work grows with the rows, not with what a plan claims.
 */
function* visits({ info, samples, starts }: LoadedSession): Generator<Finding> {
  const { plan, blocksCompleted } = info;
  const places = new Map(plan.workloads.map((workload, index) => [workload, index]));
  const seen = new Map<string, Set<number>>();
  for (const [index, { block, round, phase, workload, env }] of samples.entries()) {
    const place = places.get(workload);
    if ((phase !== 'measure' && phase !== 'lead') || place === undefined || round > plan.rounds) continue;
    const visit = (round - 1) * places.size + place;
    const own = setOf(seen, keyOf(block, env, phase));
    if (own.has(visit)) {
      yield at('samples.csv', index, `repeats a row (block ${block}, round ${round}, ${phase}, ${workload}, ${env})`);
    }
    own.add(visit);
  }
  if ((plan.measure ?? 'workloads') !== 'workloads') return;
  for (const { block, env, status } of starts) {
    if (status !== 'completed' || block > blocksCompleted) continue;
    const count = plan.rounds * places.size - (seen.get(keyOf(block, env, 'measure'))?.size ?? 0);
    if (count > 0)
      yield { file: 'samples.csv', problem: `${count} measured bursts of ${env} in block ${block} are missing` };
  }
}

function keyOf(block: number, env: string, phase: Sample['phase']): string {
  return `${block} ${phase} ${env}`;
}

function setOf(sets: Map<string, Set<number>>, key: string): Set<number> {
  const known = sets.get(key) ?? new Set();
  sets.set(key, known);
  return known;
}

/** What the tables of figures hold, against what the rows give now. */
function* figures(session: LoadedSession): Generator<Finding> {
  // Figures are written at the end, from all whole blocks.
  if (session.info.finishedAt === null) return;
  const { contrasts, startup } = kindOf(session.info.plan).conclude(recordsOf(session));
  const { stopReason } = session.info;
  yield* compared(
    session,
    CONTRASTS,
    ['env', 'baseline', 'workload'],
    contrasts.map((row) => ({ ...row, stopReason })),
  );
  if (startup !== undefined) yield* compared(session, STARTUP, ['env', 'temperature', 'figure'], startup);
}

type Cells = Readonly<Record<string, unknown>>;

function* compared<Row, Read extends object>(
  { dir, info }: LoadedSession,
  table: Table<Row, Read>,
  identity: readonly (keyof Read & string)[],
  expected: readonly Row[],
): Generator<Finding> {
  if (!isTableThere(join(dir, table.file))) return;
  const nameOf = (cells: Cells) => identity.map((name) => cells[name]).join(', ');
  const stored = new Map<string, { readonly cells: Cells; readonly index: number }>();
  for (const row of rowsOf(dir, table)) {
    const cells = row as Cells;
    const name = nameOf(cells);
    if (stored.has(name)) yield at(table.file, stored.size, `is a second row of ${name}`);
    stored.set(name, { cells, index: stored.size });
  }
  for (const row of expected) {
    const cells = Object.fromEntries(table.columns.map((column) => [column.name, column.write(row, info.session)]));
    const name = nameOf(cells);
    const found = stored.get(name);
    stored.delete(name);
    if (found === undefined) yield { file: table.file, problem: `the row of ${name} is missing` };
    else {
      for (const { name: column, key } of table.columns) {
        const kept = key === null ? undefined : found.cells[key];
        if (key === null || isSame(kept, cells[column])) continue;
        if (info.figures !== FIGURES && BY_LATER_RULES.test(column)) continue;
        yield at(table.file, found.index, `${column} is ${kept}, and the rows give ${cells[column]} (${name})`);
      }
    }
  }
  for (const [name, { index }] of stored) yield at(table.file, index, `no row of the session gives ${name}`);
}

/** `stored` was read from a cell: null for an empty one, booleans as such. */
function isSame(stored: unknown, computed: unknown): boolean {
  if (stored === null || stored === '') return computed === null || computed === undefined || computed === '';
  if (typeof stored !== 'number') return String(stored) === String(computed);
  return typeof computed === 'number' && Math.abs(stored - computed) <= RELATIVE_TOLERANCE * Math.abs(computed);
}

function at(file: string, index: number, problem: string): Finding {
  return { file, problem: `row ${index + 1}: ${problem}` };
}
