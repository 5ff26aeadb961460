/** What the table of flags is made of. */

import type { CostMeasure } from '../types.ts';
import type { ValueType } from './values.ts';

/** The commands, in the order in which help lists them. */
export const COMMAND_NAMES = [
  'run',
  'resume',
  'report',
  'reproduce',
  'compare',
  'selftest',
  'score',
  'explain',
  'capacity',
  'plan-hosts',
  'doctor',
  'setup',
  'list',
  'check',
  'pack',
  'watch',
  'verify',
  'history',
  'export',
  'image export',
  'image import',
  'fleet run',
  'fleet resume',
  'fleet report',
  'fleet compare',
  'fleet export',
  'fleet image',
  'fleet node',
  'fleet manifest',
  'fleet collect',
  'clean',
  'completion',
] as const;
export type CommandName = (typeof COMMAND_NAMES)[number];

/** What a session measures: values of `--measure`. */
export type Measure = 'workloads' | CostMeasure;

/** What is not as it is elsewhere. */
interface Local {
  readonly help?: string;
  readonly default?: string;
  readonly otherwise?: string;
}

export interface Flag {
  /** As typed, without dashes; the same in a plan file. */
  readonly name: string;
  readonly short?: string;
  readonly value: ValueType;
  /** `--no-NAME`: the flag turns off what is on without it. */
  readonly negated?: true;
  /** May be given several times. */
  readonly repeats?: true;
  readonly required?: true;
  /** A flag that it can't be given together with. */
  readonly excludes?: string;
  /** In lower case and without a full stop. */
  readonly help: string;
  /** The value without the flag, as it would be written. */
  readonly default?: string;
  /** What happens without the flag, in words, where that is not a single value. */
  readonly otherwise?: string;
  /** The commands that take it. */
  readonly commands: { readonly [C in CommandName]?: Local };
  /** What a session may measure for the flag to have an effect; anything when left out. */
  readonly kinds?: readonly Measure[];
  /** May be set in a plan file. */
  readonly plan?: true;
}

/** As the table has it. */
export const ANY = {};

/** A line of the table that keeps the type of its value. */
export function flag<const N extends string, V extends ValueType, const M extends Omit<Flag, 'name' | 'value'>>(
  name: N,
  value: V,
  more: M,
): { readonly name: N; readonly value: V } & M {
  return { name, value, ...more };
}
