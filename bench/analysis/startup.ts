/** Starts compared: per environment and figure the typical time, and its ratio to the baseline's, paired within rounds. */

import { controlOf } from '../plan/schedule.ts';
import {
  type Interval,
  type Plan,
  STARTUP_FIGURES,
  type Start,
  type StartFigures,
  type StartupFigure,
  type StartupRow,
} from '../types.ts';
import { median } from '../units.ts';
import { estimateOf, logInterval } from './stats/interval.ts';

const KEYS: Readonly<Record<StartupFigure, keyof StartFigures>> = {
  spawned: 'spawnMs',
  'first-instruction': 'firstInstructionMs',
  ready: 'readyMs',
  removal: 'teardownMs',
};

type Cells = ReadonlyMap<number, ReadonlyMap<number, number>>;

/**
 * Rows in the plan's order, the control last. Block values are paired by round, as with bursts: per block the median of
 * ln(env ÷ baseline) over the rounds that have both, and the mean of that against the baseline and that against the
 * control; intervals are Student's over blocks. Starts that did not complete have no figures.
 */
export function startupRows(starts: readonly Start[], plan: Pick<Plan, 'environments' | 'baseline'>): StartupRow[] {
  const control = controlOf(plan.baseline);
  const envs = [...plan.environments.map(({ path }) => path), control];
  return (['warm', 'cold'] as const).flatMap((temperature) =>
    envs.flatMap((env) =>
      STARTUP_FIGURES.flatMap((figure): StartupRow[] => {
        const cellsOf = (box: string) => cellsOfFigure(starts, box, temperature, KEYS[figure]);
        const own = cellsOf(env);
        const all = [...own.values()].flatMap((rounds) => [...rounds.values()]);
        if (all.length === 0) return [];
        const against = env === control ? [cellsOf(plan.baseline)] : [cellsOf(plan.baseline), cellsOf(control)];
        const ratio = env === plan.baseline ? null : estimateOf(logRatios(own, against));
        const levels = [...own.values()].map((rounds) => median([...rounds.values()].map(Math.log)));
        const medianMs = median(all);
        return [
          {
            env,
            baseline: plan.baseline,
            temperature,
            figure,
            starts: all.length,
            medianMs,
            interval: back(levels),
            ratio,
          },
        ];
      }),
    ),
  );
}

/** By block the mean over the references of the median over rounds. The first reference is required. */
function logRatios(own: Cells, references: readonly Cells[]): Map<number, number> {
  const values = new Map<number, number>();
  for (const [block, rounds] of own) {
    const medians = references.map((cells) => {
      const other = cells.get(block);
      const logs = [...rounds].flatMap(([round, value]) => {
        const reference = other?.get(round);
        return reference === undefined ? [] : [Math.log(value / reference)];
      });
      return logs.length === 0 ? undefined : median(logs);
    });
    const [first] = medians;
    const known = medians.filter((value) => value !== undefined);
    if (first !== undefined) values.set(block, known.reduce((sum, value) => sum + value, 0) / known.length);
  }
  return values;
}

/** Times above 0 by block and round. Sessions of workloads have one start a block, which is warm. */
function cellsOfFigure(
  starts: readonly Start[],
  env: string,
  temperature: 'cold' | 'warm',
  key: keyof StartFigures,
): Map<number, Map<number, number>> {
  const cells = new Map<number, Map<number, number>>();
  for (const start of starts) {
    if (start.env !== env || start.status !== 'completed' || isCold(start) !== (temperature === 'cold')) continue;
    const value = start[key];
    if (value === null || !(value > 0)) continue;
    const rounds = cells.get(start.block) ?? new Map<number, number>();
    cells.set(start.block, rounds.set(start.round ?? 1, value));
  }
  return cells;
}

/** True for a start with the page cache dropped, and for the first one since the image was prepared. */
export function isCold({ temperature }: Pick<Start, 'temperature'>): boolean {
  return temperature === 'dropped' || temperature === 'first';
}

function back(logs: readonly number[]): Interval | null {
  const { mean, halfWidth } = logInterval(logs);
  return halfWidth === null ? null : { low: Math.exp(mean - halfWidth), high: Math.exp(mean + halfWidth) };
}
