/** What follows from the table of flags: which ones a command takes, their help texts, and the values that were typed. */

import { usageError } from '../errors.ts';
import type { CommandSpec } from './exec.ts';
import type { CommandName, Flag } from './flag.ts';
import { FLAGS, type Row } from './flags.ts';
import { orList, type ValueType } from './values.ts';

type Camel<S extends string> = S extends `${infer Head}-${infer Tail}` ? `${Head}${Capitalize<Camel<Tail>>}` : S;
type ValueOf<R extends Row> = R['value'] extends ValueType<infer T> ? T : never;
type Values<R extends Row> = { readonly [One in R as Camel<One['name']>]?: ValueOf<One> | undefined };

/** The flags that a command was given, by name; what was not given is left out. */
export type FlagValues<C extends CommandName> = Values<
  Extract<Row, { readonly commands: { readonly [Name in C]: unknown } }>
>;
/** Settings of a plan, from flags or from a file. */
export type PlanInput = Values<Extract<Row, { readonly plan: true }>> & {
  /** Programs, which a plan file has as `workloads`. */
  readonly commands?: readonly CommandSpec[] | undefined;
};

export const PLAN_FLAGS: readonly Flag[] = FLAGS.filter(({ plan }) => plan === true);

/** `max-time` → `maxTime`: names have dashes where users write them, and none in the program. */
export function keyOf(name: string): string {
  return name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/** `--max-time`, as messages name it. */
export function optionOf({ name }: Pick<Flag, 'name'>): string {
  return `--${name}`;
}

export function flagsOf(command: CommandName): readonly Flag[] {
  return FLAGS.filter(({ commands }) => commands[command] !== undefined);
}

/** The help text of a flag of a command: meaning, choices, default. */
export function helpOf(flag: Flag, command: CommandName): string {
  const help = flag.commands[command]?.help ?? flag.help;
  const { choices } = flag.value;
  const listed = choices === undefined ? '' : `: ${choicesText(choices, flag.value.metavar === 'list')}`;
  const [only, ...others] = command === 'run' ? (flag.kinds ?? []) : [];
  const kind = only === undefined || only === 'workloads' || others.length > 0 ? '' : `${only}: `;
  const byDefault = defaultOf(flag, command);
  return `${kind}${help}${listed}${byDefault === undefined ? '' : ` (default: ${byDefault})`}`;
}

/** What applies without the flag, as a value or in words. */
export function defaultOf(flag: Flag, command: CommandName): string | undefined {
  const local = flag.commands[command];
  return local?.otherwise ?? local?.default ?? flag.otherwise ?? flag.default;
}

/** The flag's default, which it must have. */
export function defaultFor<C extends CommandName, K extends keyof FlagValues<C>>(
  command: C,
  key: K,
): NonNullable<FlagValues<C>[K]> {
  const flag = flagsOf(command).find(({ name }) => keyOf(name) === key);
  const written = flag?.commands[command]?.default ?? flag?.default;
  if (flag === undefined || written === undefined) throw new Error(`${command} --${String(key)} has no default`);
  return flag.value.parse(written, optionOf(flag)) as NonNullable<FlagValues<C>[K]>;
}

function choicesText(choices: NonNullable<ValueType['choices']>, several: boolean): string {
  const words = Object.entries(choices).map(([name, meaning]) => (meaning === '' ? name : `${name} (${meaning})`));
  return several ? words.join(', ') : orList(words);
}

/** Values from what was typed, by the keys that `keyOf` gives. Throws a usage error that names the flag. */
export function readFlags<C extends CommandName>(command: C, typed: Readonly<Record<string, unknown>>): FlagValues<C> {
  const values: Record<string, unknown> = {};
  for (const flag of flagsOf(command)) {
    const given = typed[keyOf(flag.name)];
    // A parser sets what a --no-… flag turns off; left alone, it must not win over a plan file.
    if (given === undefined || (flag.negated === true && given === true)) continue;
    values[keyOf(flag.name)] = flag.value.parse(given, optionOf(flag));
  }
  for (const flag of flagsOf(command)) if (values[keyOf(flag.name)] !== undefined) assertAlone(flag, values);
  return values as FlagValues<C>;
}

function assertAlone(flag: Flag, values: Readonly<Record<string, unknown>>): void {
  const { excludes } = flag;
  if (excludes === undefined || values[keyOf(excludes)] === undefined) return;
  const both = [flag.name, excludes].map((name) => optionOf({ name }));
  throw usageError(`${both.join(' and ')} can't be given together.`, both.join(' '), 'one of them');
}

/** Those of a command's flags that are settings of a plan. */
export function planInputOf(values: Readonly<Record<string, unknown>>): PlanInput {
  const keys = PLAN_FLAGS.map(({ name }) => keyOf(name));
  return Object.fromEntries(Object.entries(values).filter(([key]) => keys.includes(key)));
}
